#include "account/redrive_policy.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "account/account_fixture.h"
#include "gtest/gtest.h"

namespace sqs {
namespace {

constexpr char kDead[] = "arn:aws:sqs:us-east-1:000000000000:dead";

std::string Policy(const std::string& arn, const std::string& count) {
  return absl::StrCat(R"({"deadLetterTargetArn":)", arn, R"(,"maxReceiveCount":)", count, "}");
}

TEST(RedrivePolicyTest, CountIsANumberOrDigitsFromOneToAThousand) {
  struct Case {
    const char* count;
    int64_t parsed;  // 0: refused.
    const char* shown;
  };
  const Case cases[] = {
      {"1", 1, ""},
      {"1000", 1000, ""},
      {"\"1\"", 1, ""},
      {"\"1000\"", 1000, ""},
      {"\"007\"", 7, ""},
      {"0", 0, "0"},
      {"1001", 0, "1001"},
      {"4023", 0, "4023"},
      {"-1", 0, "-1"},
      {"1.5", 0, "1.5"},
      {"18446744073709551615", 0, "18446744073709551615"},
      {"\"1001\"", 0, "1001"},
      {"\"\"", 0, ""},
      {"\" 5\"", 0, " 5"},
      {"\"+5\"", 0, "+5"},
      {"\"five\"", 0, "five"},
      {"\"9223372036854775808\"", 0, "9223372036854775808"},
      {"true", 0, "true"},
      {"null", 0, "null"},
      {"[5]", 0, "[5]"},
      {"{}", 0, "{}"},
  };
  for (const Case& c : cases) {
    const std::string text = Policy(absl::StrCat("\"", kDead, "\""), c.count);
    const auto policy = ParseRedrivePolicy(text);
    if (c.parsed != 0) {
      ASSERT_TRUE(policy.ok()) << text << policy.status();
      EXPECT_EQ(*policy, (RedrivePolicy{kDead, c.parsed}));
    } else {
      EXPECT_EQ(ErrorOf(policy),
                InvalidParameterText(text, "RedrivePolicy",
                                     absl::StrCat("Invalid value for maxReceiveCount: ", c.shown,
                                                  ", valid values are from 1 to 1000 both inclusive.")));
    }
  }
}

TEST(RedrivePolicyTest, FaultIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"})",
       "Redrive policy does not contain mandatory attribute: maxReceiveCount."},
      {R"({"maxReceiveCount":5})", "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."},
      {R"({})", "Redrive policy does not contain mandatory attribute: maxReceiveCount."},
      {R"({"deadLetterTargetArn":"dead","maxReceiveCount":5})",
       "Dead-letter target ARN should be fully qualified ARN."},
      {R"({"deadLetterTargetArn":"","maxReceiveCount":5})", "Dead-letter target ARN should be fully qualified ARN."},
      {R"({"deadLetterTargetArn":7,"maxReceiveCount":5})", "Dead-letter target ARN should be fully qualified ARN."},
      {R"({"deadLetterTargetArn":"arn:aws:sns:us-east-1:000000000000:dead","maxReceiveCount":5})",
       "Only SQS queues are valid resources for deadLetterTargetArn."},
      {R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":5,"more":1})",
       "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn]."},
  };
  for (const auto& [text, reason] : cases) {
    EXPECT_EQ(ErrorOf(ParseRedrivePolicy(text)), InvalidParameterText(text, "RedrivePolicy", reason));
  }
}

TEST(RedrivePolicyTest, OtherTextIsNoJsonMap) {
  const std::string cases[] = {"x",
                               "[]",
                               "5",
                               "\"a\"",
                               "null",
                               "NaN",
                               "{",
                               "{} {}",
                               "{\"maxReceiveCount\":1e999,\"deadLetterTargetArn\":\"a\"}",
                               "{\"a\":\"\xFF\"}",
                               std::string("{\0}", 3),
                               std::string(100000, '['),
                               std::string(10 << 20, 'x')};
  for (const std::string& text : cases) {
    EXPECT_EQ(ErrorOf(ParseRedrivePolicy(text)),
              "InvalidParameterValue Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a "
              "valid JSON map.");
  }
}

TEST(RedrivePolicyTest, EmptyTextIsNoPolicy) {
  const auto policy = ParseRedrivePolicy("");
  ASSERT_TRUE(policy.ok());
  EXPECT_EQ(*policy, RedrivePolicy());
}

std::string SourceList(int count) {
  std::string list;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&list, i == 0 ? "" : ",", "\"arn:aws:sqs:us-east-1:000000000000:source", i, "\"");
  }
  return absl::StrCat("[", list, "]");
}

