// Access keys that the endpoint accepts, from a file in the form of AWS's own credentials file:
//
//   [alice]
//   aws_access_key_id = AKIAIOSFODNN7EXAMPLE
//   aws_secret_access_key = ...
//   aws_session_token = ...        optional: then requests must carry it
//   aws_account_id = 123456789012  optional: else the access key if it is twelve digits, else the server's account
//   principal_arn = arn:...        optional: else the user of the section's name, or the root for [default] and [root]
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sqs::server {

struct Credential {
  std::string secret_access_key;
  std::string session_token;  // "" for none.
  std::string account;
  std::string principal_arn;
};

class Credentials {
 public:
  // Of the text of a file. InvalidArgument, with the number of the line, for what is not understood.
  static absl::StatusOr<Credentials> Parse(absl::string_view text, absl::string_view default_account);
  static absl::StatusOr<Credentials> Read(const std::string& path, absl::string_view default_account);

  // Null for a key that is not known.
  const Credential* Find(absl::string_view access_key) const;
  size_t size() const { return by_access_key_.size(); }

 private:
  absl::flat_hash_map<std::string, Credential> by_access_key_;
};

}  // namespace sqs::server
