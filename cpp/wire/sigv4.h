// Signature Version 4, as the service checks it: of a request, in the Authorization header or in the query string.
// Source: shared/spec/sqs.md, 1.6; AWS, "Create a signed AWS API request".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sqs::wire {

// All header fields of a request: what is signed is the signer's choice.
class HeaderFields {
 public:
  virtual ~HeaderFields() = default;
  // The value of a field, in any case of its name, or absent; of a repeated field, the values joined with commas.
  virtual std::optional<std::string> Value(absl::string_view name) const = 0;
};

// What a signature is over. The views live as long as the request.
struct SignedParts {
  absl::string_view method;
  absl::string_view target;  // Path and query string, as sent.
  absl::string_view body;
  const HeaderFields& headers;
};

struct Signature {
  std::string access_key;
  std::string date;  // Of the scope: "20260101".
  std::string region;
  std::string service;
  std::string signed_at;                    // "20260101T000000Z"
  std::vector<std::string> signed_headers;  // In lower case, in order.
  std::string signature;                    // 64 hex digits.
  std::string session_token;                // "" for none.
  bool in_query = false;
  absl::Duration valid_for;  // From signed_at; of a signed query string its own X-Amz-Expires.
};

// The signature that a request carries; absent if it carries none. IncompleteSignature if it is not understood.
absl::StatusOr<std::optional<Signature>> ReadSignature(const SignedParts& parts);

// Whether it was made with `secret` over these parts, for SQS, not long ago. SignatureDoesNotMatch otherwise.
absl::Status VerifySignature(const SignedParts& parts, const Signature& signature, absl::string_view secret,
                             absl::Time now);

// The 64 hex digits that `signature` should have.
std::string ComputeSignature(const SignedParts& parts, const Signature& signature, absl::string_view secret);

}  // namespace sqs::wire
