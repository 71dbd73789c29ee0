// Calls of many clients that are committed together: they come to the tables a moment later.
#include "durable_fixture.h"
#include "store/sqlite.h"

namespace sqs {
namespace {

class CrowdTest : public DurableFixture {
 protected:
  static std::vector<SendMessageRequest> Sends(const std::string& queue, int count) {
    std::vector<SendMessageRequest> sends(static_cast<size_t>(count), SendMessageRequest{queue, {}});
    for (int i = 0; i < count; ++i) {
      sends[i].message.message_body = absl::StrCat("body ", i);
      if (queue == "f.fifo") sends[i].message.message_group_id = absl::StrCat("g", i % 3);
    }
    return sends;
  }

  int64_t Count(const std::string& path, const std::string& table) {
    return *(*Database::Open(path, Database::kReadOnly))->QueryInt("SELECT count(*) FROM " + table);
  }
};

TEST_F(CrowdTest, WhatTheyDidComesToTheTablesWhenNobodyCalls) {
  auto engine = Open(t0);
  ASSERT_TRUE(engine->Call(CreateQueueRequest{"q", {}, {}}, caller_).ok());
  int64_t sent = 0;
  bool was_journaled = false;
  for (int round = 0; round < 1000 && !was_journaled; ++round) {  // Once, unless this thread was held up.
    ASSERT_EQ(CallAll(*engine, Sends("q", 20)).size(), 20u);
    sent += 20;
    was_journaled = Count(path_, "journal") > 0;
  }
  EXPECT_TRUE(was_journaled);
  Notification never;
  for (int i = 0; i < 10000 && Count(path_, "journal") > 0; ++i) never.WaitFor(absl::Milliseconds(1));
  EXPECT_EQ(Count(path_, "journal"), 0);
  EXPECT_EQ(Count(path_, "messages"), sent);
}

TEST_F(CrowdTest, WhatTheyDidIsInTheTablesOnceTheEngineIsClosed) {
  auto engine = Open(t0);
  ASSERT_TRUE(engine->Call(CreateQueueRequest{"q", {}, {}}, caller_).ok());
  CommitPointPtr commit;
  for (const SendMessageRequest& send : Sends("q", 20)) ASSERT_TRUE(engine->Call(send, caller_, &commit).ok());
  ASSERT_TRUE(engine->Close().ok());  // Its last commit is the one of the twenty.
  EXPECT_EQ(Count(path_, "journal"), 0);
  EXPECT_EQ(Count(path_, "messages"), 20);
}

TEST_F(CrowdTest, WhatTheyDidIsThereAfterACrash) {
  auto engine = Open(t0);
  ASSERT_TRUE(engine->Call(CreateQueueRequest{"q", {}, {}}, caller_).ok());
  const StringMap fifo = {{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}};
  ASSERT_TRUE(engine->Call(CreateQueueRequest{"f.fifo", fifo, {}}, caller_).ok());
  int journaled = 0;
  for (int round = 0; round < 40; ++round) {
    const std::string queue = round % 3 == 0 ? "f.fifo" : "q";
    ASSERT_EQ(CallAll(*engine, Sends(queue, 12 + round)).size(), 12u + round);
    ReceiveMessageRequest receive;
    receive.queue_url = queue;
    receive.max_number_of_messages = 1 + round % 4;
    std::vector<DeleteMessageRequest> deletes;
    for (const auto& answer : CallAll(*engine, std::vector(15, receive))) {
      for (const auto& message : answer.messages) deletes.push_back({queue, message.receipt_handle});
    }
    if (round % 2 == 0 && !deletes.empty()) {
      ASSERT_FALSE(CallAll(*engine, deletes).empty());
    }
    clock_->Advance(absl::Seconds(round));
    const std::string copy = Snapshot();
    const std::string before = engine->Dump();
    journaled += Count(copy, "journal") > 0 ? 1 : 0;
    const auto now_engine = clock_;
    auto recovered = Open(copy, clock_->Now());
    ASSERT_EQ(recovered->Dump(), before) << "round " << round;
    recovered = nullptr;
    clock_ = now_engine;
  }
  EXPECT_GT(journaled, 0);
}

// What is read from the file must be in its tables.
TEST_F(CrowdTest, WithALimitOnMemoryBodiesAreReadFromTheFile) {
  auto engine = *TryOpen(path_, t0, Durability::kOs, /*strict=*/false, /*memory_limit=*/0);
  ASSERT_TRUE(engine->Call(CreateQueueRequest{"q", {}, {}}, caller_).ok());
  ASSERT_EQ(CallAll(*engine, Sends("q", 30)).size(), 30u);
  ReceiveMessageRequest receive;
  receive.queue_url = "q";
  const auto answers = CallAll(*engine, std::vector(30, receive));
  ASSERT_EQ(answers.size(), 30u);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(answers[i].messages.at(0).body, absl::StrCat("body ", i));
}

}  // namespace
}  // namespace sqs
