#include <atomic>
#include <thread>
#include <vector>

#include "engine_fixture.h"
#include "random_calls.h"

namespace sqs {
namespace {

using EngineTest = EngineFixture;

TEST_F(EngineTest, ReplayingTheEffectsRebuildsTheState) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    auto clock = std::make_shared<ManualClock>(t0);
    Engine engine(On(clock, seed));
    RunRandomCalls(engine, *clock, seed);
    Engine rebuilt(On(std::make_shared<ManualClock>(clock->Now())));
    rebuilt.Replay(engine.HistorySince(0));
    ASSERT_EQ(rebuilt.Dump(), engine.Dump()) << "seed " << seed;
    ASSERT_EQ(rebuilt.effect_count(), engine.effect_count());
  }
}

TEST_F(EngineTest, OneSeedGivesOneState) {
  std::string dumps[3];
  for (int i = 0; i < 3; ++i) {
    auto clock = std::make_shared<ManualClock>(t0);
    Engine engine(On(clock, i < 2 ? 5 : 6));
    RunRandomCalls(engine, *clock, 11);
    dumps[i] = engine.Dump();
  }
  EXPECT_EQ(dumps[0], dumps[1]);
  EXPECT_NE(dumps[0], dumps[2]);  // Other message ids.
}

TEST_F(EngineTest, SteppingInOneMoveOrManyIsTheSame) {
  std::string dumps[2];
  for (int i = 0; i < 2; ++i) {
    auto clock = std::make_shared<ManualClock>(t0);
    Engine engine(On(clock));
    RunRandomCalls(engine, *clock, 3);
    if (i == 0) {
      clock->Advance(absl::Hours(2));
    } else {
      for (int minute = 0; minute < 120; ++minute) clock->Advance(absl::Minutes(1));
    }
    dumps[i] = engine.Dump();
  }
  EXPECT_EQ(dumps[0], dumps[1]);
}

TEST_F(EngineTest, HistoryIsInOrderOfTime) {
  RunRandomCalls(engine_, *clock_, 9);
  clock_->Advance(absl::Hours(2));
  absl::Time last = absl::InfinitePast();
  for (const HistoryEntry& entry : engine_.HistorySince(0)) {
    EXPECT_GE(entry.effect.at, last);
    last = entry.effect.at;
  }
}

TEST_F(EngineTest, AFailedCallLeavesEverythingAsItWas) {
  const std::string url = Create("q");
  Send(url, "a");
  const std::string before = engine_.Dump();
  const uint64_t effects = engine_.effect_count();
  EXPECT_FALSE(engine_.Call(SendMessageRequest{url, {.message_body = std::string(1048577, 'x')}}, caller_).ok());
  EXPECT_FALSE(
      engine_.Call(SetQueueAttributesRequest{url, {{"DelaySeconds", "5"}, {"VisibilityTimeout", "-1"}}}, caller_).ok());
  EXPECT_FALSE(engine_.Call(DeleteMessageRequest{url, "garbage"}, caller_).ok());
  EXPECT_EQ(engine_.Dump(), before);
  EXPECT_EQ(engine_.effect_count(), effects);
}

TEST_F(EngineTest, UsageCountsCallsAnd64KiBUnits) {
  const std::string url = Create("q");
  Send(url, std::string(64 * 1024, 'x'));
  Send(url, std::string(64 * 1024 + 1, 'x'));
  Receive(url, 0, 10);  // 128 KiB and a byte: three units.
  Receive(url);         // Empty: one.
  const Usage usage = engine_.usage();
  const auto row = [&usage](Operation operation) {
    return usage.rows[static_cast<int>(operation)][static_cast<int>(QueueType::kStandard)];
  };
  EXPECT_EQ(row(Operation::kSendMessage).calls, 2);
  EXPECT_EQ(row(Operation::kSendMessage).requests, 3);
  EXPECT_EQ(row(Operation::kReceiveMessage).calls, 2);
  EXPECT_EQ(row(Operation::kReceiveMessage).requests, 4);
}

TEST_F(EngineTest, AMoveTaskMovesAtItsRate) {
  const std::string dlq = Create("dlq");
  Create("q", {{"RedrivePolicy",
                R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":1})"}});
  const std::string other = Create("other");
  for (int i = 0; i < 5; ++i) Send(dlq, "a");
  ASSERT_TRUE(engine_
                  .Call(StartMessageMoveTaskRequest{"arn:aws:sqs:us-east-1:000000000000:dlq",
                                                    "arn:aws:sqs:us-east-1:000000000000:other", 2},
                        caller_)
                  .ok());
  const auto arrived = [&] {
    const auto attributes =
        engine_.Call(GetQueueAttributesRequest{other, {"ApproximateNumberOfMessages"}}, caller_)->attributes;
    return attributes[0].second;
  };
  EXPECT_EQ(arrived(), "1");
  clock_->Advance(absl::Milliseconds(499));
  EXPECT_EQ(arrived(), "1");
  clock_->Advance(absl::Milliseconds(1));
  EXPECT_EQ(arrived(), "2");
  clock_->Advance(absl::Seconds(10));
  EXPECT_EQ(arrived(), "5");
}

