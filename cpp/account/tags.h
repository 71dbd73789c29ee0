// The rules for the tags of a queue. Source: shared/spec/sqs.md, 3.4.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/fields.h"

namespace sqs {

// Checks `added` on the queue `queue_name`, which has `tags`. InvalidParameterValue for a key or a value that no tag
// may have, and for more than 50 tags together.
absl::Status CheckTags(const StringMap& added, const StringMap& tags, absl::string_view queue_name);

// Checks keys of tags to be removed: there is one, and each may be one.
absl::Status CheckTagKeys(const StringList& keys);

// `tags` with those of `added`: known keys keep their place and get the new value, others follow in order.
StringMap MergeTags(StringMap tags, const StringMap& added);

}  // namespace sqs
