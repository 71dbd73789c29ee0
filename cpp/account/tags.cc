#include "account/tags.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "account/message_rules.h"
#include "api/errors.h"
#include "api/limits.h"
#include "base/status.h"
#include "base/utf8.h"

namespace sqs {
namespace {

// Text that any wire can carry, of `min` to `max` characters.
bool IsTagText(absl::string_view text, int min, int max) {
  const int characters = CountCodePoints(text);
  return characters >= min && characters <= max && (text.empty() || IsMessageText(text));
}

absl::Status CheckTagKey(absl::string_view key) {
  if (IsTagText(key, 1, kTagKeyMax)) return absl::OkStatus();
  return SqsError(ErrorCode::kInvalidParameterValue,
                  absl::StrCat("Tag keys must be between 1 and ", kTagKeyMax, " characters in length."));
}

absl::Status CheckTagValue(absl::string_view value) {
  if (IsTagText(value, 0, kTagValueMax)) return absl::OkStatus();
  return SqsError(ErrorCode::kInvalidParameterValue,
                  absl::StrCat("Tag values must be between 0 and ", kTagValueMax, " characters in length."));
}

}  // namespace

absl::Status CheckTags(const StringMap& added, const StringMap& tags, absl::string_view queue_name) {
  for (const auto& [key, value] : added) {
    SQS_RETURN_IF_ERROR(CheckTagKey(key));
    SQS_RETURN_IF_ERROR(CheckTagValue(value));
  }
  if (MergeTags(tags, added).size() > kTagsMax) {
    return SqsError(ErrorCode::kInvalidParameterValue, absl::StrCat("Too many tags added for queue ", queue_name, "."));
  }
  return absl::OkStatus();
}

absl::Status CheckTagKeys(const StringList& keys) {
  if (keys.empty()) return CheckTagKey("");
  for (const std::string& key : keys) SQS_RETURN_IF_ERROR(CheckTagKey(key));
  return absl::OkStatus();
}

StringMap MergeTags(StringMap tags, const StringMap& added) {
  for (const auto& [key, value] : added) {
    const auto known =
        std::find_if(tags.begin(), tags.end(), [&key = key](const auto& tag) { return tag.first == key; });
    if (known != tags.end()) {
      known->second = value;
    } else {
      tags.emplace_back(key, value);
    }
  }
  return tags;
}

}  // namespace sqs
