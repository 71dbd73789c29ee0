// ChangeMessageVisibility and ChangeMessageVisibilityBatch (shared/spec/sqs.md, 6.5, 6.6, 9), and answers that reached
// nobody.

#include "absl/strings/str_cat.h"
#include "account/accounts.h"
#include "account/batch.h"
#include "account/handle_errors.h"
#include "base/status.h"

namespace sqs {
namespace {

constexpr char kRange[] = "Must be between 0 and 43200.";
constexpr char kRangeInBatch[] = "VisibilityTimeout must be an integer between 0 and 43200.";

absl::Status CheckTimeout(int64_t timeout, absl::string_view reason) {
  if (timeout >= 0 && timeout <= kVisibilityTimeoutSecondsMax) return absl::OkStatus();
  return InvalidValue(absl::StrCat(timeout), "VisibilityTimeout", reason);
}

absl::Status CheckEntry(const ChangeMessageVisibilityBatchRequestEntry& entry, size_t number) {
  const auto missing = [number](absl::string_view member) {
    return MissingParameter(absl::StrCat("ChangeMessageVisibilityBatchRequestEntry.", number, ".", member));
  };
  if (entry.receipt_handle.empty()) return missing("ReceiptHandle");
  if (!entry.visibility_timeout.has_value()) return missing("VisibilityTimeout");
  return CheckTimeout(*entry.visibility_timeout, kRangeInBatch);
}

}  // namespace

absl::StatusOr<ChangeMessageVisibilityResult> Accounts::Handle(const ChangeMessageVisibilityRequest& request,
                                                               const CallContext& context) {
  if (request.receipt_handle.empty()) return MissingParameter("ReceiptHandle");
  if (!request.visibility_timeout.has_value()) return MissingParameter("VisibilityTimeout");
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  SQS_RETURN_IF_ERROR(CheckTimeout(*request.visibility_timeout, kRange));
  SQS_RETURN_IF_ERROR(AdmitFifo(*queue, Operation::kChangeMessageVisibility, 1, context.now));
  SQS_RETURN_IF_ERROR(ChangeVisibility(*queue, request.receipt_handle, *request.visibility_timeout, context.now));
  return ChangeMessageVisibilityResult();
}

absl::StatusOr<ChangeMessageVisibilityBatchResult> Accounts::Handle(const ChangeMessageVisibilityBatchRequest& request,
                                                                    const CallContext& context) {
  if (!request.entries.has_value()) return MissingParameter("Entries");
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  SQS_RETURN_IF_ERROR(CheckBatch(request.entries, "ChangeMessageVisibilityBatch"));
  SQS_RETURN_IF_ERROR(AdmitFifo(*queue, Operation::kChangeMessageVisibilityBatch,
                                static_cast<int>(request.entries->size()), context.now));
  ChangeMessageVisibilityBatchResult result;
  result.successful.reserve(request.entries->size());
  for (size_t i = 0; i < request.entries->size(); ++i) {
    const ChangeMessageVisibilityBatchRequestEntry& entry = (*request.entries)[i];
    absl::Status status = CheckEntry(entry, i + 1);
    if (status.ok()) status = ChangeVisibility(*queue, entry.receipt_handle, *entry.visibility_timeout, context.now);
    if (status.ok()) {
      result.successful.push_back({entry.id});
    } else {
      result.failed.push_back(FailedEntry(entry.id, status));
    }
  }
  return result;
}

absl::Status Accounts::ChangeVisibility(Queue& queue, absl::string_view receipt_handle, int64_t timeout_seconds,
                                        absl::Time now) {
  const ResolvedHandle handle = queue.Resolve(receipt_handle);
  if (handle.state == ResolvedHandle::kGarbage) return HandleIsInvalid(receipt_handle);
  if (handle.state == ResolvedHandle::kGone) {
    return InvalidValue(receipt_handle, "ReceiptHandle",
                        "Message does not exist or is not available for visibility timeout change.");
  }
  if (queue.fifo() && (handle.state == ResolvedHandle::kOlder || !handle.in_flight)) {
    return HandleHasExpired(receipt_handle);
  }
  // On a standard queue a message that is visible again is hidden again, and an older handle serves as well (6.6).
  const Message& message = *queue.Find(handle.place);
  const absl::Duration timeout = absl::Seconds(timeout_seconds);
  const absl::Duration since_receive = now - absl::FromUnixNanos(message.received_at_ns);
  if (since_receive + timeout > absl::Seconds(kVisibilityTimeoutSecondsMax)) {
    return InvalidValue(absl::StrCat(timeout_seconds), "VisibilityTimeout",
                        "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
  }
  Emit(queue.number(), now, VisibilityChanged{handle.place, message.payload, now + timeout});
  return absl::OkStatus();
}

void Accounts::Undeliver(absl::string_view receipt_handle, absl::Time now) {
  Queue* queue = FindQueue(ReceiptHandle::QueueOf(receipt_handle));
  if (queue == nullptr) return;
  const ResolvedHandle handle = queue->Resolve(receipt_handle);
  if (handle.state != ResolvedHandle::kLatest || !handle.in_flight) return;
  Emit(queue->number(), now, Undelivered{handle.place, queue->Find(handle.place)->payload});
}

}  // namespace sqs
