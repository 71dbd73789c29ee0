#include "account/access_policy.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "account/account_fixture.h"
#include "gtest/gtest.h"

namespace sqs {
namespace {

constexpr char kArn[] = "arn:aws:sqs:us-east-1:000000000000:q";
constexpr char kRefused[] = "InvalidAttributeValue Invalid value for the parameter Policy.";

// "<item>,<item>,..." `count` times.
std::string Repeat(const std::string& item, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) absl::StrAppend(&text, i == 0 ? "" : ",", item);
  return text;
}

std::string Policy(const std::string& statements) {
  return absl::StrCat(R"({"Version":"2012-10-17","Statement":)", statements, "}");
}

std::string Statements(int count) { return Policy(absl::StrCat("[", Repeat(R"({"Effect":"Allow"})", count), "]")); }

std::string OfBytes(size_t bytes) {
  const std::string policy = Policy("[]");
  return policy + std::string(bytes - policy.size(), ' ');
}

TEST(AccessPolicyTest, PolicyHasAVersionAndStatements) {
  for (const std::string& text : {std::string(), Policy("[]"), Policy("{}"), Policy(R"([{"Effect":"Allow"}])"),
                                  std::string(R"({"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"a"}]})")}) {
    EXPECT_EQ(ErrorOf(CheckPolicy(text)), "OK") << text;
  }
}

TEST(AccessPolicyTest, OtherDocumentsAreRefused) {
  const std::string cases[] = {
      "x",
      "{}",
      "[]",
      "null",
      "{",
      R"({"Version":"2012-10-17"})",
      R"({"Statement":[]})",
      R"({"Version":"2012-10-18","Statement":[]})",
      R"({"Version":20121017,"Statement":[]})",
      Policy("5"),
      Policy("null"),
      Policy("[5]"),
      Policy("[[]]"),
      Policy("\"\xFF\""),
      Policy(std::string(100, '[') + std::string(100, ']')),
      std::string(8000, '['),
      std::string(10 << 20, '{'),
  };
  for (const std::string& text : cases) EXPECT_EQ(ErrorOf(CheckPolicy(text)), kRefused) << text.substr(0, 100);
}

TEST(AccessPolicyTest, LimitsAreInclusive) {
  const auto principals = [](int count) {
    return Policy(absl::StrCat(R"({"Principal":{"AWS":[)", Repeat("\"1\"", count - 1), R"(],"Service":"s"}})"));
  };
  const auto actions = [](int count) { return Policy(absl::StrCat(R"({"Action":[)", Repeat("\"a\"", count), "]}")); };
  const auto conditions = [](int count) {
    std::string keys;
    for (int i = 1; i < count; ++i) absl::StrAppend(&keys, i == 1 ? "" : ",", "\"k", i, "\":1");
    return Policy(absl::StrCat(R"([{"Condition":{"Bool":{)", keys, R"(}}},{"Condition":{"Null":{"k":1}}}])"));
  };
  EXPECT_EQ(ErrorOf(CheckPolicy(OfBytes(8192))), "OK");
  EXPECT_EQ(ErrorOf(CheckPolicy(OfBytes(8193))), kRefused);
  EXPECT_EQ(ErrorOf(CheckPolicy(Statements(20))), "OK");
  EXPECT_EQ(ErrorOf(CheckPolicy(Statements(22))),
            "OverLimit 22 statements were found in the submitted policy, max allowed is 20");
  EXPECT_EQ(ErrorOf(CheckPolicy(principals(50))), "OK");
  EXPECT_EQ(ErrorOf(CheckPolicy(principals(51))), kRefused);
  EXPECT_EQ(ErrorOf(CheckPolicy(actions(7))), "OK");
  EXPECT_EQ(ErrorOf(CheckPolicy(actions(8))), kRefused);
  EXPECT_EQ(ErrorOf(CheckPolicy(conditions(10))), "OK");
  EXPECT_EQ(ErrorOf(CheckPolicy(conditions(11))), kRefused);
}

