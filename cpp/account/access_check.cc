#include "account/access_check.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "account/json.h"

namespace sqs {
namespace {

// '*' is any run of characters, '?' any one.
bool Like(absl::string_view text, absl::string_view pattern) {
  size_t t = 0, p = 0;
  size_t star = absl::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++t, ++p;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Part by part, so that a '*' does not reach over a colon; the last part may hold colons.
bool ArnLike(absl::string_view arn, absl::string_view pattern) {
  const std::vector<absl::string_view> parts = absl::StrSplit(arn, absl::MaxSplits(':', 5));
  const std::vector<absl::string_view> patterns = absl::StrSplit(pattern, absl::MaxSplits(':', 5));
  if (pattern == "*") return true;
  return parts.size() == patterns.size() &&
         std::equal(parts.begin(), parts.end(), patterns.begin(),
                    [](absl::string_view part, absl::string_view part_pattern) { return Like(part, part_pattern); });
}

// The values of an element, which stands alone or in a list. Numbers and booleans count as their text.
std::vector<std::string> ValuesOf(const Json& element) {
  std::vector<std::string> values;
  for (const Json& value : element.is_array() ? element : Json::array({element})) {
    values.push_back(value.is_string() ? value.get<std::string>() : CompactJson(value));
  }
  return values;
}

template <class Matches>
bool AnyOf(const Json& element, Matches matches) {
  const std::vector<std::string> values = ValuesOf(element);
  return std::any_of(values.begin(), values.end(), matches);
}

// An account, as its number or its root, stands for everybody in it.
bool IsPrincipal(const AccessQuestion& question, absl::string_view name) {
  if (name == "*" || name == question.account || name == question.principal_arn) return true;
  return absl::StartsWith(name, "arn:") && absl::EndsWith(name, absl::StrCat(":iam::", question.account, ":root"));
}

bool NamesPrincipal(const AccessQuestion& question, const Json& element) {
  const auto matches = [&question](const std::string& name) { return IsPrincipal(question, name); };
  if (!element.is_object()) return AnyOf(element, matches);
  const auto aws = element.find("AWS");  // "Service" and others are never who signed a request.
  return aws != element.end() && AnyOf(*aws, matches);
}

bool NamesAction(const AccessQuestion& question, const Json& element) {
  const std::string action = absl::AsciiStrToLower(question.action);
  return AnyOf(element, [&action](const std::string& name) { return Like(action, absl::AsciiStrToLower(name)); });
}

bool NamesResource(const AccessQuestion& question, const Json& element) {
  return AnyOf(element, [&question](const std::string& pattern) { return Like(question.resource_arn, pattern); });
}

// Whether `names` is true of the element, or untrue of its negation ("NotAction"). An element that is not there
// restricts nothing.
template <class Names>
bool Concerns(const Json& statement, const char* element, const char* negation, Names names) {
  if (const auto found = statement.find(element); found != statement.end()) return names(*found);
  if (const auto found = statement.find(negation); found != statement.end()) return !names(*found);
  return true;
}

// One value of a key against one of the policy. Absent: an operator not known here.
std::optional<bool> Compare(absl::string_view operation, absl::string_view value, absl::string_view wanted) {
  if (operation == "StringEquals") return value == wanted;
  if (operation == "StringEqualsIgnoreCase" || operation == "Bool") return absl::EqualsIgnoreCase(value, wanted);
  if (operation == "StringLike") return Like(value, wanted);
  if (operation == "ArnEquals" || operation == "ArnLike") return ArnLike(value, wanted);
  return std::nullopt;
}

// "StringNotLike" -> "StringLike", true.
std::pair<std::string, bool> WithoutNot(absl::string_view operation) {
  const size_t at = operation.find("Not");
  if (at == absl::string_view::npos) return {std::string(operation), false};
  return {absl::StrCat(operation.substr(0, at), operation.substr(at + 3)), true};
}

struct ConditionResult {
  bool met;
  bool understood;
};

// One key below one operator: met if any of the wanted values fits; negated operators, if none does.
ConditionResult MeetsKey(const AccessQuestion& question, absl::string_view operation, absl::string_view key,
                         const Json& wanted) {
  const auto found = std::find_if(question.conditions.begin(), question.conditions.end(),
                                  [&key](const auto& pair) { return absl::EqualsIgnoreCase(pair.first, key); });
  const bool present = found != question.conditions.end();
  if (operation == "Null") {
    return {AnyOf(wanted, [present](const std::string& value) { return value == (present ? "false" : "true"); }), true};
  }
  if (!absl::ConsumePrefix(&operation, "ForAnyValue:")) absl::ConsumePrefix(&operation, "ForAllValues:");
  const bool if_exists = absl::ConsumeSuffix(&operation, "IfExists");
  const auto [positive, negated] = WithoutNot(operation);
  if (!Compare(positive, "", "").has_value()) return {false, false};
  if (!present) return {if_exists || negated, true};
  const bool fits = AnyOf(wanted, [&positive = positive, &value = found->second](const std::string& candidate) {
    return *Compare(positive, value, candidate);
  });
  return {fits != negated, true};
}

// All operators and all keys must be met. One that is not understood counts as met in a deny and as not met in an
// allow: the safe side.
bool MeetsConditions(const AccessQuestion& question, const Json& statement, bool deny) {
  const auto conditions = statement.find("Condition");
  if (conditions == statement.end()) return true;
  if (!conditions->is_object()) return deny;
  for (const auto& [operation, keys] : conditions->items()) {
    if (!keys.is_object()) return deny;
    for (const auto& [key, wanted] : keys.items()) {
      const ConditionResult result = MeetsKey(question, operation, key, wanted);
      if (!(result.understood ? result.met : deny)) return false;
    }
  }
  return true;
}

bool Applies(const AccessQuestion& question, const Json& statement, bool deny) {
  const auto principal = [&](const Json& element) { return NamesPrincipal(question, element); };
  const auto action = [&](const Json& element) { return NamesAction(question, element); };
  const auto resource = [&](const Json& element) { return NamesResource(question, element); };
  if (!deny && !statement.contains("Principal") && !statement.contains("NotPrincipal")) return false;
  return Concerns(statement, "Principal", "NotPrincipal", principal) &&
         Concerns(statement, "Action", "NotAction", action) &&
         Concerns(statement, "Resource", "NotResource", resource) && MeetsConditions(question, statement, deny);
}

}  // namespace

AccessPolicy::AccessPolicy(absl::string_view text) : text_(text) {
  const std::optional<Json> document = ParseJson(text);
  if (!document.has_value()) return;
  const Json& listed = document->at("Statement");
  if (listed.is_array()) {
    statements_.assign(listed.begin(), listed.end());
  } else {
    statements_.push_back(listed);
  }
}

PolicyVerdict AccessPolicy::Evaluate(const AccessQuestion& question) const {
  PolicyVerdict verdict = PolicyVerdict::kSilent;
  for (const Json& statement : statements_) {
    const bool deny = statement.value("Effect", Json()) == "Deny";
    if (!deny && statement.value("Effect", Json()) != "Allow") continue;
    if (!Applies(question, statement, deny)) continue;
    if (deny) return PolicyVerdict::kDenies;
    verdict = PolicyVerdict::kAllows;
  }
  return verdict;
}

std::string ActionOf(Operation operation) {
  return absl::StrCat("sqs:", absl::StripSuffix(kOperationNames[static_cast<int>(operation)], "Batch"));
}

}  // namespace sqs
