// With a limit on memory everything is as without one, but for where the bodies are.
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <utility>

#include "absl/strings/str_join.h"
#include "api/effect_details.h"
#include "durable_fixture.h"
#include "engine/random_calls.h"
#include "faulty_vfs.h"

namespace sqs {
namespace {

constexpr int64_t kBodyBytes = 1000;
const std::string kDeadArn = "arn:aws:sqs:us-east-1:000000000000:dead";

class MemoryLimitTest : public DurableFixture {
 protected:
  std::unique_ptr<Engine> OpenLimited(const std::string& path, absl::Time now, std::optional<int64_t> limit) {
    auto engine = TryOpen(path, now, Durability::kOs, /*strict=*/false, limit);
    EXPECT_TRUE(engine.ok()) << engine.status();
    return engine.ok() ? *std::move(engine) : nullptr;
  }

  std::string Create(Engine& engine, const std::string& name, StringMap attributes = {}) {
    return engine.Call(CreateQueueRequest{name, std::move(attributes), {}}, caller_)->queue_url;
  }
  // The URLs of a dead-letter queue and of a queue whose messages go there once they have been received.
  std::pair<std::string, std::string> CreateWithDeadLetters(Engine& engine) {
    const std::string dead = Create(engine, "dead");
    const std::string policy = absl::StrCat(R"({"deadLetterTargetArn":")", kDeadArn, R"(","maxReceiveCount":1})");
    return {dead, Create(engine, "q", {{"RedrivePolicy", policy}})};
  }
  // Number i of a kind of its own.
  static std::string Body(int i) { return absl::StrCat(i, std::string(kBodyBytes - absl::StrCat(i).size(), 'x')); }
  void Send(Engine& engine, const std::string& url, int from, int to) {
    for (int i = from; i < to; ++i) {
      ASSERT_TRUE(engine.Call(SendMessageRequest{url, {.message_body = Body(i)}}, caller_).ok());
    }
  }
  absl::StatusOr<ReceiveMessageResult> Receive(Engine& engine, const std::string& url,
                                               int64_t visibility_timeout = 30) {
    ReceiveMessageRequest request;
    request.queue_url = url;
    request.max_number_of_messages = 10;
    request.visibility_timeout = visibility_timeout;
    request.attribute_names = {"All"};
    request.message_attribute_names = {"All"};
    return engine.Call(request, caller_);
  }
  // Receives and deletes until the queue is empty.
  std::vector<ReceivedMessage> Drain(Engine& engine, const std::string& url) {
    std::vector<ReceivedMessage> all;
    for (;;) {
      auto received = Receive(engine, url);
      EXPECT_TRUE(received.ok()) << received.status();
      if (!received.ok() || received->messages.empty()) return all;
      for (ReceivedMessage& message : received->messages) {
        EXPECT_TRUE(engine.Call(DeleteMessageRequest{url, message.receipt_handle}, caller_).ok());
        all.push_back(std::move(message));
      }
    }
  }
  void ExpectBodies(const std::vector<ReceivedMessage>& messages, int from, int to) {
    ASSERT_EQ(messages.size(), static_cast<size_t>(to - from));
    for (int i = from; i < to; ++i) EXPECT_EQ(messages[i - from].body, Body(i));
  }

  // All that an answer shows.
  static std::string Text(const std::vector<ReceivedMessage>& messages) {
    std::string text;
    for (const ReceivedMessage& message : messages) {
      absl::StrAppend(&text, message.message_id.view(), " ", message.receipt_handle.view(), " ", message.body.view(),
                      " ", message.md5_of_body.view(), " ", message.md5_of_message_attributes.view());
      for (const auto& [name, value] : message.attributes) absl::StrAppend(&text, " ", name, "=", value);
      for (const auto& [name, value] : message.message_attributes) {
        absl::StrAppend(&text, " ", name, "=", value.string_value.value_or("-"), ":", value.data_type);
      }
      text += "\n";
    }
    return text;
  }

