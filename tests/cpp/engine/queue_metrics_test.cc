// The metrics of AWS/SQS by the minute (engine/queue_metrics.h), through an engine. The figures are counted by hand.
#include "engine/queue_metrics.h"

#include <optional>
#include <string>
#include <vector>

#include "engine/engine_fixture.h"
#include "gmock/gmock.h"

namespace sqs {
namespace {

using testing::ElementsAre;

// A copy of what the tests look at.
struct Minute {
  int64_t index = 0;  // From the first minute of the test.
  bool sampled = false;
  int64_t sent, received, empty, deleted;
  int64_t visible, in_flight, delayed;
  std::optional<int64_t> age_s;
};

class QueueMetricsTest : public EngineFixture {
 protected:
  std::vector<Minute> Minutes(const std::string& name) {
    std::vector<Minute> minutes;
    engine_.LookAtMetrics([&](const QueueMetrics& metrics) {
      for (const MetricMinute& m : metrics.series().at(QueueName{"us-east-1", "000000000000", name}).minutes) {
        Minute minute{.index = (m.start_ns - absl::ToUnixNanos(t0)) / kMetricMinuteNs,
                      .sampled = m.sampled,
                      .sent = m.sent,
                      .received = m.received,
                      .empty = m.empty_receives,
                      .deleted = m.deleted,
                      .visible = m.visible,
                      .in_flight = m.in_flight,
                      .delayed = m.delayed,
                      .age_s = std::nullopt};
        if (m.oldest_age_ns != MetricMinute::kNone) minute.age_s = m.oldest_age_ns / 1'000'000'000;
        minutes.push_back(minute);
      }
    });
    return minutes;
  }

