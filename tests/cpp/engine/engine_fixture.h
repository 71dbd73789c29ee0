// An engine on a manual clock, with calls that fail the test when they fail.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/engine.h"

namespace sqs {

class EngineFixture : public testing::Test {
 protected:
  const absl::Time t0 = absl::FromUnixSeconds(1767225600);

  static Engine::Options On(std::shared_ptr<Clock> clock, uint64_t seed = 7) {
    return {.clock = std::move(clock), .seed = seed, .history = {.effects_max = 1000000}};
  }

  std::string Create(const std::string& name, StringMap attributes = {}) {
    auto created = engine_.Call(CreateQueueRequest{name, std::move(attributes), {}}, caller_);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? created->queue_url : "";
  }

  void Send(const std::string& url, const std::string& body, std::optional<int64_t> delay = std::nullopt) {
    const auto sent = engine_.Call(
        SendMessageRequest{.queue_url = url, .message = {.message_body = body, .delay_seconds = delay}}, caller_);
    EXPECT_TRUE(sent.ok()) << sent.status();
  }

  ReceiveMessageResult Receive(const std::string& url, int64_t wait = 0, int64_t max = 1) {
    auto received = engine_.Call(Request(url, wait, max), caller_);
    EXPECT_TRUE(received.ok()) << received.status();
    return *std::move(received);
  }

  static ReceiveMessageRequest Request(const std::string& url, int64_t wait, int64_t max = 1) {
    ReceiveMessageRequest request;
    request.queue_url = url;
    request.wait_time_seconds = wait;
    request.max_number_of_messages = max;
    return request;
  }

  absl::Duration Elapsed() { return engine_.Now() - t0; }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(t0);
  Engine engine_{On(clock_)};
  Caller caller_;
};

}  // namespace sqs
