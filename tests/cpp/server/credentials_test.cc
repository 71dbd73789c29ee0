#include "server/credentials.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sqs::server {
namespace {

using testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  const auto credentials = Credentials::Parse(text, "000000000000");
  return credentials.ok() ? "OK" : std::string(credentials.status().message());
}

TEST(CredentialsTest, ReadsTheFormOfTheAwsFile) {
  const auto credentials = Credentials::Parse(
      "# keys\n"
      "[default]\n"
      "aws_access_key_id = AK1\n"
      "aws_secret_access_key=s1\n"
      "region = eu-west-1\n"
      "\n"
      "[alice]\r\n"
      "aws_access_key_id=AK2\r\n"
      "aws_secret_access_key = a=b/c+d==\r\n"
      "aws_session_token = t\r\n"
      "aws_account_id = 111111111111\r\n"
      "; another\n"
      "[bob]\n"
      "aws_access_key_id=222222222222\n"
      "aws_secret_access_key=s3\n"
      "principal_arn=arn:aws:sts::222222222222:assumed-role/worker/bob",
      "000000000000");
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  EXPECT_EQ(credentials->size(), 3u);
  EXPECT_EQ(credentials->Find("AK1")->account, "000000000000");
  EXPECT_EQ(credentials->Find("AK1")->principal_arn, "arn:aws:iam::000000000000:root");
  const Credential& alice = *credentials->Find("AK2");
  EXPECT_EQ(alice.secret_access_key, "a=b/c+d==");
  EXPECT_EQ(alice.session_token, "t");
  EXPECT_EQ(alice.principal_arn, "arn:aws:iam::111111111111:user/alice");
  EXPECT_EQ(credentials->Find("222222222222")->account, "222222222222");
  EXPECT_EQ(credentials->Find("222222222222")->principal_arn, "arn:aws:sts::222222222222:assumed-role/worker/bob");
  EXPECT_EQ(credentials->Find("AK3"), nullptr);
}

TEST(CredentialsTest, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(ErrorOf(""), "no access keys in it");
  EXPECT_EQ(ErrorOf("a = b"), "line 1: a setting before the first [section]");
  EXPECT_EQ(ErrorOf("[a]\nnonsense"), "line 2: neither [section] nor name = value");
  EXPECT_THAT(ErrorOf("[a]\naws_access_key_id=k"), HasSubstr("[a] needs aws_access_key_id and aws_secret_access_key"));
  EXPECT_THAT(ErrorOf("[a]\naws_access_key_id=k\naws_secret_access_key=s\naws_account_id=12"),
              HasSubstr("aws_account_id must be twelve digits"));
  EXPECT_THAT(ErrorOf("[a]\naws_access_key_id=k\naws_secret_access_key=s\n[b]\naws_access_key_id=k\n"
                      "aws_secret_access_key=s"),
              HasSubstr("the access key of [b] is there already"));
}

TEST(CredentialsTest, AFileThatIsNotThere) {
  EXPECT_TRUE(absl::IsNotFound(Credentials::Read("/nonexistent/keys", "000000000000").status()));
}

}  // namespace
}  // namespace sqs::server