std::string Normalized(const std::string& text) {
  const auto policy = NormalizeRedriveAllowPolicy(text);
  return policy.ok() ? *policy : ErrorOf(policy);
}

TEST(RedriveAllowPolicyTest, IsReturnedCompact) {
  EXPECT_EQ(Normalized(""), "");
  EXPECT_EQ(Normalized(R"( { "redrivePermission" : "allowAll" } )"), R"({"redrivePermission":"allowAll"})");
  EXPECT_EQ(Normalized(R"({"redrivePermission":"denyAll","sourceQueueArns":[]})"),
            R"({"redrivePermission":"denyAll"})");
  EXPECT_EQ(Normalized(absl::StrCat(R"({"sourceQueueArns": )", SourceList(1), R"(, "redrivePermission": "byQueue"})")),
            absl::StrCat(R"({"redrivePermission":"byQueue","sourceQueueArns":)", SourceList(1), "}"));
}

TEST(RedriveAllowPolicyTest, ByQueueTakesOneToTenSources) {
  const auto by_queue = [](int count) {
    return absl::StrCat(R"({"redrivePermission":"byQueue","sourceQueueArns":)", SourceList(count), "}");
  };
  EXPECT_EQ(Normalized(by_queue(1)), by_queue(1));
  EXPECT_EQ(Normalized(by_queue(10)), by_queue(10));
  EXPECT_EQ(Normalized(by_queue(11)),
            InvalidParameterText(by_queue(11), "RedriveAllowPolicy",
                                 "Amazon SQS can't create the redrive allow policy. The maximum number of source queue "
                                 "ARNs you can specify is 10."));
  for (const std::string& text : {by_queue(0), std::string(R"({"redrivePermission":"byQueue"})")}) {
    EXPECT_EQ(Normalized(text),
              InvalidParameterText(text, "RedriveAllowPolicy",
                                   "Amazon SQS can't create the redrive allow policy. When you specify the byQueue "
                                   "permission type, you must also specify one or more sourceQueueArns values."));
  }
}

TEST(RedriveAllowPolicyTest, OtherPermissionsTakeNoSources) {
  for (const char* permission : {"allowAll", "denyAll"}) {
    const std::string text =
        absl::StrCat(R"({"redrivePermission":")", permission, R"(","sourceQueueArns":)", SourceList(1), "}");
    EXPECT_EQ(Normalized(text),
              InvalidParameterText(text, "RedriveAllowPolicy",
                                   "Amazon SQS can't create the redrive allow policy. To specify one or more source "
                                   "queue ARNs, you must set redrivePermission to byQueue."));
  }
}

TEST(RedriveAllowPolicyTest, OtherShapesAreUnsupported) {
  const std::string cases[] = {
      "x",
      "[]",
      "{}",
      R"({"redrivePermission":"some"})",
      R"({"redrivePermission":5})",
      R"({"redrivePermission":"allowAll","more":1})",
      R"({"redrivePermission":"byQueue","sourceQueueArns":"arn:aws:sqs:us-east-1:000000000000:q"})",
      R"({"redrivePermission":"byQueue","sourceQueueArns":[5]})",
      R"({"redrivePermission":"byQueue","sourceQueueArns":["q"]})",
      std::string(10000, '{'),
      std::string(1 << 20, ' ') + "{}",
  };
  for (const std::string& text : cases) {
    EXPECT_EQ(Normalized(text),
              "InvalidParameterValue Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't "
              "create the redrive allow policy, as it\xE2\x80\x99s in an unsupported format.");
  }
}

TEST(RedriveAllowPolicyTest, DecidesWhoMayBeASource) {
  constexpr char kSource[] = "arn:aws:sqs:us-east-1:000000000000:source0";
  const std::string by_queue =
      Normalized(absl::StrCat(R"({"redrivePermission":"byQueue","sourceQueueArns":)", SourceList(2), "}"));
  EXPECT_TRUE(AllowsSource("", kSource));
  EXPECT_TRUE(AllowsSource(R"({"redrivePermission":"allowAll"})", kSource));
  EXPECT_FALSE(AllowsSource(R"({"redrivePermission":"denyAll"})", kSource));
  EXPECT_TRUE(AllowsSource(by_queue, kSource));
  EXPECT_TRUE(AllowsSource(by_queue, "arn:aws:sqs:us-east-1:000000000000:source1"));
  EXPECT_FALSE(AllowsSource(by_queue, "arn:aws:sqs:us-east-1:000000000000:source2"));
}

}  // namespace
}  // namespace sqs