// Two queues, each the other's dead-letter queue, each with a message in flight, so that neither task can complete.
TEST_F(EngineTest, MoveTasksInACircleLetTimePass) {
  const auto redrive_to = [](absl::string_view name) {
    return StringMap{{"RedrivePolicy", absl::StrCat(R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:)",
                                                    name, R"(","maxReceiveCount":9})")}};
  };
  Create("a");
  Create("b", redrive_to("a"));
  ASSERT_TRUE(engine_.Call(SetQueueAttributesRequest{"a", redrive_to("b")}, caller_).ok());
  const auto start = [&](absl::string_view from, absl::string_view to) {
    return engine_.Call(StartMessageMoveTaskRequest{absl::StrCat("arn:aws:sqs:us-east-1:000000000000:", from),
                                                    absl::StrCat("arn:aws:sqs:us-east-1:000000000000:", to)},
                        caller_);
  };
  for (const char* queue : {"a", "b"}) {
    Send(queue, "1");
    Send(queue, "2");
    ASSERT_EQ(Receive(queue).messages.size(), 1u);
  }
  ASSERT_TRUE(start("a", "b").ok());
  ASSERT_TRUE(start("b", "a").ok());
  clock_->Advance(absl::Milliseconds(10));
  engine_.Look([](const Accounts& accounts, absl::Time) {
    EXPECT_EQ(accounts.queues()[0]->message_count() + accounts.queues()[1]->message_count(), 4);
  });
}

// At one instant a timeout ends in one queue and a move task brings a message of another group there.
TEST_F(EngineTest, ReplayKeepsTheTurnsOfOneInstant) {
  const StringMap fifo = {{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}};
  Create("dead.fifo", fifo);
  StringMap with_redrive = fifo;
  with_redrive.emplace_back(
      "RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead.fifo","maxReceiveCount":1})");
  Create("orders.fifo", with_redrive);
  const auto send = [&](const char* group, const char* body) {
    ASSERT_TRUE(
        engine_.Call(SendMessageRequest{"orders.fifo", {.message_body = body, .message_group_id = group}}, caller_)
            .ok());
  };
  const auto receive = [&](const std::string& url, int64_t timeout) {
    ReceiveMessageRequest request = Request(url, 0);
    request.visibility_timeout = timeout;
    ASSERT_TRUE(engine_.Call(request, caller_).ok());
  };
  send("g1", "x");
  receive("orders.fifo", 0);
  receive("orders.fifo", 0);  // Moves it.
  receive("dead.fifo", 1);
  ASSERT_TRUE(engine_.Call(StartMessageMoveTaskRequest{"arn:aws:sqs:us-east-1:000000000000:dead.fifo"}, caller_).ok());
  send("g2", "y");
  receive("orders.fifo", 1);
  clock_->Advance(absl::Seconds(1));
  Engine rebuilt(On(std::make_shared<ManualClock>(clock_->Now())));
  rebuilt.Replay(engine_.HistorySince(0));
  EXPECT_EQ(rebuilt.Dump(), engine_.Dump());
}

// Many threads on one engine: every message sent is deleted once, and nothing is left.
TEST(EngineStressTest, ThreadsConserveMessages) {
  Engine engine({.seed = 7, .history = {.effects_max = 1000}});
  const Caller caller;
  const std::string url = engine.Call(CreateQueueRequest{"q", {{"VisibilityTimeout", "600"}}, {}}, caller)->queue_url;
  constexpr int kThreads = 4;
  constexpr int kMessages = 500;
  std::atomic<int> deleted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kMessages; ++i) {
        ASSERT_TRUE(engine.Call(SendMessageRequest{url, {.message_body = "m"}}, caller).ok());
      }
    });
    threads.emplace_back([&] {
      while (deleted.load() < kThreads * kMessages) {
        ReceiveMessageRequest request;
        request.queue_url = url;
        request.max_number_of_messages = 10;
        request.wait_time_seconds = 1;
        const auto received = engine.Call(request, caller);
        ASSERT_TRUE(received.ok());
        for (const auto& message : received->messages) {
          ASSERT_TRUE(engine.Call(DeleteMessageRequest{url, message.receipt_handle}, caller).ok());
          ++deleted;
        }
      }
    });
  }
  threads.emplace_back([&] {
    while (deleted.load() < kThreads * kMessages) {
      engine.HistorySince(0);
      engine.Dump();
      engine.usage();
    }
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(deleted.load(), kThreads * kMessages);
  engine.Look([](const Accounts& accounts, absl::Time) { EXPECT_EQ(accounts.queues()[0]->message_count(), 0); });
}

}  // namespace
}  // namespace sqs
