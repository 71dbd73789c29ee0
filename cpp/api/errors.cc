#include "api/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace sqs {
namespace {

constexpr char kPayloadUrl[] = "localsqs/error-code";

constexpr ErrorInfo kErrors[kErrorCount] = {
#define SQS_ERROR_ROW(Name, shape, query_code, http_status, space) \
  {ErrorCode::k##Name, shape, query_code, http_status, space},
    SQS_ERRORS(SQS_ERROR_ROW)
#undef SQS_ERROR_ROW
};

}  // namespace

const char* ErrorInfo::Namespace() const {
  return shape_namespace == kSqsShapes ? "com.amazonaws.sqs" : "com.amazon.coral.service";
}

const ErrorInfo& Info(ErrorCode code) { return kErrors[static_cast<int>(code)]; }

absl::Status SqsError(ErrorCode code, absl::string_view text) {
  absl::Status status(absl::StatusCode::kInvalidArgument, text);
  const char byte = static_cast<char>(code);
  status.SetPayload(kPayloadUrl, absl::Cord(absl::string_view(&byte, 1)));
  return status;
}

const ErrorInfo& InfoOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return Info(ErrorCode::kInternalFailure);
  return kErrors[static_cast<unsigned char>((*payload)[0])];
}

absl::Status InvalidValue(absl::string_view value, absl::string_view parameter, absl::string_view reason) {
  return SqsError(ErrorCode::kInvalidParameterValue,
                  absl::StrCat("Value ", value, " for parameter ", parameter, " is invalid. Reason: ", reason));
}

absl::Status MissingParameter(absl::string_view parameter) {
  return SqsError(ErrorCode::kMissingParameter,
                  absl::StrCat("The request must contain the parameter ", parameter, "."));
}

absl::Status UnknownAttribute(absl::string_view name) {
  return SqsError(ErrorCode::kInvalidAttributeName, absl::StrCat("Unknown Attribute ", name, "."));
}

absl::Status QueueDoesNotExist() {
  return SqsError(ErrorCode::kQueueDoesNotExist, "The specified queue does not exist.");
}

}  // namespace sqs
