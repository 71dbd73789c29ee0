// The metrics of AWS/SQS from the effects of an engine. That samples equal the queue's own counts at each minute, over
// random calls, is tested from Python (test_cloudwatch_queue_metrics.py).
#include "engine/queue_metrics.h"

#include <memory>
#include <string>
#include <vector>

#include "engine/engine_fixture.h"
#include "gmock/gmock.h"

namespace sqs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class QueueMetricsTest : public EngineFixture {
 protected:
  // One number of each minute that was sampled.
  template <class Member>
  std::vector<int64_t> Sampled(Member member, const std::string& name = "jobs") {
    std::vector<int64_t> values;
    engine_.LookAtMetrics([&](const QueueMetrics& metrics) {
      const auto found = metrics.series().find(QueueName{caller_.region, caller_.account, name});
      if (found == metrics.series().end()) return;
      for (const MetricMinute& minute : found->second.minutes) {
        if (minute.sampled) values.push_back(minute.*member);
      }
    });
    return values;
  }

  void Minutes(int count) { clock_->MoveTo(clock_->Now() + absl::Minutes(count)); }
};

TEST_F(QueueMetricsTest, AMinuteIsSampledAtItsEndWheneverSomebodyLooks) {
  ASSERT_TRUE(engine_.StartMetrics());
  const std::string url = Create("jobs");
  Send(url, "a");
  EXPECT_THAT(Sampled(&MetricMinute::visible), IsEmpty());
  Minutes(3);
  Send(url, "b");
  Minutes(1);
  EXPECT_THAT(Sampled(&MetricMinute::visible), ElementsAre(1, 1, 1, 2));
  EXPECT_THAT(Sampled(&MetricMinute::sent), ElementsAre(1, 0, 0, 1));
}

TEST_F(QueueMetricsTest, WhatHappenedBeforeTheStartIsKnownFromTheHistory) {
  const std::string url = Create("jobs");
  Send(url, "a", 100);
  Receive(url);
  Minutes(2);
  Receive(url);
  Minutes(1);
  ASSERT_TRUE(engine_.StartMetrics());
  EXPECT_THAT(Sampled(&MetricMinute::delayed), ElementsAre(1, 0, 0));
  EXPECT_THAT(Sampled(&MetricMinute::visible), ElementsAre(0, 1, 1));  // Received at 2:00, visible again at 2:30.
  EXPECT_THAT(Sampled(&MetricMinute::empty_receives), ElementsAre(1, 0, 0));
  EXPECT_THAT(Sampled(&MetricMinute::received), ElementsAre(0, 0, 1));
}

TEST_F(QueueMetricsTest, ADeadlineAtTheEndOfAMinuteIsOfTheNextOne) {
  ASSERT_TRUE(engine_.StartMetrics());
  const std::string url = Create("jobs");
  Send(url, "a", 60);
  Minutes(2);
  EXPECT_THAT(Sampled(&MetricMinute::delayed), ElementsAre(1, 0));
}

TEST_F(QueueMetricsTest, QueuesMadeLaterDoNotDisturbEarlierOnes) {
  ASSERT_TRUE(engine_.StartMetrics());
  const std::string url = Create("jobs");
  for (const char* name : {"a", "b", "z", "c", "y"}) Create(name);
  Send(url, "a");
  Minutes(1);
  EXPECT_THAT(Sampled(&MetricMinute::visible), ElementsAre(1));
  EXPECT_THAT(Sampled(&MetricMinute::visible, "z"), ElementsAre(0));
}

TEST_F(QueueMetricsTest, AnIdleQueueCostsNothing) {
  ASSERT_TRUE(engine_.StartMetrics());
  Create("jobs");
  Minutes(10 * 365 * 24 * 60);
  EXPECT_EQ(Sampled(&MetricMinute::visible).size(), 6u * 60u);
}

TEST_F(QueueMetricsTest, MessagesKeepAQueueActiveUntilTheyExpire) {
  ASSERT_TRUE(engine_.StartMetrics());
  const std::string url = Create("jobs", {{"MessageRetentionPeriod", "86400"}});
  Send(url, "a");
  Minutes(3 * 24 * 60);
  const std::vector<int64_t> visible = Sampled(&MetricMinute::visible);
  EXPECT_EQ(visible.size(), 24u * 60u);
  EXPECT_THAT(visible, testing::Each(1));
}

TEST_F(QueueMetricsTest, WithoutAHistoryTheyBeginWithWhatIsThere) {
  auto clock = std::make_shared<ManualClock>(t0);
  Engine engine({.clock = clock, .seed = 7, .history = {.effects_max = 0}});
  const auto created = engine.Call(CreateQueueRequest{"jobs", {}, {}}, caller_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        engine.Call(SendMessageRequest{.queue_url = created->queue_url, .message = {.message_body = "a"}}, caller_)
            .ok());
  }
  ASSERT_TRUE(engine.Call(Request(created->queue_url, 0), caller_).ok());
  EXPECT_FALSE(engine.StartMetrics());
  EXPECT_TRUE(engine.StartMetrics());  // They are kept already.
  clock->MoveTo(t0 + absl::Minutes(1));
  engine.LookAtMetrics([](const QueueMetrics& metrics) {
    const MetricMinute& minute = metrics.series().begin()->second.minutes.front();
    EXPECT_EQ(minute.visible, 3);
    EXPECT_EQ(minute.sent, 0);
    EXPECT_EQ(minute.oldest_age_ns, absl::ToInt64Nanoseconds(absl::Minutes(1)));
  });
}

// Timeouts that ended early (the messages were deleted) are forgotten; those that run are not.
TEST_F(QueueMetricsTest, ManyLongTimeoutsThatEndedEarlyDoNotHideTheOthers) {
  ASSERT_TRUE(engine_.StartMetrics());
  const std::string url = Create("jobs", {{"VisibilityTimeout", "43200"}});
  for (int i = 0; i < 5000; ++i) {
    Send(url, "a");
    const ReceiveMessageResult received = Receive(url);
    ASSERT_EQ(received.messages.size(), 1u);
    if (i % 1000 == 0) continue;
    ASSERT_TRUE(engine_.Call(DeleteMessageRequest{url, received.messages[0].receipt_handle}, caller_).ok());
  }
  Minutes(12 * 60 + 1);
  const std::vector<int64_t> in_flight = Sampled(&MetricMinute::in_flight);
  EXPECT_EQ(in_flight.size(), 12u * 60u + 1u);
  EXPECT_EQ(in_flight[in_flight.size() - 2], 5);
  EXPECT_EQ(in_flight.back(), 0);
}

TEST_F(QueueMetricsTest, AReceiveThatReachedNobodyDoesNotHideTheAge) {
  ASSERT_TRUE(engine_.StartMetrics());
  const std::string url = Create("jobs");
  Send(url, "a");
  for (int i = 0; i < 3; ++i) {
    const ReceiveMessageResult received = Receive(url);
    ASSERT_EQ(received.messages.size(), 1u);
    engine_.Undeliver({received.messages[0].receipt_handle});
  }
  Minutes(1);
  EXPECT_THAT(Sampled(&MetricMinute::oldest_age_ns), ElementsAre(kMetricMinuteNs));
}

}  // namespace
}  // namespace sqs