  // Bodies of the history, by effect; "-" where it has none any more.
  static std::vector<std::string> HistoryBodies(Engine& engine) {
    std::vector<std::string> bodies;
    for (const HistoryEntry& entry : engine.HistorySince(0)) {
      Effect effect = engine.WithContent(entry.effect);
      const auto message = MessageOf(effect);
      if (!message.has_value()) continue;
      bodies.push_back((*message->payload)->has_content() ? std::string((*message->payload)->body()) : "-");
    }
    return bodies;
  }
};

TEST_F(MemoryLimitTest, ARandomHistoryIsTheSameWithAndWithoutALimit) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    for (const int64_t limit : {0, 40}) {
      std::string with, without;
      for (const bool is_limited : {false, true}) {
        std::string& text = is_limited ? with : without;
        std::filesystem::remove(path_);
        absl::Time now = t0;
        std::vector<ReceivedMessage> got;
        for (const uint64_t part : {1, 2}) {  // The second one after a restart.
          auto engine = OpenLimited(path_, now, is_limited ? std::optional(limit) : std::nullopt);
          RunRandomCalls(*engine, *clock_, 100 * seed + part, &got);
          now = clock_->Now();
          absl::StrAppend(&text, engine->Dump());
          if (is_limited) {
            EXPECT_LE(engine->memory()->memory_bytes, limit);
          }
          ASSERT_TRUE(engine->Close().ok());
        }
        auto engine = OpenLimited(path_, now + absl::Minutes(1), is_limited ? std::optional(limit) : std::nullopt);
        for (const char* url : {"q", "dlq", "f.fifo"}) absl::StrAppend(&text, Text(Drain(*engine, url)));
        absl::StrAppend(&text, Text(got));
        if (is_limited && limit == 0) {
          EXPECT_GT(engine->memory()->reads, 0);
        }
      }
      ASSERT_EQ(with, without) << "seed " << seed << ", limit " << limit;
    }
  }
}

TEST_F(MemoryLimitTest, WhatIsInMemoryStaysBelowTheLimit) {
  const int64_t limit = 40 * kBodyBytes;
  auto engine = OpenLimited(path_, t0, limit);
  const std::string url = Create(*engine, "q");
  for (int i = 0; i < 100; ++i) {
    Send(*engine, url, i, i + 1);
    const MemoryLimit::Counts counts = *engine->memory();
    EXPECT_LE(counts.memory_bytes, counts.limit_bytes);
    EXPECT_EQ(counts.memory_bytes + counts.stored_bytes, (i + 1) * kBodyBytes);
  }
  EXPECT_EQ(engine->memory()->limit_bytes, limit - limit / 4);  // The rest is the history's.
  EXPECT_EQ(engine->memory()->memory_bytes, 30 * kBodyBytes);
  // The oldest are in memory: nothing is read for them.
  const auto received = Receive(*engine, url);
  ExpectBodies(received->messages, 0, 10);
  EXPECT_EQ(engine->memory()->reads, 0);
  clock_->Advance(absl::Minutes(1));
  ExpectBodies(Drain(*engine, url), 0, 100);
  EXPECT_EQ(engine->memory()->reads, 70);
  EXPECT_EQ(engine->memory()->memory_bytes, 0);
  EXPECT_EQ(engine->memory()->stored_bytes, 0);
}

TEST_F(MemoryLimitTest, OpeningReadsNoMoreIntoMemoryThanTheLimit) {
  auto engine = OpenLimited(path_, t0, std::nullopt);
  const std::string url = Create(*engine, "q");
  Send(*engine, url, 0, 50);
  const std::string before = engine->Dump();
  ASSERT_TRUE(engine->Close().ok());
  engine = OpenLimited(path_, t0, 12 * kBodyBytes);
  EXPECT_EQ(engine->Dump(), before);
  EXPECT_EQ(engine->memory()->memory_bytes, 9 * kBodyBytes);
  EXPECT_EQ(engine->memory()->stored_bytes, 41 * kBodyBytes);
  ExpectBodies(Drain(*engine, url), 0, 50);
}

TEST_F(MemoryLimitTest, PurgedAndDeletedQueuesLeaveNothing) {
  auto engine = OpenLimited(path_, t0, 8 * kBodyBytes);
  const std::string purged = Create(*engine, "purged");
  const std::string deleted = Create(*engine, "deleted");
  Send(*engine, purged, 0, 20);
  Send(*engine, deleted, 0, 20);
  ASSERT_TRUE(engine->Call(PurgeQueueRequest{purged}, caller_).ok());
  EXPECT_EQ(engine->memory()->memory_bytes + engine->memory()->stored_bytes, 20 * kBodyBytes);
  Send(*engine, purged, 20, 22);
  ASSERT_TRUE(engine->Call(DeleteQueueRequest{deleted}, caller_).ok());
  EXPECT_EQ(engine->memory()->memory_bytes, 2 * kBodyBytes);
  EXPECT_EQ(engine->memory()->stored_bytes, 0);
  ExpectBodies(Drain(*engine, purged), 20, 22);
}

