// Random histories, for tests that compare states.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/engine.h"

namespace sqs {

// A few hundred calls of every kind that changes a queue, chosen by `seed`. All that was received is added to `got`.
inline void RunRandomCalls(Engine& engine, ManualClock& clock, uint64_t seed,
                           std::vector<ReceivedMessage>* got = nullptr) {
  Random random(seed);
  const Caller caller;
  const StringMap redrive = {
      {"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":2})"},
      {"MessageRetentionPeriod", "3600"}};
  engine.Call(CreateQueueRequest{"dlq", {}, {}}, caller).IgnoreError();
  engine.Call(CreateQueueRequest{"q", redrive, {{"team", "a"}}}, caller).IgnoreError();
  engine.Call(CreateQueueRequest{"f.fifo", {{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}}, {}}, caller)
      .IgnoreError();
  const std::vector<std::string> urls = {"q", "dlq", "f.fifo"};
  std::vector<std::pair<std::string, std::string>> handles;
  for (int i = 0; i < 400; ++i) {
    const std::string& url = urls[random.Below(urls.size())];
    switch (random.Below(9)) {
      case 0:
      case 1:
      case 2: {
        MessageToSend message{.message_body = absl::StrCat("m", random.Below(50))};
        if (url == "f.fifo" || random.Chance(0.3)) message.message_group_id = absl::StrCat("g", random.Below(3));
        if (url != "f.fifo") message.delay_seconds = random.Below(20);
        if (random.Chance(0.2)) {
          message.message_attributes = {{"n", {.string_value = absl::StrCat(i), .data_type = "Number"}}};
        }
        engine.Call(SendMessageRequest{url, message}, caller).IgnoreError();
        break;
      }
      case 3:
      case 4: {
        ReceiveMessageRequest request;
        request.queue_url = url;
        request.max_number_of_messages = 1 + random.Below(10);
        request.visibility_timeout = random.Below(40);
        request.attribute_names = {"All"};
        request.message_attribute_names = {"All"};
        if (random.Chance(0.2)) request.receive_request_attempt_id = absl::StrCat("try", random.Below(4));
        const auto received = engine.Call(request, caller);
        if (!received.ok()) break;
        for (const auto& message : received->messages) {
          handles.emplace_back(url, message.receipt_handle);
          if (got != nullptr) got->push_back(message);
        }
        break;
      }
      case 5:
        if (handles.empty()) break;
        {
          const auto& [from, handle] = handles[random.Below(handles.size())];
          engine.Call(DeleteMessageRequest{from, handle}, caller).IgnoreError();
        }
        break;
      case 6:
        if (handles.empty()) break;
        {
          const auto& [from, handle] = handles[random.Below(handles.size())];
          engine.Call(ChangeMessageVisibilityRequest{from, handle, random.Below(60)}, caller).IgnoreError();
        }
        break;
      case 7:
        clock.Advance(absl::Milliseconds(random.Below(60000)));
        break;
      case 8:
        if (random.Chance(0.1)) {
          engine.Call(SetQueueAttributesRequest{url, {{"DelaySeconds", absl::StrCat(random.Below(9))}}}, caller)
              .IgnoreError();
        } else if (random.Chance(0.1)) {
          engine.Call(PurgeQueueRequest{url}, caller).IgnoreError();
        } else {
          const std::optional<int64_t> rate = random.Chance(0.5) ? std::optional<int64_t>(5) : std::nullopt;
          engine.Call(StartMessageMoveTaskRequest{"arn:aws:sqs:us-east-1:000000000000:dlq", "", rate}, caller)
              .IgnoreError();
        }
        break;
    }
  }
}

}  // namespace sqs
