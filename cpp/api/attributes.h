// The table of queue attributes: one row each, and everything about its value in that row. Source: shared/spec/sqs.md,
// section 4; AWS lists them at SetQueueAttributes and GetQueueAttributes in the API reference.
//
// A row leads from the text of an attribute to a member of QueueConfig and back; the default is that member's
// initializer in queue_config.h. Attributes that nobody sets (counts, timestamps, the ARN) lead to a member of
// ObservedAttributes instead.
//
//   const AttributeInfo* info = FindAttribute("DelaySeconds");
//   QueueConfig config;
//   SQS_RETURN_IF_ERROR(ParseAttribute(*info, "5", &config));   // config.delay_seconds == 5
//   AttributeText(*info, config, {});                           // "5"
//
// To add an attribute: its member in QueueConfig and a row in attributes.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/queue_config.h"

namespace sqs {

// What GetQueueAttributes tells besides the configuration.
struct ObservedAttributes {
  std::string queue_arn;
  int64_t approximate_number_of_messages = 0;
  int64_t approximate_number_of_messages_not_visible = 0;
  int64_t approximate_number_of_messages_delayed = 0;
  int64_t created_timestamp = 0;  // Seconds since the epoch, as the next one.
  int64_t last_modified_timestamp = 0;
};

// The kinds of value, each with its member.
struct IntegerAttribute {
  int64_t QueueConfig::* member;
  int64_t min;
  int64_t max;
};
struct BoolAttribute {
  bool QueueConfig::* member;
};
template <class Enum>
struct EnumAttribute {
  Enum QueueConfig::* member;
  std::array<const char*, 2> names;  // By value of the enumerator.
};
// Text that is kept as it is; empty: not set.
struct TextAttribute {
  std::string QueueConfig::* member;
};
// JSON documents. Reading one takes a JSON parser and a look at other queues: account/attribute_changes.h does it.
struct DocumentAttribute {
  std::string QueueConfig::* member;
};
struct RedrivePolicyAttribute {
  RedrivePolicy QueueConfig::* member;
};
struct ObservedCount {
  int64_t ObservedAttributes::* member;
};
struct ObservedText {
  std::string ObservedAttributes::* member;
};

using AttributeValueKind =
    std::variant<IntegerAttribute, BoolAttribute, EnumAttribute<DeduplicationScope>, EnumAttribute<FifoThroughputLimit>,
                 TextAttribute, DocumentAttribute, RedrivePolicyAttribute, ObservedCount, ObservedText>;

enum class AttributeAccess : uint8_t { kSettable, kAtCreation, kReadOnly };

// Which queues have the attribute, and what a standard queue answers to a FIFO one (3.1).
enum class AttributeQueues : uint8_t {
  kAll,
  kFifoUnknownElsewhere,   // "Unknown Attribute <Name>."
  kFifoExplainedElsewhere  // "You can specify the <Name> only when FifoQueue is set to true."
};

enum class AttributeShown : uint8_t { kIfSet, kWithKmsKey };

struct AttributeInfo {
  const char* name;
  AttributeValueKind value;
  AttributeAccess access = AttributeAccess::kSettable;
  AttributeQueues queues = AttributeQueues::kAll;
  AttributeShown shown = AttributeShown::kIfSet;

  // Read by account/attribute_changes.h, not by ParseAttribute.
  bool is_document() const;
};

// All rows, in the order in which GetQueueAttributes answers.
absl::Span<const AttributeInfo> AllAttributes();

// Null if there is no such attribute. Names are case-sensitive; "All" is none.
const AttributeInfo* FindAttribute(absl::string_view name);

// Whether a request may set the attribute on a FIFO or standard queue: InvalidAttributeName if not.
absl::Status CheckSettable(const AttributeInfo& info, bool fifo);

// Parses and checks `text` into the attribute's member. Integers are plain decimal digits, leading zeros allowed;
// booleans are read without case.
//
// Requires an attribute that can be set and is no document. Errors: InvalidAttributeValue; `*config` is then unchanged.
absl::Status ParseAttribute(const AttributeInfo& info, absl::string_view text, QueueConfig* config);

// The attribute as GetQueueAttributes answers it, or nothing for one that is not set and therefore left out.
std::optional<std::string> AttributeText(const AttributeInfo& info, const QueueConfig& config,
                                         const ObservedAttributes& observed);
// What is configured, also where it does not show (a FIFO attribute of a standard queue); empty if it is not set.
std::string ConfiguredText(const AttributeInfo& info, const QueueConfig& config);

// Whether the attribute has the same value in both, for CreateQueue of a queue that exists. Policies are compared as
// texts.
bool SameAttribute(const AttributeInfo& info, const QueueConfig& a, const QueueConfig& b);

// "Invalid value for the parameter <name>.": InvalidAttributeValue.
absl::Status InvalidAttribute(absl::string_view name);

// {"deadLetterTargetArn":"<arn>","maxReceiveCount":5}: the canonical form. Requires an ARN without characters that
// JSON escapes, as those of queues are.
std::string RedrivePolicyText(const RedrivePolicy& policy);

}  // namespace sqs
