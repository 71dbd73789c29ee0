// Who signed a request, verified: the strict access of `serve --credentials` (shared/spec/sqs.md, 1.6).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/credentials.h"
#include "wire/protocol.h"

namespace sqs::server {

struct Principal {
  std::string account;
  std::string region;
  std::string arn;
};

// The principal that signed `request` with one of the `credentials`.
//
// Errors: AccessDenied without a signature, InvalidClientTokenId for a key that is not known, SignatureDoesNotMatch,
// IncompleteSignature.
absl::StatusOr<Principal> Authenticate(const wire::Request& request, const Credentials& credentials, absl::Time now);

}  // namespace sqs::server
