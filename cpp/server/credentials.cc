#include "server/credentials.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "account/queue_address.h"
#include "wire/credential_scope.h"

namespace sqs::server {
namespace {

struct Section {
  std::string name;
  std::string access_key;
  Credential credential;
};

absl::Status Wrong(int line, absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", text));
}

// False for a setting that is not one of ours: AWS's files have others, such as region.
bool Set(absl::string_view name, absl::string_view value, Section* section) {
  const std::pair<absl::string_view, std::string*> settings[] = {
      {"aws_access_key_id", &section->access_key},
      {"aws_secret_access_key", &section->credential.secret_access_key},
      {"aws_session_token", &section->credential.session_token},
      {"aws_account_id", &section->credential.account},
      {"principal_arn", &section->credential.principal_arn},
  };
  for (const auto& [known, target] : settings) {
    if (name != known) continue;
    *target = std::string(value);
    return true;
  }
  return false;
}

std::string PrincipalOf(const Section& section) {
  const bool root = section.name == "default" || section.name == "root";
  return absl::StrCat("arn:aws:iam::", section.credential.account, root ? ":root" : ":user/", root ? "" : section.name);
}

}  // namespace

absl::StatusOr<Credentials> Credentials::Parse(absl::string_view text, absl::string_view default_account) {
  Credentials credentials;
  Section section;
  int line_number = 0;
  const auto finish = [&](int line) -> absl::Status {
    if (section.name.empty()) return absl::OkStatus();
    Credential& credential = section.credential;
    if (section.access_key.empty() || credential.secret_access_key.empty()) {
      return Wrong(line, absl::StrCat("[", section.name, "] needs aws_access_key_id and aws_secret_access_key"));
    }
    if (credential.account.empty()) {
      credential.account = wire::NamesAnAccount(section.access_key) ? section.access_key : std::string(default_account);
    }
    if (!IsAccountId(credential.account)) {
      return Wrong(line, absl::StrCat("[", section.name, "]: aws_account_id must be twelve digits"));
    }
    if (credential.principal_arn.empty()) credential.principal_arn = PrincipalOf(section);
    if (!credentials.by_access_key_.emplace(section.access_key, credential).second) {
      return Wrong(line, absl::StrCat("the access key of [", section.name, "] is there already"));
    }
    return absl::OkStatus();
  };
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++line_number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line.front() == '[' && line.back() == ']') {
      if (const absl::Status status = finish(line_number); !status.ok()) return status;
      section = Section{std::string(absl::StripAsciiWhitespace(line.substr(1, line.size() - 2))), "", {}};
      continue;
    }
    const std::pair<absl::string_view, absl::string_view> setting = absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (line.find('=') == absl::string_view::npos) return Wrong(line_number, "neither [section] nor name = value");
    if (section.name.empty()) return Wrong(line_number, "a setting before the first [section]");
    Set(absl::StripAsciiWhitespace(setting.first), absl::StripAsciiWhitespace(setting.second), &section);
  }
  if (const absl::Status status = finish(line_number); !status.ok()) return status;
  if (credentials.size() == 0) return absl::InvalidArgumentError("no access keys in it");
  return credentials;
}

absl::StatusOr<Credentials> Credentials::Read(const std::string& path, absl::string_view default_account) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return absl::NotFoundError(absl::StrCat("cannot read the credentials file ", path));
  }
  absl::StatusOr<Credentials> credentials = Parse(text.str(), default_account);
  if (credentials.ok()) return credentials;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", credentials.status().message()));
}

const Credential* Credentials::Find(absl::string_view access_key) const {
  const auto found = by_access_key_.find(access_key);
  return found == by_access_key_.end() ? nullptr : &found->second;
}

}  // namespace sqs::server
