#include "wire/credential_scope.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace sqs::wire {

std::optional<CredentialScope> ScopeOfCredential(absl::string_view credential) {
  absl::string_view parts[4];
  for (int i = 0; i < 4; ++i) {
    const size_t slash = credential.find('/');
    if (slash == absl::string_view::npos) return std::nullopt;
    parts[i] = credential.substr(0, slash);
    credential.remove_prefix(slash + 1);
  }
  if (parts[0].empty() || parts[2].empty() || absl::StrContains(credential, '/')) return std::nullopt;
  return CredentialScope{parts[0], parts[2]};
}

std::optional<CredentialScope> ScopeOfAuthorization(absl::string_view authorization) {
  if (!absl::ConsumePrefix(&authorization, "AWS4-HMAC-SHA256")) return std::nullopt;
  constexpr absl::string_view kCredential = "Credential=";
  const size_t start = authorization.find(kCredential);
  if (start == absl::string_view::npos) return std::nullopt;
  authorization.remove_prefix(start + kCredential.size());
  const auto end =
      std::find_if(authorization.begin(), authorization.end(), [](char c) { return c == ',' || c == ' '; });
  return ScopeOfCredential(authorization.substr(0, static_cast<size_t>(end - authorization.begin())));
}

bool NamesAnAccount(absl::string_view access_key) {
  return access_key.size() == 12 && std::all_of(access_key.begin(), access_key.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

}  // namespace sqs::wire
