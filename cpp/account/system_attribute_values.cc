#include "account/system_attribute_values.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "queue/queue.h"

namespace sqs {
namespace {

std::string Milliseconds(absl::Time at) { return absl::StrCat(absl::ToUnixMillis(at)); }

// "" where it does not apply.
std::string ValueOf(const Message& message, absl::string_view account, bool fifo, SystemAttribute attribute) {
  const Payload& payload = *message.payload;
  static const PayloadExtras kNone;
  const PayloadExtras& extras = payload.extras() == nullptr ? kNone : *payload.extras();
  switch (attribute) {
    case SystemAttribute::kSenderId:
      return extras.sender_id.empty() ? std::string(account) : extras.sender_id;
    case SystemAttribute::kSentTimestamp:
      return Milliseconds(payload.sent_at());
    case SystemAttribute::kApproximateReceiveCount:
      return absl::StrCat(message.receive_count);
    case SystemAttribute::kApproximateFirstReceiveTimestamp:
      return message.receive_count == 0 ? "" : Milliseconds(absl::FromUnixNanos(message.first_received_at_ns));
    case SystemAttribute::kSequenceNumber:
      return fifo ? std::string(Queue::SequenceNumberText(message.sequence)) : "";
    case SystemAttribute::kMessageDeduplicationId:
      return extras.deduplication_id;
    case SystemAttribute::kMessageGroupId:
      return extras.group_id;
    case SystemAttribute::kAWSTraceHeader:
      return extras.trace_header;
    case SystemAttribute::kDeadLetterQueueSourceArn:
      return extras.dead_letter_source_arn;
  }
  return "";
}

}  // namespace

StringMap SystemAttributesOf(const Message& message, absl::string_view account, bool fifo, SystemAttributeSet wanted) {
  StringMap attributes;
#define SQS_ADD_IF_WANTED(Name)                                                    \
  if (wanted & Bit(SystemAttribute::k##Name)) {                                    \
    std::string value = ValueOf(message, account, fifo, SystemAttribute::k##Name); \
    if (!value.empty()) attributes.emplace_back(#Name, std::move(value));          \
  }
  SQS_SYSTEM_ATTRIBUTES(SQS_ADD_IF_WANTED)
#undef SQS_ADD_IF_WANTED
  return attributes;
}

}  // namespace sqs
