#include "account/redrive_policy.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "account/json.h"
#include "account/queue_address.h"
#include "api/errors.h"
#include "api/limits.h"
#include "base/status.h"

namespace sqs {
namespace {

// Far above what either document needs (eleven ARNs, to be told that ten are allowed); the rest is not worth parsing.
constexpr size_t kDocumentBytesMax = 8192;

std::optional<Json> ParseObject(absl::string_view text) {
  if (text.size() > kDocumentBytesMax) return std::nullopt;
  std::optional<Json> document = ParseJson(text);
  if (!document.has_value() || !document->is_object()) return std::nullopt;
  return document;
}

// A number or a string of digits in 1 to 1000.
std::optional<int64_t> ReceiveCount(const Json& value) {
  int64_t count = 0;
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > kMaxReceiveCountMax) return std::nullopt;
    count = static_cast<int64_t>(number);
  } else if (value.is_string()) {
    const auto& digits = value.get_ref<const std::string&>();
    if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) return std::nullopt;
    if (!absl::SimpleAtoi(digits, &count)) return std::nullopt;
  }
  if (count < 1 || count > kMaxReceiveCountMax) return std::nullopt;
  return count;
}

// Empty if `arn` names a queue in full, else the reason why it does not.
absl::string_view TargetFault(const Json& arn) {
  constexpr absl::string_view kNoFullArn = "Dead-letter target ARN should be fully qualified ARN.";
  if (!arn.is_string()) return kNoFullArn;
  const absl::string_view service = ServiceOfArn(arn.get_ref<const std::string&>());
  if (service.empty()) return kNoFullArn;
  if (service != "sqs") return "Only SQS queues are valid resources for deadLetterTargetArn.";
  return {};
}

absl::Status UnsupportedAllowPolicy() {
  return SqsError(ErrorCode::kInvalidParameterValue,
                  "Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't create the redrive "
                  "allow policy, as it\xE2\x80\x99s in an unsupported format.");
}

absl::Status InvalidAllowPolicy(absl::string_view text, absl::string_view reason) {
  return InvalidValue(text, "RedriveAllowPolicy",
                      absl::StrCat("Amazon SQS can't create the redrive allow policy. ", reason));
}

// Only the two known members, the permission one of the three, the sources ARNs of queues.
bool HasAllowPolicyShape(const Json& document) {
  for (const auto& [name, value] : document.items()) {
    if (name != "redrivePermission" && name != "sourceQueueArns") return false;
  }
  const auto permission = document.find("redrivePermission");
  if (permission == document.end()) return false;
  if (*permission != "allowAll" && *permission != "denyAll" && *permission != "byQueue") return false;
  const auto sources = document.find("sourceQueueArns");
  if (sources == document.end()) return true;
  return sources->is_array() && std::all_of(sources->begin(), sources->end(), [](const Json& source) {
           QueueAddress address;
           return source.is_string() && ParseQueueArn(source.get_ref<const std::string&>(), &address);
         });
}

}  // namespace

absl::Status InvalidRedrivePolicy(absl::string_view text, absl::string_view reason) {
  return InvalidValue(text, "RedrivePolicy", reason);
}

absl::StatusOr<RedrivePolicy> ParseRedrivePolicy(absl::string_view text) {
  if (text.empty()) return RedrivePolicy{};
  const std::optional<Json> document = ParseObject(text);
  if (!document.has_value()) {
    return SqsError(ErrorCode::kInvalidParameterValue,
                    "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.");
  }
  for (const char* member : {"maxReceiveCount", "deadLetterTargetArn"}) {
    if (document->contains(member)) continue;
    return InvalidRedrivePolicy(text,
                                absl::StrCat("Redrive policy does not contain mandatory attribute: ", member, "."));
  }
  if (document->size() > 2) {
    return InvalidRedrivePolicy(text,
                                "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].");
  }
  const Json& count_value = document->at("maxReceiveCount");
  const std::optional<int64_t> count = ReceiveCount(count_value);
  if (!count.has_value()) {
    const std::string shown = count_value.is_string() ? count_value.get<std::string>() : CompactJson(count_value);
    return InvalidRedrivePolicy(
        text, absl::StrCat("Invalid value for maxReceiveCount: ", shown, ", valid values are from 1 to ",
                           kMaxReceiveCountMax, " both inclusive."));
  }
  const Json& target = document->at("deadLetterTargetArn");
  if (const absl::string_view fault = TargetFault(target); !fault.empty()) return InvalidRedrivePolicy(text, fault);
  return RedrivePolicy{.dead_letter_target_arn = target.get<std::string>(), .max_receive_count = *count};
}

absl::StatusOr<std::string> NormalizeRedriveAllowPolicy(absl::string_view text) {
  if (text.empty()) return std::string();
  const std::optional<Json> document = ParseObject(text);
  if (!document.has_value() || !HasAllowPolicyShape(*document)) return UnsupportedAllowPolicy();

  const Json sources = document->value("sourceQueueArns", Json::array());
  const bool by_queue = document->at("redrivePermission") == "byQueue";
  if (by_queue && sources.empty()) {
    return InvalidAllowPolicy(text,
                              "When you specify the byQueue permission type, you must also specify one or more "
                              "sourceQueueArns values.");
  }
  if (!by_queue && !sources.empty()) {
    return InvalidAllowPolicy(text,
                              "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.");
  }
  if (sources.size() > kRedriveAllowSourcesMax) {
    return InvalidAllowPolicy(text, "The maximum number of source queue ARNs you can specify is 10.");
  }
  Json canonical = {{"redrivePermission", document->at("redrivePermission")}};
  if (by_queue) canonical["sourceQueueArns"] = sources;
  return CompactJson(canonical);
}

bool AllowsSource(absl::string_view redrive_allow_policy, absl::string_view source_arn) {
  if (redrive_allow_policy.empty()) return true;
  const std::optional<Json> document = ParseJson(redrive_allow_policy);
  if (!document.has_value()) return true;
  const Json& permission = document->at("redrivePermission");
  if (permission != "byQueue") return permission == "allowAll";
  for (const Json& source : document->at("sourceQueueArns")) {
    if (source.get_ref<const std::string&>() == source_arn) return true;
  }
  return false;
}

}  // namespace sqs
