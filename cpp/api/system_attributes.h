// Message system attributes: what ReceiveMessage can return beside the body (shared/spec/sqs.md, 5.5).
#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace sqs {

// X(enumerator and AWS name), in the order in which they are returned.
#define SQS_SYSTEM_ATTRIBUTES(X)      \
  X(SenderId)                         \
  X(SentTimestamp)                    \
  X(ApproximateReceiveCount)          \
  X(ApproximateFirstReceiveTimestamp) \
  X(SequenceNumber)                   \
  X(MessageDeduplicationId)           \
  X(MessageGroupId)                   \
  X(AWSTraceHeader)                   \
  X(DeadLetterQueueSourceArn)

enum class SystemAttribute : uint8_t {
#define SQS_SYSTEM_ATTRIBUTE_ENUM(Name) k##Name,
  SQS_SYSTEM_ATTRIBUTES(SQS_SYSTEM_ATTRIBUTE_ENUM)
#undef SQS_SYSTEM_ATTRIBUTE_ENUM
};

// A set of them, one bit each.
using SystemAttributeSet = uint32_t;

constexpr SystemAttributeSet Bit(SystemAttribute attribute) { return 1u << static_cast<int>(attribute); }

#define SQS_SYSTEM_ATTRIBUTE_BIT(Name) | Bit(SystemAttribute::k##Name)
inline constexpr SystemAttributeSet kAllSystemAttributes = 0 SQS_SYSTEM_ATTRIBUTES(SQS_SYSTEM_ATTRIBUTE_BIT);
#undef SQS_SYSTEM_ATTRIBUTE_BIT

// The set that `name` asks for: one attribute, or every one for "All". Absent for any other name.
inline std::optional<SystemAttributeSet> SystemAttributesNamed(absl::string_view name) {
  if (name == "All") return kAllSystemAttributes;
#define SQS_SYSTEM_ATTRIBUTE_NAMED(Name) \
  if (name == #Name) return Bit(SystemAttribute::k##Name);
  SQS_SYSTEM_ATTRIBUTES(SQS_SYSTEM_ATTRIBUTE_NAMED)
#undef SQS_SYSTEM_ATTRIBUTE_NAMED
  return std::nullopt;
}

}  // namespace sqs
