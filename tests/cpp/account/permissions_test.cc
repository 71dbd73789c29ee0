#include <string>

#include "absl/strings/str_cat.h"
#include "account/account_fixture.h"
#include "gtest/gtest.h"

namespace sqs {
namespace {

class PermissionsTest : public AccountTest {
 protected:
  std::string Add(const std::string& label, const StringList& accounts = {"123456789012"},
                  const StringList& actions = {"SendMessage"}) {
    return ErrorOf(Call(AddPermissionRequest{url_, label, accounts, actions}));
  }
  std::string Remove(const std::string& label) { return ErrorOf(Call(RemovePermissionRequest{url_, label})); }

  std::string url_ = CreateQueue("q");
};

TEST_F(PermissionsTest, AddedPermissionIsAStatementOfThePolicy) {
  EXPECT_EQ(Add("label"), "OK");
  EXPECT_EQ(GetAttribute(url_, "Policy"),
            R"({"Version":"2008-10-17","Id":"arn:aws:sqs:us-east-1:000000000000:q/SQSDefaultPolicy",)"
            R"("Statement":[{"Sid":"label","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},)"
            R"("Action":"SQS:SendMessage","Resource":"arn:aws:sqs:us-east-1:000000000000:q"}]})");
}

TEST_F(PermissionsTest, RemovingTheLastStatementRemovesTheAttribute) {
  ASSERT_EQ(Add("a"), "OK");
  ASSERT_EQ(Add("b"), "OK");
  EXPECT_EQ(Remove("a"), "OK");
  EXPECT_NE(GetAttribute(url_, "Policy").find(R"("Sid":"b")"), std::string::npos);
  EXPECT_EQ(Remove("b"), "OK");
  EXPECT_EQ(GetAttribute(url_, "Policy"), "-");
}

TEST_F(PermissionsTest, PermissionsMoveLastModifiedTimestamp) {
  const std::string created = GetAttribute(url_, "LastModifiedTimestamp");
  Advance(absl::Seconds(5));
  ASSERT_EQ(Add("a"), "OK");
  const std::string added = GetAttribute(url_, "LastModifiedTimestamp");
  EXPECT_NE(added, created);
  Advance(absl::Seconds(5));
  ASSERT_EQ(Remove("a"), "OK");
  EXPECT_NE(GetAttribute(url_, "LastModifiedTimestamp"), added);
  EXPECT_EQ(GetAttribute(url_, "CreatedTimestamp"), created);
}

TEST_F(PermissionsTest, LabelIsUsedOnce) {
  ASSERT_EQ(Add("label"), "OK");
  EXPECT_EQ(Add("label"), InvalidParameterText("label", "Label", "Already exists."));
  EXPECT_EQ(Remove("other"), InvalidParameterText("other", "Label", "can't find label."));
}

TEST_F(PermissionsTest, LabelHasTheCharactersOfQueueNames) {
  EXPECT_EQ(Add(std::string(80, 'a')), "OK");
  for (const std::string& label : {std::string(81, 'a'), std::string("a b"), std::string("a.b"), std::string("\xFF")}) {
    EXPECT_EQ(Add(label), InvalidParameterText(
                              label, "Label",
                              "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length."));
  }
  EXPECT_EQ(Add(""), "MissingParameter The request must contain the parameter Label.");
  EXPECT_EQ(Remove(""), "MissingParameter The request must contain the parameter Label.");
}

TEST_F(PermissionsTest, GrantableActionsAreThoseOfOtherAccounts) {
  for (const char* action : {"*", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility",
                             "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue"}) {
    EXPECT_EQ(Add(action[0] == '*' ? "all" : action, {"123456789012"}, {action}), "OK") << action;
  }
  for (const char* action : {"AddPermission", "RemovePermission", "CreateQueue", "DeleteQueue", "SetQueueAttributes",
                             "ListQueues", "ListQueueTags", "TagQueue", "UntagQueue", "StartMessageMoveTask",
                             "CancelMessageMoveTask", "ListMessageMoveTasks"}) {
    EXPECT_EQ(Add("l", {"123456789012"}, {action}),
              InvalidParameterText(absl::StrCat("SQS:", action), "ActionName",
                                   "Only the queue owner is allowed to invoke this action."));
  }
  for (const char* action : {"", "X", "sendmessage", "SQS:SendMessage", "SendMessageBatch", "DeleteMessageBatch",
                             "ChangeMessageVisibilityBatch"}) {
    EXPECT_EQ(Add("l", {"123456789012"}, {action}),
              InvalidParameterText(absl::StrCat("SQS:", action), "ActionName",
                                   "Please refer to the appropriate WSDL for a list of valid actions. "));
  }
}

TEST_F(PermissionsTest, SevenActionsAtMost) {
  EXPECT_EQ(Add("seven", {"123456789012"}, StringList(7, "SendMessage")), "OK");
  EXPECT_EQ(Add("eight", {"123456789012"}, StringList(8, "SendMessage")),
            "OverLimit 8 Actions were found, maximum allowed is 7.");
  EXPECT_EQ(Add("none", {"123456789012"}, {}), "MissingParameter The request must contain the parameter Actions.");
}

TEST_F(PermissionsTest, TwentyStatementsAtMost) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(Add(absl::StrCat("l", i)), "OK");
  EXPECT_EQ(Add("l20"), "OverLimit 21 Statements were found, maximum allowed is 20.");
  EXPECT_EQ(Remove("l20"), InvalidParameterText("l20", "Label", "can't find label."));
}

TEST_F(PermissionsTest, AccountsAreTwelveDigits) {
  EXPECT_EQ(Add("none", {}), InvalidParameterText("[]", "PrincipalId", "Unable to verify."));
  EXPECT_EQ(Add("bad", {"123456789012", "12345678901", "x"}),
            InvalidParameterText("[12345678901, x]", "PrincipalId", "Unable to verify."));
  EXPECT_EQ(GetAttribute(url_, "Policy"), "-");
}

TEST_F(PermissionsTest, QueueMustExistAndBelongToTheCaller) {
  const std::string gone = "AWS.SimpleQueueService.NonExistentQueue The specified queue does not exist.";
  EXPECT_EQ(ErrorOf(Call(AddPermissionRequest{"nothing", "l", {"123456789012"}, {"*"}})), gone);
  EXPECT_EQ(ErrorOf(Call(RemovePermissionRequest{"nothing", "l"})), gone);
  caller_.account = "111111111111";
  EXPECT_EQ(InfoOf(Call(AddPermissionRequest{url_, "l", {"123456789012"}, {"*"}}).status()).code,
            ErrorCode::kAccessDenied);
}

}  // namespace
}  // namespace sqs
