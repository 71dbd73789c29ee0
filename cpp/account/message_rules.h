// What a message may contain, its size and its digests (shared/spec/sqs.md, section 5 and 7.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/queue_config.h"
#include "api/types.h"

namespace sqs {

// Valid UTF-8 made of #x9 | #xA | #xD | #x20-#xD7FF | #xE000-#xFFFD | #x10000-#x10FFFF.
bool IsMessageText(absl::string_view text);

// Checks everything about a message but its size and what FIFO queues demand of ids that are absent (CheckFifoIds), in
// the order of the members. `in_batch` chooses among texts that differ for entries.
absl::Status CheckMessage(const QueueConfig& config, const MessageToSend& message, bool in_batch);

// FIFO: MessageGroupId given; MessageDeduplicationId given or content-based. Missing ones only.
absl::Status CheckFifoIds(const QueueConfig& config, const MessageToSend& message);

// Bytes of the body, and of name, type and value of each message attribute (5.2).
int64_t MessageBytes(const MessageToSend& message);
int64_t AttributeBytes(const AttributeValueMap& attributes);

// Message ids of FIFO queues: 1 to 128 of the characters of 7.2.
bool IsFifoId(absl::string_view id);

// MD5OfMessageAttributes (5.4), "" when there are none.
Md5Text Md5OfAttributes(const AttributeValueMap& attributes);

}  // namespace sqs
