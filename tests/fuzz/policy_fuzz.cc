// Policies and redrive policies: comparing, adding and removing a statement, and normalizing, each undone or repeated.
//
// Up to the line "--" one document, then another one, up to a second "--", then a label.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "account/access_policy.h"
#include "account/json.h"
#include "account/redrive_policy.h"
#include "structs.h"

namespace sqs::fuzz {
namespace {

constexpr char kQueueArn[] = "arn:aws:sqs:us-east-1:000000000000:q";
constexpr char kOtherArn[] = "arn:aws:sqs:us-east-1:000000000000:not-listed";

// A policy's statements as a list, also when one stands alone.
Json StatementsOf(absl::string_view policy) {
  const std::optional<Json> document = ParseJson(policy);
  if (!document.has_value()) return Json::array();
  const Json& statement = document->at("Statement");
  return statement.is_array() ? statement : Json::array({statement});
}

void CheckDocument(absl::string_view text) {
  const std::optional<Json> document = ParseJson(text);
  if (!document.has_value()) return;
  const std::string compact = CompactJson(*document);
  const std::optional<Json> again = ParseJson(compact);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(SameJson(*document, *again));
  FUZZ_EQ(CompactJson(*again), compact);
}

void CheckComparing(absl::string_view a, absl::string_view b) {
  FUZZ_CHECK(SamePolicy(a, a));
  FUZZ_CHECK(SamePolicy(a, b) == SamePolicy(b, a));
}

// What AddPermission adds, RemovePermission takes away, and nothing else.
void CheckStatements(absl::string_view policy, absl::string_view label) {
  const absl::Status status = CheckPolicy(policy);
  if (!status.ok()) return CheckRefusal(status);
  const Json before = StatementsOf(policy);

  const auto grown = AddStatement(policy, kQueueArn, label, {"111111111111", "222222222222"}, {"SendMessage", "*"});
  if (!grown.ok()) return CheckRefusal(grown.status());
  if (const absl::Status valid = CheckPolicy(*grown); !valid.ok()) {
    Fail(__FILE__, __LINE__, "a policy stays one when it grows", *grown + "\n" + valid.ToString());
  }
  FUZZ_CHECK(StatementsOf(*grown).size() == before.size() + 1);
  FUZZ_CHECK(!AddStatement(*grown, kQueueArn, label, {"111111111111"}, {"SendMessage"}).ok());

  const auto shrunk = RemoveStatement(*grown, label);
  FUZZ_CHECK(shrunk.ok());
  FUZZ_CHECK(SameJson(StatementsOf(*shrunk), before));
  FUZZ_CHECK(!RemoveStatement(*shrunk, label).ok());
}

void CheckRedrivePolicy(absl::string_view text) {
  const auto first = ParseRedrivePolicy(text);
  if (!first.ok()) return CheckRefusal(first.status());
  if (first->dead_letter_target_arn.empty()) return;
  FUZZ_CHECK(first->max_receive_count >= 1 && first->max_receive_count <= 1000);
  const Json written = {{"deadLetterTargetArn", first->dead_letter_target_arn},
                        {"maxReceiveCount", absl::StrCat(first->max_receive_count)}};
  const auto second = ParseRedrivePolicy(CompactJson(written));
  FUZZ_CHECK(second.ok());
  FUZZ_CHECK(*first == *second);
}

void CheckRedriveAllowPolicy(absl::string_view text) {
  const auto normal = NormalizeRedriveAllowPolicy(text);
  if (!normal.ok()) return CheckRefusal(normal.status());
  const auto again = NormalizeRedriveAllowPolicy(*normal);
  FUZZ_CHECK(again.ok());
  FUZZ_EQ(*again, *normal);
  if (normal->empty()) return;
  const Json document = ParseJson(*normal).value();
  const Json sources = document.value("sourceQueueArns", Json::array());
  for (const Json& source : sources) FUZZ_CHECK(AllowsSource(*normal, source.get<std::string>()));
  const bool listed = std::find(sources.begin(), sources.end(), kOtherArn) != sources.end();
  FUZZ_CHECK(AllowsSource(*normal, kOtherArn) == (document.at("redrivePermission") == "allowAll" || listed));
}

}  // namespace

void Run(absl::string_view input) {
  const absl::string_view a = TakePart(&input, "--");
  const absl::string_view b = TakePart(&input, "--");
  std::string label(input.substr(0, 80));
  // As AddPermission has validated it.
  std::replace_if(label.begin(), label.end(), [](char c) { return !absl::ascii_isalnum(c) && c != '-'; }, '_');
  if (label.empty()) label = "label";
  CheckDocument(a);
  CheckComparing(a, b);
  CheckStatements(a, label);
  CheckRedrivePolicy(a);
  CheckRedriveAllowPolicy(a);
}

}  // namespace sqs::fuzz
