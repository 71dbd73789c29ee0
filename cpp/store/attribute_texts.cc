// A queue's configuration as rows of text, by the AWS names of its attributes. Documents were checked when they were
// set and are read back as they are; a redrive policy is "<maxReceiveCount> <ARN>", so that reading it takes no JSON.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/attributes.h"
#include "store/row_codec.h"

namespace sqs {
namespace {

std::string TextOf(const RedrivePolicy& policy) {
  return absl::StrCat(policy.max_receive_count, " ", policy.dead_letter_target_arn);
}

bool ReadText(absl::string_view text, RedrivePolicy* policy) {
  const size_t space = text.find(' ');
  if (space == absl::string_view::npos) return false;
  policy->dead_letter_target_arn = std::string(text.substr(space + 1));
  return absl::SimpleAtoi(text.substr(0, space), &policy->max_receive_count);
}

}  // namespace

StringMap AttributeTexts(const QueueConfig& config) {
  StringMap texts;
  for (const AttributeInfo& info : AllAttributes()) {
    if (info.access == AttributeAccess::kReadOnly) continue;
    const auto* redrive = std::get_if<RedrivePolicyAttribute>(&info.value);
    texts.emplace_back(info.name,
                       redrive != nullptr ? TextOf(config.*(redrive->member)) : ConfiguredText(info, config));
  }
  return texts;
}

bool SetAttributeText(absl::string_view name, absl::string_view value, QueueConfig* config) {
  const AttributeInfo* info = FindAttribute(name);
  if (info == nullptr) return false;
  if (const auto* redrive = std::get_if<RedrivePolicyAttribute>(&info->value)) {
    return ReadText(value, &(config->*(redrive->member)));
  }
  if (const auto* document = std::get_if<DocumentAttribute>(&info->value)) {
    config->*(document->member) = std::string(value);
    return true;
  }
  return ParseAttribute(*info, value, config).ok();
}

}  // namespace sqs