TEST(AccessPolicyTest, FirstStatementBeginsThePolicy) {
  const auto policy = AddStatement("", kArn, "label", {"123456789012"}, {"SendMessage"});
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(*policy,
            R"({"Version":"2008-10-17","Id":"arn:aws:sqs:us-east-1:000000000000:q/SQSDefaultPolicy",)"
            R"("Statement":[{"Sid":"label","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},)"
            R"("Action":"SQS:SendMessage","Resource":"arn:aws:sqs:us-east-1:000000000000:q"}]})");
  EXPECT_TRUE(CheckPolicy(*policy).ok());
}

TEST(AccessPolicyTest, SeveralAccountsAndActionsAreListsInOrder) {
  const auto policy = AddStatement("", "arn:aws-cn:sqs:cn-north-1:000000000000:q", "l",
                                   {"222222222222", "111111111111"}, {"SendMessage", "*"});
  ASSERT_TRUE(policy.ok());
  EXPECT_NE(policy->find(R"("AWS":["arn:aws-cn:iam::222222222222:root","arn:aws-cn:iam::111111111111:root"])"),
            std::string::npos)
      << *policy;
  EXPECT_NE(policy->find(R"("Action":["SQS:SendMessage","SQS:*"])"), std::string::npos) << *policy;
}

TEST(AccessPolicyTest, StatementsAreAppendedAndRemoved) {
  const std::string given = R"({"Version":"2012-10-17","Id":"mine","Statement":{"Sid":"a","Effect":"Deny"}})";
  const auto added = AddStatement(given, kArn, "b", {"123456789012"}, {"SendMessage"});
  ASSERT_TRUE(added.ok());
  EXPECT_EQ(added->find(R"({"Version":"2012-10-17","Id":"mine","Statement":[{"Sid":"a","Effect":"Deny"},{"Sid":"b",)"),
            0u)
      << *added;

  EXPECT_EQ(ErrorOf(AddStatement(*added, kArn, "a", {"123456789012"}, {"SendMessage"})),
            InvalidParameterText("a", "Label", "Already exists."));
  EXPECT_EQ(ErrorOf(RemoveStatement(*added, "c")), InvalidParameterText("c", "Label", "can't find label."));

  const auto removed = RemoveStatement(*added, "b");
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(*removed, R"({"Version":"2012-10-17","Id":"mine","Statement":[{"Sid":"a","Effect":"Deny"}]})");
  const auto emptied = RemoveStatement(*removed, "a");
  ASSERT_TRUE(emptied.ok());
  EXPECT_EQ(*emptied, "");
  EXPECT_EQ(ErrorOf(RemoveStatement("", "a")), InvalidParameterText("a", "Label", "can't find label."));
}

TEST(AccessPolicyTest, PolicyDoesNotGrowBeyondItsLimits) {
  EXPECT_TRUE(AddStatement(Statements(19), kArn, "l", {"123456789012"}, {"*"}).ok());
  EXPECT_EQ(ErrorOf(AddStatement(Statements(20), kArn, "l", {"123456789012"}, {"*"})),
            "OverLimit 21 Statements were found, maximum allowed is 20.");
  EXPECT_TRUE(AddStatement("", kArn, "l", StringList(50, "123456789012"), {"*"}).ok());
  EXPECT_EQ(ErrorOf(AddStatement("", kArn, "l", StringList(51, "123456789012"), {"*"})),
            "OverLimit 51 Principals were found, maximum allowed is 50.");
  const std::string long_value = Policy(absl::StrCat(R"({"Sid":")", std::string(8100, 'x'), "\"}"));
  EXPECT_EQ(InfoOf(AddStatement(long_value, kArn, "l", {"123456789012"}, {"*"}).status()).code, ErrorCode::kOverLimit);
}

TEST(AccessPolicyTest, PoliciesAreComparedAsDocuments) {
  EXPECT_TRUE(SamePolicy("", ""));
  EXPECT_TRUE(SamePolicy(R"({"Version":"2012-10-17","Statement":[]})", R"({ "Statement":[], "Version":"2012-10-17"})"));
  EXPECT_FALSE(SamePolicy(Policy("[]"), Policy("{}")));
  EXPECT_FALSE(SamePolicy(Policy("[]"), ""));
}

}  // namespace
}  // namespace sqs
