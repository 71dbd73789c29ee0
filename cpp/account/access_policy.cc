#include "account/access_policy.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "account/json.h"
#include "api/attributes.h"
#include "api/errors.h"
#include "api/limits.h"
#include "base/status.h"

namespace sqs {
namespace {

// How many values an element of a statement holds: one that stands alone, or a list.
size_t CountValues(const Json& element) { return element.is_array() ? element.size() : 1; }

// "Principal": "*", or {"AWS": one or several, "Service": ...}.
size_t CountPrincipals(const Json& statement) {
  size_t count = 0;
  for (const char* element : {"Principal", "NotPrincipal"}) {
    const auto principal = statement.find(element);
    if (principal == statement.end()) continue;
    if (!principal->is_object()) {
      count += CountValues(*principal);
      continue;
    }
    for (const auto& [type, names] : principal->items()) count += CountValues(names);
  }
  return count;
}

// "Condition": {"ArnEquals": {"aws:SourceArn": ...}, ...}; each key below an operator is one condition.
size_t CountConditions(const Json& statement) {
  const auto condition = statement.find("Condition");
  if (condition == statement.end() || !condition->is_object()) return 0;
  size_t count = 0;
  for (const auto& [operation, keys] : condition->items()) count += keys.is_object() ? keys.size() : 1;
  return count;
}

size_t CountActions(const Json& statement) {
  size_t count = 0;
  for (const char* element : {"Action", "NotAction"}) {
    const auto actions = statement.find(element);
    if (actions != statement.end()) count += CountValues(*actions);
  }
  return count;
}

// The statements as a list, also when one stands alone. Requires a policy that CheckPolicy accepts.
Json StatementsOf(const Json& policy) {
  const Json& statement = policy.at("Statement");
  return statement.is_array() ? statement : Json::array({statement});
}

bool HasSid(const Json& statement, absl::string_view label) {
  const auto sid = statement.find("Sid");
  return sid != statement.end() && sid->is_string() && sid->get_ref<const std::string&>() == label;
}

// One value stands alone, several make a list.
Json OneOrList(Json values) { return values.size() == 1 ? Json(values.front()) : values; }

Json MakeStatement(absl::string_view queue_arn, absl::string_view label, const StringList& account_ids,
                   const StringList& actions) {
  const std::pair<absl::string_view, absl::string_view> arn_head =
      absl::StrSplit(absl::StripPrefix(queue_arn, "arn:"), absl::MaxSplits(':', 1));
  Json principals = Json::array();
  for (const std::string& account : account_ids) {
    principals.push_back(absl::StrCat("arn:", arn_head.first, ":iam::", account, ":root"));
  }
  Json action_names = Json::array();
  for (const std::string& action : actions) action_names.push_back(absl::StrCat("SQS:", action));
  return {{"Sid", std::string(label)},
          {"Effect", "Allow"},
          {"Principal", {{"AWS", OneOrList(std::move(principals))}}},
          {"Action", OneOrList(std::move(action_names))},
          {"Resource", std::string(queue_arn)}};
}

absl::Status TooMany(size_t count, absl::string_view what, int max) {
  return SqsError(ErrorCode::kOverLimit, absl::StrCat(count, " ", what, " were found, maximum allowed is ", max, "."));
}

// The limits that AddPermission can reach.
absl::Status CheckGrown(const Json& statements, absl::string_view text) {
  if (statements.size() > kPolicyStatementsMax) return TooMany(statements.size(), "Statements", kPolicyStatementsMax);
  size_t principals = 0;
  for (const Json& statement : statements) principals += CountPrincipals(statement);
  if (principals > kPolicyPrincipalsMax) return TooMany(principals, "Principals", kPolicyPrincipalsMax);
  if (text.size() > kPolicyBytesMax) return TooMany(text.size(), "Bytes", kPolicyBytesMax);
  return absl::OkStatus();
}

bool IsVersion(const Json& version) { return version == "2008-10-17" || version == "2012-10-17"; }

}  // namespace

absl::Status CheckPolicy(absl::string_view text) {
  if (text.empty()) return absl::OkStatus();
  if (text.size() > kPolicyBytesMax) return InvalidAttribute("Policy");
  const std::optional<Json> policy = ParseJson(text);
  if (!policy.has_value() || !policy->is_object() || !policy->contains("Version") || !policy->contains("Statement") ||
      !IsVersion(policy->at("Version"))) {
    return InvalidAttribute("Policy");
  }
  const Json statements = StatementsOf(*policy);
  size_t principals = 0;
  size_t conditions = 0;
  for (const Json& statement : statements) {
    if (!statement.is_object() || CountActions(statement) > kPermissionActionsMax) return InvalidAttribute("Policy");
    principals += CountPrincipals(statement);
    conditions += CountConditions(statement);
  }
  if (statements.size() > kPolicyStatementsMax) {
    return SqsError(ErrorCode::kOverLimit,
                    absl::StrCat(statements.size(), " statements were found in the submitted policy, max allowed is ",
                                 kPolicyStatementsMax));
  }
  if (principals > kPolicyPrincipalsMax || conditions > kPolicyConditionsMax) return InvalidAttribute("Policy");
  return absl::OkStatus();
}

bool SamePolicy(absl::string_view a, absl::string_view b) {
  if (a == b) return true;
  const std::optional<Json> first = ParseJson(a);
  const std::optional<Json> second = ParseJson(b);
  return first.has_value() && second.has_value() && SameJson(*first, *second);
}

absl::StatusOr<std::string> AddStatement(absl::string_view policy, absl::string_view queue_arn, absl::string_view label,
                                         const StringList& account_ids, const StringList& actions) {
  std::optional<Json> document = ParseJson(policy);
  if (!document.has_value()) {
    document = {
        {"Version", "2008-10-17"}, {"Id", absl::StrCat(queue_arn, "/SQSDefaultPolicy")}, {"Statement", Json::array()}};
  }
  Json statements = StatementsOf(*document);
  for (const Json& statement : statements) {
    if (HasSid(statement, label)) return InvalidValue(label, "Label", "Already exists.");
  }
  statements.push_back(MakeStatement(queue_arn, label, account_ids, actions));
  (*document)["Statement"] = statements;
  std::string text = CompactJson(*document);
  SQS_RETURN_IF_ERROR(CheckGrown(statements, text));
  return text;
}

absl::StatusOr<std::string> RemoveStatement(absl::string_view policy, absl::string_view label) {
  std::optional<Json> document = ParseJson(policy);
  Json kept = Json::array();
  size_t statement_count = 0;
  if (document.has_value()) {
    for (Json& statement : StatementsOf(*document)) {
      ++statement_count;
      if (!HasSid(statement, label)) kept.push_back(std::move(statement));
    }
  }
  if (kept.size() == statement_count) return InvalidValue(label, "Label", "can't find label.");
  if (kept.empty()) return std::string();
  (*document)["Statement"] = std::move(kept);
  return CompactJson(*document);
}

}  // namespace sqs
