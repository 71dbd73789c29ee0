#include <thread>
#include <vector>

#include "engine_fixture.h"

namespace sqs {
namespace {

using LongPollTest = EngineFixture;

TEST_F(LongPollTest, AnEmptyQueueAnswersAtTheDeadlineInEngineTime) {
  const std::string url = Create("q");
  EXPECT_TRUE(Receive(url, 20).messages.empty());
  EXPECT_EQ(Elapsed(), absl::Seconds(20));
}

TEST_F(LongPollTest, TheEndOfADelayWakesIt) {
  const std::string url = Create("q");
  Send(url, "late", 7);
  ASSERT_EQ(Receive(url, 20).messages.size(), 1u);
  EXPECT_EQ(Elapsed(), absl::Seconds(7));
}

TEST_F(LongPollTest, TheEndOfAVisibilityTimeoutWakesIt) {
  const std::string url = Create("q", {{"VisibilityTimeout", "5"}});
  Send(url, "a");
  ASSERT_EQ(Receive(url).messages.size(), 1u);
  ASSERT_EQ(Receive(url, 20).messages.size(), 1u);
  EXPECT_EQ(Elapsed(), absl::Seconds(5));
}

TEST_F(LongPollTest, ExplicitZeroOverridesALongPollingQueue) {
  const std::string url = Create("q", {{"ReceiveMessageWaitTimeSeconds", "20"}});
  EXPECT_TRUE(Receive(url, 0).messages.empty());
  EXPECT_EQ(Elapsed(), absl::ZeroDuration());
}

TEST_F(LongPollTest, ALoopThatNeverEndsIsStoppedAtTheLimitOfTheClock) {
  const std::string url = Create("q");
  clock_->LimitWaits(absl::Hours(1));
  int polls = 0;
  absl::StatusOr<ReceiveMessageResult> result;
  while ((result = engine_.Call(Request(url, 20), caller_)).ok()) ++polls;
  EXPECT_TRUE(absl::IsDeadlineExceeded(result.status())) << result.status();
  EXPECT_EQ(polls, absl::Hours(1) / (absl::Seconds(20) + ManualClock::kWaitCost));
  EXPECT_EQ(engine_.waiter_count(), 0u);
  EXPECT_TRUE(Receive(url, 0).messages.empty());  // What does not wait goes on.
}

struct Parked {
  std::string got;
  int calls = 0;
};

class ParkedReceiveTest : public EngineFixture {
 protected:
  Engine::WaiterId Park(const std::string& url, Parked* parked, int64_t wait = 20) {
    return engine_.ReceiveAsync(Request(url, wait), caller_, [parked](absl::StatusOr<ReceiveMessageResult> result) {
      ++parked->calls;
      ASSERT_TRUE(result.ok()) << result.status();
      parked->got = result->messages.empty() ? "nothing" : std::string(result->messages[0].body);
    });
  }
};

TEST_F(ParkedReceiveTest, SpendsTheLatencyFaultBeforeItLooks) {
  const std::string url = Create("q");
  Send(url, "a", /*delay_seconds=*/3);
  engine_.set_faults({.latency_seconds = 5});
  const absl::Time before = clock_->Now();
  Parked parked;
  Park(url, &parked);
  EXPECT_EQ(clock_->Now() - before, absl::Seconds(5));
  EXPECT_EQ(parked.got, "a");
}

TEST_F(ParkedReceiveTest, WaitersAreServedInOrderOfArrivalEachMessageToOne) {
  const std::string url = Create("q");
  Parked first, second, third;
  Park(url, &first);
  Park(url, &second);
  Park(url, &third);
  Send(url, "a");
  Send(url, "b");
  EXPECT_EQ(first.got, "a");
  EXPECT_EQ(second.got, "b");
  EXPECT_EQ(third.calls, 0);
  clock_->Advance(absl::Seconds(20));
  EXPECT_EQ(third.got, "nothing");
}

TEST_F(ParkedReceiveTest, AClientThatGoesAwayTakesNothing) {
  const std::string url = Create("q");
  Parked parked;
  const Engine::WaiterId id = Park(url, &parked);
  EXPECT_TRUE(engine_.CancelReceive(id));
  EXPECT_FALSE(engine_.CancelReceive(id));
  Send(url, "a");
  EXPECT_EQ(parked.calls, 0);
  const ReceiveMessageResult received = Receive(url);
  ASSERT_EQ(received.messages.size(), 1u);
}

TEST_F(ParkedReceiveTest, DeletingTheQueueEndsTheWaitEmpty) {
  const std::string url = Create("q");
  Parked parked;
  Park(url, &parked);
  ASSERT_TRUE(engine_.Call(DeleteQueueRequest{url}, caller_).ok());
  EXPECT_EQ(parked.got, "nothing");
  Create("q");
  Send(url, "for the new queue");
  EXPECT_EQ(parked.calls, 1);
}

TEST_F(ParkedReceiveTest, AMoveToTheDeadLetterQueueWakesItsWaiter) {
  const std::string dlq = Create("dlq");
  const std::string url = Create(
      "q",
      {{"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":1})"},
       {"VisibilityTimeout", "0"}});
  Send(url, "poison");
  ASSERT_EQ(Receive(url).messages.size(), 1u);
  Parked parked;
  Park(dlq, &parked);
  EXPECT_TRUE(Receive(url).messages.empty());
  EXPECT_EQ(parked.got, "poison");
}

TEST_F(ParkedReceiveTest, ClosingTheEngineEndsEveryWait) {
  const std::string url = Create("q");
  Parked parked;
  Park(url, &parked);
  engine_.Close().IgnoreError();
  EXPECT_EQ(parked.got, "nothing");
  EXPECT_EQ(InfoOf(engine_.Call(ListQueuesRequest{}, caller_).status()).code, ErrorCode::kInternalFailure);
}

// A clock without auto-advance: the wait ends when another thread moves it, or sends.
TEST(BlockedReceiveTest, AnotherThreadEndsTheWait) {
  auto clock = std::make_shared<ManualClock>(absl::FromUnixSeconds(1767225600), /*auto_advance=*/false);
  Engine engine({.clock = clock, .seed = 7});
  const Caller caller;
  const std::string url = engine.Call(CreateQueueRequest{"q", {}, {}}, caller)->queue_url;
  for (const bool by_send : {true, false}) {
    absl::StatusOr<ReceiveMessageResult> result;
    std::thread waiting([&] {
      ReceiveMessageRequest request;
      request.queue_url = url;
      request.wait_time_seconds = 20;
      result = engine.Call(request, caller);
    });
    if (by_send) {
      ASSERT_TRUE(engine.Call(SendMessageRequest{url, {.message_body = "a"}}, caller).ok());
    } else {
      // Until the waiter is parked there is nothing to end: its deadline shows as the next event.
      while (engine.NextEventAt() > clock->Now() + absl::Seconds(25)) std::this_thread::yield();
      clock->Advance(absl::Seconds(20));
    }
    waiting.join();
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->messages.size(), by_send ? 1u : 0u);
    if (by_send) {
      ASSERT_TRUE(engine.Call(DeleteMessageRequest{url, result->messages[0].receipt_handle}, caller).ok());
    }
  }
}

