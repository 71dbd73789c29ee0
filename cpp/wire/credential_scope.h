// Who calls, as far as a request says so without being verified: the SigV4 credential scope in the Authorization header
// or in the query string (shared/spec/sqs.md, 1.6).
#pragma once

#include <optional>

#include "absl/strings/string_view.h"

namespace sqs::wire {

// Views into what was read.
struct CredentialScope {
  absl::string_view access_key;
  absl::string_view region;
};

// From "AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/sqs/aws4_request, ..."; absent for anything else.
std::optional<CredentialScope> ScopeOfAuthorization(absl::string_view authorization);
// From "KEY/20260101/us-east-1/sqs/aws4_request": the X-Amz-Credential of a signed query string.
std::optional<CredentialScope> ScopeOfCredential(absl::string_view credential);

// A 12-digit access key names the account, as other emulators have it.
bool NamesAnAccount(absl::string_view access_key);

}  // namespace sqs::wire
