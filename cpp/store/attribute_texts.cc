// A queue's configuration as rows of text, by the AWS names of its attributes.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/attributes.h"
#include "store/row_codec.h"

namespace sqs {
namespace {

struct Writer {
  const QueueConfig& config;

  std::string operator()(const IntegerAttribute& kind) const { return absl::StrCat(config.*kind.member); }
  std::string operator()(const BoolAttribute& kind) const { return config.*kind.member ? "true" : "false"; }
  template <class Enum>
  std::string operator()(const EnumAttribute<Enum>& kind) const {
    return kind.names[static_cast<size_t>(config.*kind.member)];
  }
  std::string operator()(const TextAttribute& kind) const { return config.*kind.member; }
  std::string operator()(const DocumentAttribute& kind) const { return config.*kind.member; }
  // "<maxReceiveCount> <ARN>", so that reading it back takes no JSON.
  std::string operator()(const RedrivePolicyAttribute& kind) const {
    const RedrivePolicy& policy = config.*kind.member;
    return absl::StrCat(policy.max_receive_count, " ", policy.dead_letter_target_arn);
  }
  std::string operator()(const ObservedCount&) const { return ""; }
  std::string operator()(const ObservedText&) const { return ""; }
};

// Values were checked when they were set: what reads them back takes them as they are.
struct Reader {
  absl::string_view text;
  QueueConfig* config;

  bool operator()(const IntegerAttribute& kind) const { return absl::SimpleAtoi(text, &(config->*kind.member)); }
  bool operator()(const BoolAttribute& kind) const {
    config->*kind.member = text == "true";
    return text == "true" || text == "false";
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
    config->*kind.member = std::string(text);
    return true;
  }
  bool operator()(const DocumentAttribute& kind) const {
    config->*kind.member = std::string(text);
    return true;
  }
  bool operator()(const RedrivePolicyAttribute& kind) const {
    RedrivePolicy& policy = config->*kind.member;
    const size_t space = text.find(' ');
    if (space == absl::string_view::npos) return false;
    policy.dead_letter_target_arn = std::string(text.substr(space + 1));
    return absl::SimpleAtoi(text.substr(0, space), &policy.max_receive_count);
  }
  bool operator()(const ObservedCount&) const { return false; }
  bool operator()(const ObservedText&) const { return false; }
};

}  // namespace

StringMap AttributeTexts(const QueueConfig& config) {
  StringMap texts;
  for (const AttributeInfo& info : AllAttributes()) {
    if (info.access == AttributeAccess::kReadOnly) continue;
    texts.emplace_back(info.name, std::visit(Writer{config}, info.value));
  }
  return texts;
}

bool SetAttributeText(absl::string_view name, absl::string_view value, QueueConfig* config) {
  const AttributeInfo* info = FindAttribute(name);
  return info != nullptr && std::visit(Reader{value, config}, info->value);
}

}  // namespace sqs
