#include "api/attributes.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/errors.h"
#include "api/limits.h"

namespace sqs {
namespace {

using Config = QueueConfig;
using Observed = ObservedAttributes;

constexpr auto kSettable = AttributeAccess::kSettable;
constexpr auto kAtCreation = AttributeAccess::kAtCreation;
constexpr auto kReadOnly = AttributeAccess::kReadOnly;
constexpr auto kAll = AttributeQueues::kAll;
constexpr auto kFifoUnknownElsewhere = AttributeQueues::kFifoUnknownElsewhere;
constexpr auto kFifoExplainedElsewhere = AttributeQueues::kFifoExplainedElsewhere;

// The longest key ARN or alias that KMS gives.
constexpr size_t kKmsKeyIdBytesMax = 2048;

constexpr AttributeInfo kAttributes[] = {
    {"QueueArn", ObservedText{&Observed::queue_arn}, kReadOnly},
    {"ApproximateNumberOfMessages", ObservedCount{&Observed::approximate_number_of_messages}, kReadOnly},
    {"ApproximateNumberOfMessagesNotVisible", ObservedCount{&Observed::approximate_number_of_messages_not_visible},
     kReadOnly},
    {"ApproximateNumberOfMessagesDelayed", ObservedCount{&Observed::approximate_number_of_messages_delayed}, kReadOnly},
    {"CreatedTimestamp", ObservedCount{&Observed::created_timestamp}, kReadOnly},
    {"LastModifiedTimestamp", ObservedCount{&Observed::last_modified_timestamp}, kReadOnly},
    {"VisibilityTimeout", IntegerAttribute{&Config::visibility_timeout, 0, kVisibilityTimeoutSecondsMax}},
    {"MaximumMessageSize", IntegerAttribute{&Config::maximum_message_size, kMessageBytesMaxLowest, kMessageBytesMax}},
    {"MessageRetentionPeriod", IntegerAttribute{&Config::message_retention_period, 60, 1209600}},
    {"DelaySeconds", IntegerAttribute{&Config::delay_seconds, 0, kDelaySecondsMax}},
    {"Policy", DocumentAttribute{&Config::policy}},
    {"ReceiveMessageWaitTimeSeconds",
     IntegerAttribute{&Config::receive_message_wait_time_seconds, 0, kWaitTimeSecondsMax}},
    {"RedrivePolicy", RedrivePolicyAttribute{&Config::redrive_policy}},
    {"RedriveAllowPolicy", DocumentAttribute{&Config::redrive_allow_policy}},
    {"KmsMasterKeyId", TextAttribute{&Config::kms_master_key_id}},
    {"KmsDataKeyReusePeriodSeconds", IntegerAttribute{&Config::kms_data_key_reuse_period_seconds, 60, 86400}, kSettable,
     kAll, AttributeShown::kWithKmsKey},
    {"SqsManagedSseEnabled", BoolAttribute{&Config::sqs_managed_sse_enabled}},
    {"FifoQueue", BoolAttribute{&Config::fifo}, kAtCreation, kFifoUnknownElsewhere},
    {"DeduplicationScope", EnumAttribute<DeduplicationScope>{&Config::deduplication_scope, {"queue", "messageGroup"}},
     kSettable, kFifoExplainedElsewhere},
    {"FifoThroughputLimit",
     EnumAttribute<FifoThroughputLimit>{&Config::fifo_throughput_limit, {"perQueue", "perMessageGroupId"}}, kSettable,
     kFifoExplainedElsewhere},
    {"ContentBasedDeduplication", BoolAttribute{&Config::content_based_deduplication}, kSettable,
     kFifoUnknownElsewhere},
};

// Decimal digits and nothing else; false as well for what does not fit.
bool ParseDigits(absl::string_view text, int64_t* value) {
  for (char c : text) {
    if (!absl::ascii_isdigit(c)) return false;  // SimpleAtoi takes signs and spaces.
  }
  return absl::SimpleAtoi(text, value);
}

// Parses `text` into the member that the value names; false if it is no such value.
struct Parser {
  absl::string_view text;
  Config* config;

