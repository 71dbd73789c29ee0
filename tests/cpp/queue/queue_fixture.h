// A queue driven by effects alone, as the account drives it, with names for what tests do often.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "queue/queue.h"

namespace sqs {

class QueueFixture : public testing::Test {
 protected:
  const absl::Time t0 = absl::FromUnixSeconds(1767225600);

  void Make(QueueConfig config) {
    QueueCreated created{std::make_shared<const QueueName>(QueueName{"us-east-1", "000000000000", "q"}),
                         std::make_shared<const QueueConfig>(config),
                         {},
                         {1, 2}};
    queue_ = std::make_unique<Queue>(1, created, "arn:aws:sqs:us-east-1:000000000000:q", t0);
  }

  MessagePlace Send(absl::string_view body, absl::Time now, absl::string_view group = "",
                    absl::Duration delay = absl::ZeroDuration()) {
    std::unique_ptr<PayloadExtras> extras;
    if (!group.empty()) {
      extras = std::make_unique<PayloadExtras>();
      extras->group_id = std::string(group);
      extras->deduplication_id = absl::StrCat(body, "-", next_id_);
    }
    const MessagePlace place = queue_->NextPlace();
    queue_->Apply(
        Sent{place, PayloadPtr::Make(Uuid{1, ++next_id_}, now, body, Md5(body), std::move(extras)), now + delay}, now);
    return place;
  }

  // Passes timers up to `now` and removes what expired, as the account does. Returns the bodies that expired.
  std::vector<std::string> Pass(absl::Time now) {
    std::vector<std::string> expired;
    while (const std::optional<DueTimer> timer = queue_->NextTimer(now)) {
      if (timer->kind == DueTimer::kVisible) {
        queue_->PassTimer(*timer);
      } else {
        expired.push_back(std::string(queue_->Remove(timer->place).payload->body()));
      }
    }
    return expired;
  }

  struct Delivery {
    std::string body;
    MessagePlace place;
    std::string handle;
  };

  std::vector<Delivery> Receive(int max, absl::Time now, absl::Duration timeout = absl::Seconds(30)) {
    Pass(now);
    Selection selection;
    queue_->Select({.max_messages = max, .max_receive_count = 0, .now = now}, &selection);
    std::vector<MessagePlace> places;
    for (uint32_t slot : selection.deliver) places.push_back(queue_->PlaceOf(slot));
    std::vector<Delivery> deliveries;
    for (MessagePlace place : places) {
      const Message& message = *queue_->Find(place);
      const uint32_t count = message.receive_count + 1;
      queue_->Apply(Received{place, message.payload, count, now + timeout}, now);
      deliveries.push_back(
          {std::string(message.payload->body()), place, std::string(queue_->MakeReceiptHandle(place, count))});
    }
    return deliveries;
  }

  // The bodies of a receive, joined by spaces.
  std::string Bodies(int max, absl::Time now, absl::Duration timeout = absl::Seconds(30)) {
    std::string text;
    for (const Delivery& delivery : Receive(max, now, timeout)) {
      absl::StrAppend(&text, text.empty() ? "" : " ", delivery.body);
    }
    return text;
  }

  void ChangeVisibility(MessagePlace place, absl::Duration timeout, absl::Time now) {
    queue_->Apply(VisibilityChanged{place, queue_->Find(place)->payload, now + timeout}, now);
  }

  // "visible/in flight/delayed".
  std::string Counts() const {
    return absl::StrCat(queue_->visible_count(), "/", queue_->in_flight_count(), "/", queue_->delayed_count());
  }

  std::unique_ptr<Queue> queue_;

 private:
  uint64_t next_id_ = 0;
};

}  // namespace sqs
