#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "engine/engine_fixture.h"
#include "server/control.h"

namespace sqs::server {
namespace {

using testing::HasSubstr;
using testing::Not;

class MetricsTest : public EngineFixture {
 protected:
  std::string Page() { return MetricsPage(engine_, counters_); }
  // The page's samples, "name{labels}" to value.
  std::map<std::string, std::string> Samples() {
    std::map<std::string, std::string> samples;
    for (absl::string_view line : absl::StrSplit(Page(), '\n', absl::SkipEmpty())) {
      if (line[0] == '#') continue;
      const std::vector<std::string> parts = absl::StrSplit(line, ' ');
      EXPECT_EQ(parts.size(), 2u) << line;
      EXPECT_TRUE(samples.emplace(parts[0], parts[1]).second) << line;
    }
    return samples;
  }

  ServerCounters counters_;
};

TEST_F(MetricsTest, MessagesByQueueAndState) {
  const std::string url = Create("orders");
  for (int i = 0; i < 3; ++i) Send(url, "a");
  Send(url, "b", 60);
  Receive(url);
  auto samples = Samples();
  const std::string labels =
      R"(localsqs_queue_messages{queue="orders",account="000000000000",region="us-east-1",state=)";
  EXPECT_EQ(samples[labels + R"("visible"})"], "2");
  EXPECT_EQ(samples[labels + R"("in_flight"})"], "1");
  EXPECT_EQ(samples[labels + R"("delayed"})"], "1");
  EXPECT_EQ(samples["localsqs_queues"], "1");
  EXPECT_EQ(samples["localsqs_effects_total"], "6");
}

TEST_F(MetricsTest, WhatTheServerCounts) {
  counters_.OnRequest(Operation::kSendMessage, 200);
  counters_.OnRequest(Operation::kSendMessage, 200);
  counters_.OnRequest(Operation::kSendMessage, 403);
  counters_.OnRequest(Operation::kUntagQueue, 500);
  counters_.OnRefused(431);
  counters_.OnControl(200);
  counters_.OnConnection(+1);
  counters_.OnConnection(+1);
  counters_.OnConnection(-1);
  counters_.OnPoll(+1);
  counters_.OnBytesIn(10);
  counters_.OnBytesOut(20);
  auto samples = Samples();
  EXPECT_EQ(samples[R"(localsqs_requests_total{operation="SendMessage",code="2xx"})"], "2");
  EXPECT_EQ(samples[R"(localsqs_requests_total{operation="SendMessage",code="4xx"})"], "1");
  EXPECT_EQ(samples[R"(localsqs_requests_total{operation="UntagQueue",code="5xx"})"], "1");
  EXPECT_EQ(samples[R"(localsqs_requests_total{operation="none",code="4xx"})"], "1");
  EXPECT_EQ(samples[R"(localsqs_requests_total{operation="control",code="2xx"})"], "1");
  EXPECT_EQ(samples["localsqs_connections"], "1");
  EXPECT_EQ(samples["localsqs_connections_total"], "2");
  EXPECT_EQ(samples["localsqs_parked_polls"], "1");
  EXPECT_EQ(samples["localsqs_received_bytes_total"], "10");
  EXPECT_EQ(samples["localsqs_sent_bytes_total"], "20");
  EXPECT_THAT(Page(), Not(HasSubstr("operation=\"ListQueues\"")));
}

TEST_F(MetricsTest, AnyStatusHasAClass) {
  for (int status : {-1, 0, 99, 100, 204, 301, 599, 600, 99999}) counters_.OnRefused(status);
  int64_t counted = 0;
  for (size_t status_class = 0; status_class < ServerCounters::kStatusClassCount; ++status_class) {
    counted += counters_.requests(ServerCounters::kRefusedRow, status_class);
  }
  EXPECT_EQ(counted, 9);
}

TEST_F(MetricsTest, NothingIsLostBetweenThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int k = 0; k < 1000; ++k) counters_.OnRequest(Operation::kSendMessage, 200);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counters_.requests(static_cast<size_t>(Operation::kSendMessage), 1), 4000);
}

TEST_F(MetricsTest, TheProcessAndTheBuild) {
  auto samples = Samples();
  int64_t number = 0;
#ifdef __linux__
  ASSERT_TRUE(absl::SimpleAtoi(samples["process_start_time_seconds"], &number));
  EXPECT_GT(number, 1'500'000'000);
  ASSERT_TRUE(absl::SimpleAtoi(samples["process_resident_memory_bytes"], &number));
  EXPECT_GT(number, 1'000'000);
#endif
  EXPECT_THAT(Page(), HasSubstr("localsqs_build_info{version=\""));
}

TEST_F(MetricsTest, EveryMetricIsDescribedBeforeItsSamples) {
  Create("orders");
  counters_.OnControl(200);
  const std::string page = Page();
  std::string described;
  for (absl::string_view line : absl::StrSplit(page, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words[0] == "#") {
      described = words[2];
      if (words[1] == "TYPE") {
        EXPECT_EQ(words[3], absl::EndsWith(described, "_total") ? "counter" : "gauge") << line;
      }
    } else {
      EXPECT_EQ(words[0].substr(0, words[0].find('{')), described) << line;
    }
  }
  EXPECT_TRUE(absl::EndsWith(page, "\n"));
}

TEST_F(MetricsTest, LabelsAreEscaped) {
  EXPECT_EQ(EscapeLabel("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
  EXPECT_EQ(EscapeLabel("plain"), "plain");
  // No rule binds the region that a caller names.
  caller_.region = "eu\"x\n";
  Create("orders");
  EXPECT_THAT(Page(), HasSubstr(R"(region="eu\"x\n")"));
}

TEST_F(MetricsTest, IsAPageOfControl) {
  Control control(engine_, counters_);
  const ControlAnswer answer = control.Answer({"GET", "/metrics?x=y", ""});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body, HasSubstr("localsqs_effects_total 0\n"));
}

}  // namespace
}  // namespace sqs::server