  bool operator()(const IntegerAttribute& kind) const {
    int64_t value;
    if (!ParseDigits(text, &value) || value < kind.min || value > kind.max) return false;
    config->*kind.member = value;
    return true;
  }
  bool operator()(const BoolAttribute& kind) const {
    const bool value = absl::EqualsIgnoreCase(text, "true");
    if (!value && !absl::EqualsIgnoreCase(text, "false")) return false;
    config->*kind.member = value;
    return true;
  }
  template <class Enum>
  bool operator()(const EnumAttribute<Enum>& kind) const {
    for (size_t value = 0; value < kind.names.size(); ++value) {
      if (text != kind.names[value]) continue;
      config->*kind.member = static_cast<Enum>(value);
      return true;
    }
    return false;
  }
  bool operator()(const TextAttribute& kind) const {
    if (text.size() > kKmsKeyIdBytesMax) return false;
    for (char c : text) {
      if (!absl::ascii_isgraph(c)) return false;
    }
    config->*kind.member = std::string(text);
    return true;
  }
  bool operator()(const DocumentAttribute&) const { return false; }
  bool operator()(const RedrivePolicyAttribute&) const { return false; }
  bool operator()(const ObservedCount&) const { return false; }
  bool operator()(const ObservedText&) const { return false; }
};

// The text of the value; empty for a value that is not set.
struct Renderer {
  const Config& config;
  const Observed& observed;

  std::string operator()(const IntegerAttribute& kind) const { return absl::StrCat(config.*kind.member); }
  std::string operator()(const BoolAttribute& kind) const { return config.*kind.member ? "true" : "false"; }
  template <class Enum>
  std::string operator()(const EnumAttribute<Enum>& kind) const {
    return kind.names[static_cast<size_t>(config.*kind.member)];
  }
  std::string operator()(const TextAttribute& kind) const { return config.*kind.member; }
  std::string operator()(const DocumentAttribute& kind) const { return config.*kind.member; }
  std::string operator()(const RedrivePolicyAttribute& kind) const {
    const RedrivePolicy& policy = config.*kind.member;
    return policy.dead_letter_target_arn.empty() ? "" : RedrivePolicyText(policy);
  }
  std::string operator()(const ObservedCount& kind) const { return absl::StrCat(observed.*kind.member); }
  std::string operator()(const ObservedText& kind) const { return observed.*kind.member; }
};

}  // namespace

bool AttributeInfo::is_document() const {
  return std::holds_alternative<DocumentAttribute>(value) || std::holds_alternative<RedrivePolicyAttribute>(value);
}

absl::Span<const AttributeInfo> AllAttributes() { return kAttributes; }

const AttributeInfo* FindAttribute(absl::string_view name) {
  for (const AttributeInfo& info : kAttributes) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

absl::Status CheckSettable(const AttributeInfo& info, bool fifo) {
  if (info.access == kReadOnly) return UnknownAttribute(info.name);
  if (fifo || info.queues == kAll) return absl::OkStatus();
  if (info.queues == kFifoUnknownElsewhere) return UnknownAttribute(info.name);
  return SqsError(ErrorCode::kInvalidAttributeName,
                  absl::StrCat("You can specify the ", info.name, " only when FifoQueue is set to true."));
}

absl::Status ParseAttribute(const AttributeInfo& info, absl::string_view text, QueueConfig* config) {
  return std::visit(Parser{text, config}, info.value) ? absl::OkStatus() : InvalidAttribute(info.name);
}

std::optional<std::string> AttributeText(const AttributeInfo& info, const QueueConfig& config,
                                         const ObservedAttributes& observed) {
  if (info.queues != kAll && !config.fifo) return std::nullopt;
  if (info.shown == AttributeShown::kWithKmsKey && config.kms_master_key_id.empty()) return std::nullopt;
  std::string text = std::visit(Renderer{config, observed}, info.value);
  if (text.empty()) return std::nullopt;
  return text;
}

std::string ConfiguredText(const AttributeInfo& info, const QueueConfig& config) {
  return std::visit(Renderer{config, ObservedAttributes()}, info.value);
}

bool SameAttribute(const AttributeInfo& info, const QueueConfig& a, const QueueConfig& b) {
  return std::visit(
      [&a, &b](const auto& kind) {
        if constexpr (requires { a.*kind.member; }) {
          return a.*kind.member == b.*kind.member;
        } else {
          return true;  // Observed: nobody's configuration.
        }
      },
      info.value);
}

absl::Status InvalidAttribute(absl::string_view name) {
  return SqsError(ErrorCode::kInvalidAttributeValue, absl::StrCat("Invalid value for the parameter ", name, "."));
}

std::string RedrivePolicyText(const RedrivePolicy& policy) {
  return absl::StrCat("{\"deadLetterTargetArn\":\"", policy.dead_letter_target_arn,
                      "\",\"maxReceiveCount\":", policy.max_receive_count, "}");
}

}  // namespace sqs
