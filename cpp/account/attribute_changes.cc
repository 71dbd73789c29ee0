#include "account/attribute_changes.h"

#include "absl/strings/str_cat.h"
#include "account/access_policy.h"
#include "account/redrive_policy.h"
#include "api/errors.h"
#include "base/status.h"

namespace sqs {
namespace {

absl::Status ReadDocument(const AttributeInfo& info, const std::string& text, QueueConfig* config) {
  if (std::holds_alternative<RedrivePolicyAttribute>(info.value)) {
    SQS_ASSIGN_OR_RETURN(config->redrive_policy, ParseRedrivePolicy(text));
  } else if (std::get<DocumentAttribute>(info.value).member == &QueueConfig::redrive_allow_policy) {
    SQS_ASSIGN_OR_RETURN(config->redrive_allow_policy, NormalizeRedriveAllowPolicy(text));
  } else {
    SQS_RETURN_IF_ERROR(CheckPolicy(text));
    config->policy = text;
  }
  return absl::OkStatus();
}

// FifoQueue of a FIFO queue: may be said again, not changed.
absl::Status CheckUnchanged(const AttributeInfo& info, absl::string_view text, const QueueConfig& config) {
  QueueConfig wanted;
  if (ParseAttribute(info, text, &wanted).ok() && SameAttribute(info, wanted, config)) return absl::OkStatus();
  return SqsError(ErrorCode::kInvalidAttributeValue, absl::StrCat("Invalid value for the parameter ", info.name,
                                                                  ". Reason: Modifying queue type is not supported."));
}

absl::Status ApplyAttribute(const std::string& name, const std::string& text, QueueConfig* config) {
  const AttributeInfo* info = FindAttribute(name);
  if (info == nullptr) return UnknownAttribute(name);
  SQS_RETURN_IF_ERROR(CheckSettable(*info, config->fifo));
  if (info->access == AttributeAccess::kAtCreation) return CheckUnchanged(*info, text, *config);
  if (info->is_document()) return ReadDocument(*info, text, config);
  return ParseAttribute(*info, text, config);
}

// The two ways of encryption exclude each other (4.3).
absl::Status SettleEncryption(const StringMap& attributes, QueueConfig* config) {
  const bool key_given = FindValue(attributes, "KmsMasterKeyId") != nullptr;
  const bool period_given = FindValue(attributes, "KmsDataKeyReusePeriodSeconds") != nullptr;
  const bool managed_wanted =
      config->sqs_managed_sse_enabled && FindValue(attributes, "SqsManagedSseEnabled") != nullptr;

  if (key_given && !config->kms_master_key_id.empty()) {
    if (managed_wanted) {
      return SqsError(ErrorCode::kInvalidAttributeName,
                      "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE "
                      "or SQS SSE.");
    }
    config->sqs_managed_sse_enabled = false;
  } else if (key_given || managed_wanted) {  // No key any more.
    config->kms_master_key_id.clear();
    if (!period_given) config->kms_data_key_reuse_period_seconds = QueueConfig().kms_data_key_reuse_period_seconds;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyAttributes(const StringMap& attributes, QueueConfig* config) {
  for (const auto& [name, text] : attributes) SQS_RETURN_IF_ERROR(ApplyAttribute(name, text, config));
  if (config->fifo_throughput_limit == FifoThroughputLimit::kPerMessageGroupId &&
      config->deduplication_scope != DeduplicationScope::kMessageGroup) {
    return SqsError(
        ErrorCode::kInvalidAttributeValue,
        "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup");
  }
  return SettleEncryption(attributes, config);
}

const AttributeInfo* FirstDifference(const StringMap& attributes, const QueueConfig& a, const QueueConfig& b) {
  for (const auto& [name, text] : attributes) {
    const AttributeInfo* info = FindAttribute(name);
    if (info == nullptr || SameAttribute(*info, a, b)) continue;
    const auto* document = std::get_if<DocumentAttribute>(&info->value);
    if (document != nullptr && SamePolicy(a.*document->member, b.*document->member)) continue;
    return info;
  }
  return nullptr;
}

const std::string* FindValue(const StringMap& attributes, absl::string_view name) {
  for (auto attribute = attributes.rbegin(); attribute != attributes.rend(); ++attribute) {
    if (attribute->first == name) return &attribute->second;
  }
  return nullptr;
}

}  // namespace sqs