  void Delete(const std::string& url, const std::string& handle) {
    EXPECT_TRUE(engine_.Call(DeleteMessageRequest{url, handle}, caller_).ok());
  }
};

TEST_F(QueueMetricsTest, AMinuteHasItsCountsAndTheStateAtItsEnd) {
  ASSERT_TRUE(engine_.StartMetrics());
  const std::string url = Create("q", {{"VisibilityTimeout", "90"}});
  Send(url, "a");
  Send(url, "b", 100);
  Receive(url);
  Receive(url);  // Nothing.
  clock_->Advance(absl::Minutes(3));

  const std::vector<Minute> minutes = Minutes("q");
  ASSERT_EQ(minutes.size(), 3u);
  EXPECT_EQ(minutes[0].sent, 2);
  EXPECT_EQ(minutes[0].received, 1);
  EXPECT_EQ(minutes[0].empty, 1);
  EXPECT_EQ(minutes[0].in_flight, 1);
  EXPECT_EQ(minutes[0].delayed, 1);
  EXPECT_EQ(minutes[0].age_s, 60);
  EXPECT_EQ(minutes[1].sent, 0);
  EXPECT_EQ(minutes[1].visible, 2) << "the timeout of 90 s and the delay of 100 s have passed";
  EXPECT_EQ(minutes[2].age_s, 180);
}

TEST_F(QueueMetricsTest, ItDoesNotMatterWhenSomebodyLooks) {
  const std::string early = Create("early");
  ASSERT_TRUE(engine_.StartMetrics());
  for (int i = 0; i < 5; ++i) {
    Send(early, "a");
    if (i == 2) Delete(early, Receive(early).messages.at(0).receipt_handle);
    clock_->Advance(absl::Seconds(45));
    Minutes("early");
  }
  const std::vector<Minute> looked = Minutes("early");

  // Another engine with the same calls, asked only at the end.
  auto clock = std::make_shared<ManualClock>(t0);
  Engine late(On(clock));
  const std::string url = late.Call(CreateQueueRequest{"early", {}, {}}, caller_)->queue_url;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(late.Call(SendMessageRequest{.queue_url = url, .message = {.message_body = "a"}}, caller_).ok());
    if (i == 2) {
      const std::string handle = late.Call(Request(url, 0), caller_)->messages.at(0).receipt_handle;
      ASSERT_TRUE(late.Call(DeleteMessageRequest{url, handle}, caller_).ok());
    }
    clock->Advance(absl::Seconds(45));
  }
  ASSERT_TRUE(late.StartMetrics()) << "the history reaches back to the beginning";
  std::vector<int64_t> visible;
  std::vector<int64_t> deleted;
  late.LookAtMetrics([&](const QueueMetrics& metrics) {
    for (const MetricMinute& m : metrics.series().begin()->second.minutes) {
      visible.push_back(m.visible);
      deleted.push_back(m.deleted);
    }
  });
  ASSERT_EQ(visible.size(), looked.size());
  for (size_t i = 0; i < looked.size(); ++i) {
    EXPECT_EQ(visible[i], looked[i].visible) << i;
    EXPECT_EQ(deleted[i], looked[i].deleted) << i;
  }
}

TEST_F(QueueMetricsTest, AnIdleEmptyQueueFallsSilentAfterSixHours) {
  ASSERT_TRUE(engine_.StartMetrics());
  const std::string url = Create("q");
  Send(url, "a");
  Delete(url, Receive(url).messages.at(0).receipt_handle);
  clock_->Advance(absl::Hours(24));
  EXPECT_EQ(Minutes("q").size(), 6u * 60u);
  Receive(url);  // Touched again.
  clock_->Advance(absl::Minutes(1));
  EXPECT_EQ(Minutes("q").back().index, 24 * 60);
}

TEST_F(QueueMetricsTest, AMessageReceivedThreeTimesDoesNotCountForTheAge) {
  ASSERT_TRUE(engine_.StartMetrics());
  const std::string url = Create("q", {{"VisibilityTimeout", "0"}});
  Send(url, "a");
  clock_->Advance(absl::Minutes(1));
  for (int i = 0; i < 3; ++i) Receive(url);
  clock_->Advance(absl::Minutes(1));
  EXPECT_EQ(Minutes("q")[0].age_s, 60);
  EXPECT_EQ(Minutes("q")[1].age_s, std::nullopt);
}

TEST_F(QueueMetricsTest, InADeadLetterQueueTheAgeCountsFromTheMoveAndTheMoveIsNoSend) {
  ASSERT_TRUE(engine_.StartMetrics());
  Create("dead");
  const std::string url =
      Create("q", {{"VisibilityTimeout", "0"},
                   {"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead",)"
                                     R"("maxReceiveCount":"1"})"}});
  Send(url, "a");
  Receive(url);
  clock_->Advance(absl::Minutes(10));
  EXPECT_TRUE(Receive(url).messages.empty());
  clock_->Advance(absl::Minutes(1));
  const Minute last = Minutes("dead").back();
  EXPECT_EQ(last.visible, 1);
  EXPECT_EQ(last.sent, 0);
  EXPECT_EQ(last.age_s, 60);
}

// Without a history, metrics begin with what the queues hold.
TEST_F(QueueMetricsTest, BegunInTheMidstTheyKnowTheStateButNotThePast) {
  auto clock = std::make_shared<ManualClock>(t0);
  Engine engine({.clock = clock, .seed = 7, .history = {.effects_max = 0}});
  const std::string url = engine.Call(CreateQueueRequest{"q", {}, {}}, caller_)->queue_url;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(engine.Call(SendMessageRequest{.queue_url = url, .message = {.message_body = "a"}}, caller_).ok());
  }
  ASSERT_TRUE(engine.Call(Request(url, 0), caller_).ok());
  EXPECT_FALSE(engine.StartMetrics());
  clock->Advance(absl::Minutes(1));
  engine.LookAtMetrics([](const QueueMetrics& metrics) {
    const MetricMinute& minute = metrics.series().begin()->second.minutes.front();
    EXPECT_EQ(minute.sent, 0);
    EXPECT_EQ(minute.visible, 3);  // The visibility timeout of 30 s has passed.
    EXPECT_EQ(minute.oldest_age_ns, absl::ToInt64Nanoseconds(absl::Minutes(1)));
  });
}

}  // namespace
}  // namespace sqs
