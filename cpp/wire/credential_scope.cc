#include "wire/credential_scope.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace sqs::wire {

std::optional<CredentialScope> ScopeOfCredential(absl::string_view credential) {
  const std::vector<absl::string_view> parts = absl::StrSplit(credential, '/');
  if (parts.size() != 5 || parts[0].empty() || parts[2].empty()) return std::nullopt;
  return CredentialScope{std::string(parts[0]), std::string(parts[2])};
}

std::optional<CredentialScope> ScopeOfAuthorization(absl::string_view authorization) {
  if (!absl::ConsumePrefix(&authorization, "AWS4-HMAC-SHA256")) return std::nullopt;
  constexpr absl::string_view kCredential = "Credential=";
  const size_t start = authorization.find(kCredential);
  if (start == absl::string_view::npos) return std::nullopt;
  authorization.remove_prefix(start + kCredential.size());
  return ScopeOfCredential(authorization.substr(0, authorization.find_first_of(", ")));
}

bool NamesAnAccount(absl::string_view access_key) {
  return access_key.size() == 12 && std::all_of(access_key.begin(), access_key.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

}  // namespace sqs::wire
