// What the three batch operations share: the checks of a whole request and the two lists of its answer
// (shared/spec/sqs.md, section 9).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "api/errors.h"
#include "api/limits.h"
#include "api/types.h"
#include "base/status.h"

namespace sqs {

// [A-Za-z0-9_-]{1,80}.
bool IsBatchEntryId(absl::string_view id);

// `what` names an entry in the text for an empty batch.
template <class Entry>
absl::Status CheckBatch(const std::optional<std::vector<Entry>>& entries, absl::string_view what) {
  if (!entries.has_value()) return MissingParameter("Entries");
  if (entries->empty()) {
    return SqsError(ErrorCode::kEmptyBatchRequest,
                    absl::StrCat("There should be at least one ", what, " in the request."));
  }
  if (entries->size() > kBatchEntriesMax) {
    return SqsError(ErrorCode::kTooManyEntriesInBatchRequest,
                    absl::StrCat("Maximum number of entries per request are ", kBatchEntriesMax, ". You have sent ",
                                 entries->size(), "."));
  }
  for (const Entry& entry : *entries) {
    if (!IsBatchEntryId(entry.id)) {
      return SqsError(ErrorCode::kInvalidBatchEntryId,
                      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be "
                      "at most 80 letters long.");
    }
  }
  // Ten entries at most: comparing all pairs beats a set. Their beginnings first, as numbers: nearly all differ there.
  uint64_t beginnings[kBatchEntriesMax] = {};
  for (size_t i = 0; i < entries->size(); ++i) {
    const std::string& id = (*entries)[i].id;
    std::memcpy(&beginnings[i], id.data(), std::min(id.size(), sizeof(uint64_t)));
  }
  for (size_t i = 1; i < entries->size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (beginnings[i] == beginnings[k] && (*entries)[i].id == (*entries)[k].id) {
        return SqsError(ErrorCode::kBatchEntryIdsNotDistinct, absl::StrCat("Id ", (*entries)[i].id, " repeated."));
      }
    }
  }
  return absl::OkStatus();
}

// The entry of the Failed list for `status`.
BatchResultErrorEntry FailedEntry(absl::string_view id, const absl::Status& status);

}  // namespace sqs