// Moved by the redrive policy and back by a task, more than once between two commits: no body is read for it.
TEST_F(MemoryLimitTest, MessagesAreMovedWithoutTheirBodies) {
  auto engine = OpenLimited(path_, t0, 0);
  const auto [dead, url] = CreateWithDeadLetters(*engine);
  Send(*engine, url, 0, 25);
  const auto to_dead = [&] {
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(Receive(*engine, url, /*visibility_timeout=*/0).ok());
  };
  to_dead();
  const int64_t reads = engine->memory()->reads;
  ASSERT_TRUE(Receive(*engine, url).ok());  // Finds nothing any more.
  ASSERT_TRUE(engine->Call(StartMessageMoveTaskRequest{kDeadArn, "", std::nullopt}, caller_).ok());
  EXPECT_EQ(engine->memory()->reads, reads);
  const std::string copy = Snapshot();
  ExpectBodies(Drain(*engine, url), 0, 25);
  ASSERT_TRUE(engine->Close().ok());

  engine = OpenLimited(copy, t0, 0);
  to_dead();
  const auto of_dead = Drain(*engine, dead);
  ExpectBodies(of_dead, 0, 25);
  EXPECT_EQ(of_dead[0].attributes.back().second.substr(0, 12), "arn:aws:sqs:") << of_dead[0].attributes.back().first;
}

// The store has not been told of a move when the same call wants the body.
TEST_F(MemoryLimitTest, AMessageIsReceivedInTheCallInWhichATaskMovesIt) {
  auto engine = OpenLimited(path_, t0, 0);
  const std::string url = CreateWithDeadLetters(*engine).second;
  Send(*engine, url, 0, 10);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Receive(*engine, url, /*visibility_timeout=*/0).ok());
  ASSERT_TRUE(engine->Call(StartMessageMoveTaskRequest{kDeadArn, "", 1}, caller_).ok());  // The first goes at once.
  ExpectBodies(Drain(*engine, url), 0, 1);
  for (int i = 1; i < 10; ++i) {
    clock_->Detach(engine.get());  // Else the move of the clock lets the task move, in a call of its own.
    clock_->Advance(absl::Seconds(1));
    clock_->Attach(engine.get());
    const auto received = Receive(*engine, url);
    ASSERT_TRUE(received.ok()) << received.status();
    ExpectBodies(received->messages, i, i + 1);
  }
}

// Nobody waits for a commit, so that messages are moved, received and looked at in every state of one.
TEST_F(MemoryLimitTest, MessagesThatAreMovedWhileBatchesAreCommittedKeepTheirBodies) {
  auto engine = OpenLimited(path_, t0, 0);
  const auto [dead, url] = CreateWithDeadLetters(*engine);
  Send(*engine, url, 0, 50);
  const auto work = [&](uint64_t seed) {
    Random random(seed);
    CommitPointPtr commit;
    for (int i = 0; i < 400; ++i) {
      if (random.Chance(0.2)) {
        engine->Call(StartMessageMoveTaskRequest{kDeadArn, "", std::nullopt}, caller_, &commit).IgnoreError();
      } else {
        ReceiveMessageRequest request{.queue_url = random.Chance(0.3) ? dead : url};
        request.max_number_of_messages = 10;
        request.visibility_timeout = 0;
        const auto make_done = []() -> Engine::ReceiveDone { return [](absl::StatusOr<ReceiveMessageResult>) {}; };
        Engine::WaiterId id = 0;
        const auto received = engine->ReceiveOrPark(request, caller_, make_done, &id, &commit);
        ASSERT_TRUE((*received).ok()) << received->status();
        for (const ReceivedMessage& message : (*received)->messages) ASSERT_EQ(message.body.size(), kBodyBytes);
      }
      engine->BeginCommit();
    }
  };
  std::thread other(work, 1);
  work(2);
  other.join();
  std::vector<ReceivedMessage> all = Drain(*engine, url);
  for (ReceivedMessage& message : Drain(*engine, dead)) all.push_back(std::move(message));
  const auto number = [](const ReceivedMessage& message) { return std::atoi(std::string(message.body).c_str()); };
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return number(a) < number(b); });
  ExpectBodies(all, 0, 50);
}

