#include "account/batch.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace sqs {

bool IsBatchEntryId(absl::string_view id) {
  return !id.empty() && id.size() <= kBatchEntryIdMax && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

BatchResultErrorEntry FailedEntry(absl::string_view id, const absl::Status& status) {
  const ErrorInfo& info = InfoOf(status);
  return {std::string(id), info.is_sender_fault(), info.query_code, std::string(status.message())};
}

}  // namespace sqs
