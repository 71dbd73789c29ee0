#include "account/access_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "account/account_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sqs {
namespace {

AccessQuestion Question() {
  return {"arn:aws:iam::111111111111:user/alice",
          "111111111111",
          "sqs:SendMessage",
          "arn:aws:sqs:us-east-1:000000000000:jobs",
          {{"aws:sourcearn", "arn:aws:sns:us-east-1:000000000000:topic"},
           {"aws:principalarn", "arn:aws:iam::111111111111:user/alice"},
           {"aws:securetransport", "false"}}};
}

std::string PolicyText(const std::string& statements) {
  return absl::StrCat(R"({"Version":"2012-10-17","Statement":[)", statements, "]}");
}

std::string Allow(const std::string& elements) { return absl::StrCat(R"({"Effect":"Allow",)", elements, "}"); }

PolicyVerdict Ask(const std::string& statements) { return AccessPolicy(PolicyText(statements)).Evaluate(Question()); }

constexpr char kEverybody[] = R"("Principal":"*","Action":"sqs:*","Resource":"*")";

struct Row {
  const char* name;
  const char* elements;  // Of a statement that allows.
  bool allows;
};

class AllowTest : public testing::TestWithParam<Row> {};

TEST_P(AllowTest, Applies) {
  EXPECT_EQ(Ask(Allow(GetParam().elements)), GetParam().allows ? PolicyVerdict::kAllows : PolicyVerdict::kSilent)
      << GetParam().elements;
}

constexpr Row kRows[] = {
    {"Everybody", R"("Principal":"*","Action":"SQS:*","Resource":"*")", true},
    {"EverybodyOfAws", R"("Principal":{"AWS":"*"},"Action":"*")", true},
    {"Account", R"("Principal":{"AWS":"111111111111"},"Action":"*")", true},
    {"OtherAccount", R"("Principal":{"AWS":"222222222222"},"Action":"*")", false},
    {"Root", R"("Principal":{"AWS":["x","arn:aws:iam::111111111111:root"]},"Action":"*")", true},
    {"User", R"("Principal":{"AWS":"arn:aws:iam::111111111111:user/alice"},"Action":"*")", true},
    {"OtherUser", R"("Principal":{"AWS":"arn:aws:iam::111111111111:user/bob"},"Action":"*")", false},
    {"Service", R"("Principal":{"Service":"sns.amazonaws.com"},"Action":"*")", false},
    {"NoPrincipal", R"("Action":"*","Resource":"*")", false},
    {"NotPrincipal", R"("NotPrincipal":{"AWS":"222222222222"},"Action":"*")", true},
    {"ActionInAnyCase", R"("Principal":"*","Action":["sqs:receivemessage","SQS:sendmessage"])", true},
    {"ActionPattern", R"("Principal":"*","Action":"sqs:Send*")", true},
    {"OtherAction", R"("Principal":"*","Action":"sqs:ReceiveMessage")", false},
    {"NotAction", R"("Principal":"*","NotAction":"sqs:SendMessage")", false},
    {"Resource", R"("Principal":"*","Action":"*","Resource":"arn:aws:sqs:us-east-1:000000000000:jobs")", true},
    {"ResourcePattern", R"("Principal":"*","Action":"*","Resource":"arn:aws:sqs:*:000000000000:j?bs")", true},
    {"OtherResource", R"("Principal":"*","Action":"*","Resource":"arn:aws:sqs:us-east-1:000000000000:job")", false},
    {"NotResource", R"("Principal":"*","Action":"*","NotResource":"arn:aws:sqs:us-east-1:000000000000:job")", true},
    {"ArnEquals",
     R"("Principal":"*","Action":"*","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:000000000000:topic"}})",
     true},
    {"ArnLike", R"("Principal":"*","Action":"*","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:sns:*:*:t*"}})", true},
    {"ArnLikeKeepsToItsPart",
     R"("Principal":"*","Action":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s*:topic"}})", false},
    {"ArnNotEquals",
     R"("Principal":"*","Action":"*","Condition":{"ArnNotEquals":{"aws:SourceArn":"arn:aws:sns:*:*:t*"}})", false},
    {"StringEqualsOneOfSeveral",
     R"("Principal":"*","Action":"*","Condition":{"StringEquals":{"aws:PrincipalArn":["x","arn:aws:iam::111111111111:user/alice"]}})",
     true},
    {"StringEqualsIsNoPattern",
     R"("Principal":"*","Action":"*","Condition":{"StringEquals":{"aws:PrincipalArn":"arn:*"}})", false},
    {"StringLike", R"("Principal":"*","Action":"*","Condition":{"StringLike":{"aws:PrincipalArn":"*user/al?ce"}})",
     true},
    {"StringNotEquals", R"("Principal":"*","Action":"*","Condition":{"StringNotEquals":{"aws:PrincipalArn":"x"}})",
     true},
    {"BoolOfAString", R"("Principal":"*","Action":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}})", true},
    {"BoolOfABoolean", R"("Principal":"*","Action":"*","Condition":{"Bool":{"aws:SecureTransport":true}})", false},
    {"KeyThatIsNotThere", R"("Principal":"*","Action":"*","Condition":{"StringEquals":{"aws:SourceVpc":"v"}})", false},
    {"KeyThatIsNotThereNegated",
     R"("Principal":"*","Action":"*","Condition":{"StringNotEquals":{"aws:SourceVpc":"v"}})", true},
    {"IfExists", R"("Principal":"*","Action":"*","Condition":{"StringEqualsIfExists":{"aws:SourceVpc":"v"}})", true},
    {"Null", R"("Principal":"*","Action":"*","Condition":{"Null":{"aws:SourceVpc":"true"}})", true},
    {"AllKeysMustFit",
     R"("Principal":"*","Action":"*","Condition":{"Bool":{"aws:SecureTransport":"false"},"StringEquals":{"aws:SourceVpc":"v"}})",
     false},
    {"OperatorNotKnown", R"("Principal":"*","Action":"*","Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.1/32"}})",
     false},
    {"ConditionOfAWrongKind", R"("Principal":"*","Action":"*","Condition":"x")", false},
};
INSTANTIATE_TEST_SUITE_P(Elements, AllowTest, testing::ValuesIn(kRows),
                         [](const testing::TestParamInfo<Row>& info) { return std::string(info.param.name); });

