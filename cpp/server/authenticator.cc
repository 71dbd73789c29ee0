#include "server/authenticator.h"

#include "absl/strings/str_cat.h"
#include "api/errors.h"
#include "base/status.h"
#include "wire/sigv4.h"

namespace sqs::server {

absl::StatusOr<Principal> Authenticate(const wire::Request& request, const Credentials& credentials, absl::Time now) {
  const wire::SignedParts parts{request.method, request.target, request.body, *request.headers};
  SQS_ASSIGN_OR_RETURN(const std::optional<wire::Signature> signature, wire::ReadSignature(parts));
  if (!signature.has_value()) {
    const absl::string_view path = request.target.substr(0, request.target.find('?'));
    return SqsError(ErrorCode::kAccessDenied, absl::StrCat("Access to the resource ", path, " is denied."));
  }
  const Credential* credential = credentials.Find(signature->access_key);
  if (credential == nullptr || signature->session_token != credential->session_token) {
    return SqsError(ErrorCode::kInvalidClientTokenId, "The security token included in the request is invalid.");
  }
  SQS_RETURN_IF_ERROR(wire::VerifySignature(parts, *signature, credential->secret_access_key, now));
  return Principal{credential->account, signature->region, credential->principal_arn};
}

}  // namespace sqs::server
