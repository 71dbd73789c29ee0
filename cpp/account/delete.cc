// DeleteMessage and DeleteMessageBatch (shared/spec/sqs.md, 6.6, 9).

#include "absl/strings/str_cat.h"
#include "account/accounts.h"
#include "account/batch.h"
#include "account/handle_errors.h"
#include "base/status.h"

namespace sqs {

absl::StatusOr<DeleteMessageResult> Accounts::Handle(const DeleteMessageRequest& request, const CallContext& context) {
  if (request.receipt_handle.empty()) return MissingParameter("ReceiptHandle");
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  SQS_RETURN_IF_ERROR(AdmitFifo(*queue, Operation::kDeleteMessage, 1, context.now));
  SQS_RETURN_IF_ERROR(Delete(*queue, request.receipt_handle, context.now));
  return DeleteMessageResult();
}

absl::StatusOr<DeleteMessageBatchResult> Accounts::Handle(const DeleteMessageBatchRequest& request,
                                                          const CallContext& context) {
  if (!request.entries.has_value()) return MissingParameter("Entries");
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  SQS_RETURN_IF_ERROR(CheckBatch(request.entries, "DeleteMessageBatchRequestEntry"));
  SQS_RETURN_IF_ERROR(
      AdmitFifo(*queue, Operation::kDeleteMessageBatch, static_cast<int>(request.entries->size()), context.now));
  DeleteMessageBatchResult result;
  result.successful.reserve(request.entries->size());
  for (size_t i = 0; i < request.entries->size(); ++i) {
    const DeleteMessageBatchRequestEntry& entry = (*request.entries)[i];
    const absl::Status status =
        entry.receipt_handle.empty()
            ? MissingParameter(absl::StrCat("DeleteMessageBatchRequestEntry.", i + 1, ".ReceiptHandle"))
            : Delete(*queue, entry.receipt_handle, context.now);
    if (status.ok()) {
      result.successful.push_back({entry.id});
    } else {
      result.failed.push_back(FailedEntry(entry.id, status));
    }
  }
  return result;
}

absl::Status Accounts::Delete(Queue& queue, absl::string_view receipt_handle, absl::Time now) {
  const ResolvedHandle handle = queue.Resolve(receipt_handle);
  if (handle.state == ResolvedHandle::kGarbage) return HandleIsInvalid(receipt_handle);
  if (handle.state == ResolvedHandle::kGone) {
    Emit(queue.number(), now, DeleteIgnored{});
    return absl::OkStatus();
  }
  if (queue.fifo() && (handle.state == ResolvedHandle::kOlder || !handle.in_flight)) {
    return HandleHasExpired(receipt_handle);
  }
  // An older handle answers success and does not delete; the service may or may not (6.6).
  const bool forgotten = !queue.fifo() && random_.Chance(faults_.forget_delete);
  if (handle.state == ResolvedHandle::kOlder || forgotten) {
    Emit(queue.number(), now, DeleteIgnored{forgotten});
  } else {
    Emit(queue.number(), now, Deleted{handle.place, queue.Find(handle.place)->payload});
  }
  return absl::OkStatus();
}

}  // namespace sqs