TEST_F(MemoryLimitTest, HistoryShowsBodiesThatAreInMemoryOrStillInTheirQueue) {
  auto engine = OpenLimited(path_, t0, 8 * kBodyBytes);
  const std::string url = Create(*engine, "q");
  Send(*engine, url, 0, 10);
  const auto all = HistoryBodies(*engine);
  ASSERT_EQ(all.size(), 10u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(all[i], Body(i));
  EXPECT_EQ(Drain(*engine, url).size(), 10u);
  // Of messages that are gone the history has the last two, a quarter of the limit, where they arrived.
  const auto after = HistoryBodies(*engine);
  ASSERT_EQ(after.size(), 30u);  // Sent, received, deleted.
  for (int i = 0; i < 30; ++i) EXPECT_EQ(after[i], i == 8 || i == 9 ? Body(i) : "-") << i;
}

TEST_F(MemoryLimitTest, ADelayedAndATimedOutMessageAreReadAgain) {
  auto engine = OpenLimited(path_, t0, 0);
  const std::string url = Create(*engine, "q", {{"DelaySeconds", "5"}});
  Send(*engine, url, 0, 3);
  clock_->Advance(absl::Seconds(5));
  for (int i = 0; i < 3; ++i) {
    ExpectBodies(Receive(*engine, url)->messages, 0, 3);
    clock_->Advance(absl::Seconds(30));
  }
  EXPECT_EQ(engine->memory()->reads, 9);
}

TEST_F(MemoryLimitTest, WithoutAFileThereIsNoLimit) {
  EXPECT_TRUE(absl::IsInvalidArgument(Engine::Open({.memory_limit = 1000}).status()));
}

TEST_F(MemoryLimitTest, AParkedReceiveGetsABodyThatWasReadForIt) {
  auto engine = OpenLimited(path_, t0, 0);
  const std::string url = Create(*engine, "q", {{"DelaySeconds", "5"}});
  Send(*engine, url, 0, 1);
  ReceiveMessageRequest request;
  request.queue_url = url;
  request.wait_time_seconds = 20;
  const auto received = engine->Call(request, caller_);
  ASSERT_TRUE(received.ok()) << received.status();
  ExpectBodies(received->messages, 0, 1);
  EXPECT_EQ(engine->memory()->reads, 1);
}

// --- What cannot be read --------------------------------------------------------------------------------------------

// A receive is refused before anything has changed, and the store is at its end.
class UnreadableTest : public MemoryLimitTest {
 protected:
  void ExpectRefused(Engine& engine, const std::string& url) {
    const std::string before = engine.Dump();
    const uint64_t effects = engine.effect_count();
    EXPECT_EQ(InfoOf(Receive(engine, url).status()).code, ErrorCode::kInternalFailure);
    EXPECT_EQ(engine.effect_count(), effects);
    EXPECT_EQ(engine.Dump(), before);
    EXPECT_FALSE(engine.Call(SendMessageRequest{url, {.message_body = "x"}}, caller_).ok());
    EXPECT_FALSE(engine.Call(ListQueuesRequest{}, caller_).ok());
    EXPECT_EQ(engine.effect_count(), effects);
  }
};

TEST_F(UnreadableTest, AReadThatFails) {
  FaultyVfs& vfs = FaultyVfs::Install();
  for (const int64_t at : {1, 2, 4, 8}) {
    std::filesystem::remove(path_);
    auto engine = OpenLimited(path_, t0, 0);
    const std::string url = Create(*engine, "q");
    Send(*engine, url, 0, 20);
    const std::string before = engine->Dump();
    vfs.FailReads(at);
    ExpectRefused(*engine, url);
    vfs.FailReads(0);
    engine->Close().IgnoreError();
    engine = OpenLimited(path_, t0, 0);
    EXPECT_EQ(engine->Dump(), before);
    ExpectBodies(Drain(*engine, url), 0, 20);
    ASSERT_TRUE(engine->Close().ok());
  }
  vfs.Uninstall();
}

TEST_F(UnreadableTest, ALookThatFailsSaysSo) {
  FaultyVfs& vfs = FaultyVfs::Install();
  auto engine = OpenLimited(path_, t0, 0);
  const std::string url = Create(*engine, "q");
  Send(*engine, url, 0, 2);
  vfs.FailReads(1);
  Contents contents;
  absl::Status status;
  engine->Look([&](const Accounts& accounts, absl::Time) {
    const Queue& queue = *accounts.queues()[0];
    status = accounts.LoadContents(queue, queue.PlacesFrom(0, Message::kFree, 10), &contents);
  });
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(engine->Call(ListQueuesRequest{}, caller_).ok());
  vfs.FailReads(0);
  vfs.Uninstall();
}

class ChangedRowTest : public UnreadableTest, public testing::WithParamInterface<const char*> {};

// Somebody else's hand in the file while the engine has it.
TEST_P(ChangedRowTest, IsNotAnswered) {
  auto engine = OpenLimited(path_, t0, 0);
  const std::string url = Create(*engine, "q");
  Send(*engine, url, 0, 3);
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, GetParam(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
  ExpectRefused(*engine, url);
}

INSTANTIATE_TEST_SUITE_P(Rows, ChangedRowTest,
                         testing::Values("UPDATE messages SET body = 'other' WHERE id = 2",
                                         "UPDATE messages SET message_attributes = x'00' WHERE id = 1",
                                         "DELETE FROM messages WHERE id = 3"));

}  // namespace
}  // namespace sqs