TEST(PolicyVerdictTest, DenyWinsInAnyOrder) {
  const std::string deny = absl::StrCat(R"({"Effect":"Deny",)", kEverybody, "}");
  EXPECT_EQ(Ask(Allow(kEverybody) + "," + deny), PolicyVerdict::kDenies);
  EXPECT_EQ(Ask(deny + "," + Allow(kEverybody)), PolicyVerdict::kDenies);
}

TEST(PolicyVerdictTest, DenyHoldsIfItsConditionIsNotUnderstood) {
  EXPECT_EQ(
      Ask(absl::StrCat(R"({"Effect":"Deny","Condition":{"DateLessThan":{"aws:CurrentTime":"x"}},)", kEverybody, "}")),
      PolicyVerdict::kDenies);
}

TEST(PolicyVerdictTest, NoPolicyIsSilent) {
  EXPECT_EQ(AccessPolicy("").Evaluate(Question()), PolicyVerdict::kSilent);
  EXPECT_EQ(Ask(""), PolicyVerdict::kSilent);
  EXPECT_EQ(Ask(R"({"Effect":"Maybe","Principal":"*","Action":"*"})"), PolicyVerdict::kSilent);
}

TEST(ActionOfTest, BatchesAreGrantedWithTheSingleOperation) {
  EXPECT_EQ(ActionOf(Operation::kSendMessageBatch), "sqs:SendMessage");
  EXPECT_EQ(ActionOf(Operation::kPurgeQueue), "sqs:PurgeQueue");
}

class CheckedAccessTest : public AccountTest {
 protected:
  CheckedAccessTest() : AccountTest({.seed = 1, .enforce_policies = true}) {}
};

TEST_F(CheckedAccessTest, QueueUrlOfAQueueThatMayNotBeUsedIsNotTold) {
  CreateQueue("jobs");
  caller_.account = "111111111111";
  EXPECT_EQ(ErrorOf(Call(GetQueueUrlRequest{"jobs", "000000000000"})),
            "AWS.SimpleQueueService.NonExistentQueue The specified queue does not exist or you do not have access to "
            "it.");
}

TEST_F(CheckedAccessTest, OneCallerOnly) {
  const std::string url = CreateQueue("jobs");
  accounts_.Handle(SendMessageRequest{url, {.message_body = "a"}}, CallContext{now_, caller_}).value();
  Caller other{.account = "111111111111", .principal_arn = "arn:aws:iam::111111111111:user/bob"};
  EXPECT_THAT(ErrorOf(accounts_.Handle(SendMessageRequest{url, {.message_body = "a"}}, CallContext{now_, other})),
              testing::StartsWith("AccessDenied User: arn:aws:iam::111111111111:user/bob is not authorized"));
}

// A policy is read once and kept; one that was changed is another.
TEST_F(CheckedAccessTest, AChangedPolicyCountsAtOnce) {
  const std::string url = CreateQueue("jobs");
  const Caller bob{.account = "111111111111", .principal_arn = "arn:aws:iam::111111111111:user/bob"};
  const auto sends = [&] {
    return accounts_.Handle(SendMessageRequest{url, {.message_body = "a"}}, CallContext{now_, bob}).ok();
  };
  EXPECT_FALSE(sends());
  ASSERT_TRUE(Call(AddPermissionRequest{url, "bob", {"111111111111"}, {"SendMessage"}}).ok());
  EXPECT_TRUE(sends());
  EXPECT_TRUE(sends());
  ASSERT_TRUE(Call(RemovePermissionRequest{url, "bob"}).ok());
  EXPECT_FALSE(sends());
}

}  // namespace
}  // namespace sqs
