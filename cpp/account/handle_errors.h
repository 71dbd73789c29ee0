// What a receipt handle can be refused with (shared/spec/sqs.md, 6.6).
#pragma once

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "api/errors.h"

namespace sqs {

// Never issued by the queue.
inline absl::Status HandleIsInvalid(absl::string_view receipt_handle) {
  return SqsError(ErrorCode::kReceiptHandleIsInvalid,
                  absl::StrCat("The input receipt handle \"", receipt_handle, "\" is not a valid receipt handle."));
}

// FIFO: the visibility timeout ran out, or the message was received again.
inline absl::Status HandleHasExpired(absl::string_view receipt_handle) {
  return InvalidValue(receipt_handle, "ReceiptHandle", "The receipt handle has expired.");
}

}  // namespace sqs