TEST(BlockedReceiveTest, InterruptionEndsTheWaitAndTakesNothing) {
  auto clock = std::make_shared<ManualClock>(absl::FromUnixSeconds(1767225600), /*auto_advance=*/false);
  Engine engine({.clock = clock, .seed = 7});
  const Caller caller;
  ReceiveMessageRequest request;
  request.queue_url = engine.Call(CreateQueueRequest{"q", {}, {}}, caller)->queue_url;
  request.wait_time_seconds = 20;
  const auto result = engine.Receive(request, caller, [] { return true; });
  EXPECT_TRUE(absl::IsCancelled(result.status()));
  ASSERT_TRUE(engine.Call(SendMessageRequest{request.queue_url, {.message_body = "a"}}, caller).ok());
  EXPECT_EQ(engine.Call(request, caller)->messages.size(), 1u);
}

// --- Those who are told of events ---

class Listener : public EventListener {
 public:
  void OnEarlierEvent() override { ++told_; }
  int told() const { return told_; }

 private:
  int told_ = 0;
};

class AnnouncementTest : public EngineFixture {
 protected:
  AnnouncementTest() { engine_.AddEventListener(listener_); }
  Engine::WaiterId Poll(int64_t seconds) {
    return engine_.ReceiveAsync(Request(url_, seconds), caller_, [](absl::StatusOr<ReceiveMessageResult>) {});
  }

  const std::string url_ = Create("jobs");
  const std::shared_ptr<Listener> listener_ = std::make_shared<Listener>();
};

TEST_F(AnnouncementTest, EveryPollOnAnIdleEngineIsAnnounced) {
  for (int polls = 1; polls <= 3; ++polls) {
    Poll(1);
    EXPECT_EQ(listener_->told(), polls);
    clock_->Advance(absl::Seconds(1));
    EXPECT_EQ(engine_.waiter_count(), 0u);
  }
}

TEST_F(AnnouncementTest, WhatComesBeforeTheInstantThatIsWaitedForIsAnnounced) {
  const Engine::WaiterId first = Poll(1);
  Poll(20);
  ASSERT_TRUE(engine_.CancelReceive(first));
  EXPECT_EQ(engine_.AwaitNextEvent(), t0 + absl::Seconds(20));  // The listener comes late.
  const int told = listener_->told();
  Poll(10);
  EXPECT_EQ(listener_->told(), told + 1);
  Poll(15);
  EXPECT_EQ(listener_->told(), told + 1);
}

}  // namespace
}  // namespace sqs
