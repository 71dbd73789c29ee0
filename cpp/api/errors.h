// The error catalogue: every error SQS answers, described once. Source: shared/spec/sqs.md, section 2.
//
// An error travels as an absl::Status whose payload names the row, so that the edges (Python, JSON, Query) can render
// shape, query code and HTTP status without knowing who failed:
//
//   return SqsError(ErrorCode::kQueueDoesNotExist, "The specified queue does not exist.");
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sqs {

// X(enumerator, shape, query code, HTTP status, namespace of the shape in JSON).
#define SQS_ERRORS(X)                                                                                             \
  X(QueueDoesNotExist, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400, kSqsShapes)           \
  X(QueueNameExists, "QueueNameExists", "QueueAlreadyExists", 400, kSqsShapes)                                    \
  X(QueueDeletedRecently, "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400, kSqsShapes) \
  X(PurgeQueueInProgress, "PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 403, kSqsShapes) \
  X(UnsupportedOperation, "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400, kSqsShapes) \
  X(MessageNotInflight, "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400, kSqsShapes)       \
  X(EmptyBatchRequest, "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400, kSqsShapes)          \
  X(TooManyEntriesInBatchRequest, "TooManyEntriesInBatchRequest",                                                 \
    "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400, kSqsShapes)                                       \
  X(BatchEntryIdsNotDistinct, "BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400, \
    kSqsShapes)                                                                                                   \
  X(BatchRequestTooLong, "BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400, kSqsShapes)    \
  X(InvalidBatchEntryId, "InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400, kSqsShapes)    \
  X(ReceiptHandleIsInvalid, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404, kSqsShapes)                  \
  X(InvalidAttributeName, "InvalidAttributeName", "InvalidAttributeName", 400, kSqsShapes)                        \
  X(InvalidAttributeValue, "InvalidAttributeValue", "InvalidAttributeValue", 400, kSqsShapes)                     \
  X(InvalidIdFormat, "InvalidIdFormat", "InvalidIdFormat", 400, kSqsShapes)                                       \
  X(InvalidMessageContents, "InvalidMessageContents", "InvalidMessageContents", 400, kSqsShapes)                  \
  X(InvalidAddress, "InvalidAddress", "InvalidAddress", 404, kSqsShapes)                                          \
  X(InvalidSecurity, "InvalidSecurity", "InvalidSecurity", 403, kSqsShapes)                                       \
  X(OverLimit, "OverLimit", "OverLimit", 403, kSqsShapes)                                                         \
  X(RequestThrottled, "RequestThrottled", "RequestThrottled", 403, kSqsShapes)                                    \
  X(ResourceNotFound, "ResourceNotFoundException", "ResourceNotFoundException", 404, kSqsShapes)                  \
  X(KmsAccessDenied, "KmsAccessDenied", "KMS.AccessDeniedException", 400, kSqsShapes)                             \
  X(KmsDisabled, "KmsDisabled", "KMS.DisabledException", 400, kSqsShapes)                                         \
  X(KmsInvalidKeyUsage, "KmsInvalidKeyUsage", "KMS.InvalidKeyUsageException", 400, kSqsShapes)                    \
  X(KmsInvalidState, "KmsInvalidState", "KMS.InvalidStateException", 400, kSqsShapes)                             \
  X(KmsNotFound, "KmsNotFound", "KMS.NotFoundException", 400, kSqsShapes)                                         \
  X(KmsThrottled, "KmsThrottled", "KMS.ThrottlingException", 400, kSqsShapes)                                     \
  X(KmsOptInRequired, "KmsOptInRequired", "KMS.OptInRequired", 403, kSqsShapes)                                   \
  X(InvalidParameterValue, "InvalidParameterValueException", "InvalidParameterValue", 400, kCoralShapes)          \
  X(MissingParameter, "MissingRequiredParameterException", "MissingParameter", 400, kCoralShapes)                 \
  X(UnknownOperation, "UnknownOperationException", "InvalidAction", 400, kCoralShapes)                            \
  X(Serialization, "SerializationException", "MalformedInput", 400, kCoralShapes)                                 \
  X(AccessDenied, "AccessDeniedException", "AccessDenied", 403, kCoralShapes)                                     \
  X(InvalidClientTokenId, "UnrecognizedClientException", "InvalidClientTokenId", 403, kCoralShapes)               \
  X(SignatureDoesNotMatch, "InvalidSignatureException", "SignatureDoesNotMatch", 403, kCoralShapes)               \
  X(IncompleteSignature, "IncompleteSignatureException", "IncompleteSignature", 400, kCoralShapes)                \
  X(InternalFailure, "InternalFailure", "InternalFailure", 500, kCoralShapes)

enum ShapeNamespace { kSqsShapes, kCoralShapes };

enum class ErrorCode : uint8_t {
#define SQS_ERROR_ENUM(Name, shape, query_code, http_status, space) k##Name,
  SQS_ERRORS(SQS_ERROR_ENUM)
#undef SQS_ERROR_ENUM
};

#define SQS_ERROR_ONE(Name, shape, query_code, http_status, space) +1
inline constexpr int kErrorCount = 0 SQS_ERRORS(SQS_ERROR_ONE);
#undef SQS_ERROR_ONE

struct ErrorInfo {
  ErrorCode code;
  const char* shape;       // "ReceiptHandleIsInvalid": chooses the exception class in SDKs.
  const char* query_code;  // What boto3 shows as Error.Code.
  int http_status;
  ShapeNamespace shape_namespace;

  // "com.amazonaws.sqs" or "com.amazon.coral.service": the part before '#' of "__type".
  const char* Namespace() const;
  // False for our own faults: "Receiver" in x-amzn-query-error and Error.Type.
  bool is_sender_fault() const { return code != ErrorCode::kInternalFailure; }
};

const ErrorInfo& Info(ErrorCode code);

// A failed status that carries `code`. Never OK.
absl::Status SqsError(ErrorCode code, absl::string_view text);

// The row of a failed status; kInternalFailure for one that SqsError did not make.
const ErrorInfo& InfoOf(const absl::Status& status);

// The texts that many rules share.
//
// "Value <value> for parameter <parameter> is invalid. Reason: <reason>"
absl::Status InvalidValue(absl::string_view value, absl::string_view parameter, absl::string_view reason);
// "The request must contain the parameter <parameter>."
absl::Status MissingParameter(absl::string_view parameter);
// "Unknown Attribute <name>."
absl::Status UnknownAttribute(absl::string_view name);
// "The specified queue does not exist." (the Query codec appends the rest of its own text).
absl::Status QueueDoesNotExist();

}  // namespace sqs
