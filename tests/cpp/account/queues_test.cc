#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "account/account_fixture.h"
#include "gtest/gtest.h"

namespace sqs {
namespace {

constexpr char kNoQueue[] = "AWS.SimpleQueueService.NonExistentQueue The specified queue does not exist.";
constexpr char kBadName[] =
    "InvalidParameterValue Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
constexpr char kBadFifoName[] =
    "InvalidParameterValue The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
    "must end with .fifo suffix and be 1 to 80 in length.";

class QueuesTest : public AccountTest {
 protected:
  using AccountTest::AccountTest;

  std::string Create(const std::string& name, const StringMap& attributes = {}) {
    return ErrorOf(Call(CreateQueueRequest{name, attributes, {}}));
  }
  std::string GetUrl(const std::string& name, const std::string& owner = "") {
    const auto got = Call(GetQueueUrlRequest{name, owner});
    return got.ok() ? got->queue_url : ErrorOf(got);
  }
};

class StrictQueuesTest : public QueuesTest {
 protected:
  StrictQueuesTest() : QueuesTest({.seed = 1, .strict = true}) {}
};

std::string DifferentValue(const std::string& attribute) {
  return absl::StrCat(
      "QueueAlreadyExists A queue already exists with the same name and a different value for attribute ", attribute);
}

// --- CreateQueue ----------------------------------------------------------------------------------------------------

TEST_F(QueuesTest, UrlNamesTheCallersAccountAndRegion) {
  EXPECT_EQ(CreateQueue("orders"), "https://sqs.us-east-1.amazonaws.com/000000000000/orders");
  caller_ = {.account = "123456789012", .region = "eu-west-1", .url_base = "http://localhost:9324"};
  EXPECT_EQ(CreateQueue("orders"), "http://localhost:9324/123456789012/orders");
  EXPECT_EQ(GetAttribute("orders", "QueueArn"), "arn:aws:sqs:eu-west-1:123456789012:orders");
}

TEST_F(QueuesTest, StandardNamesFollowTheirRule) {
  EXPECT_EQ(Create(std::string(80, 'a')), "OK");
  EXPECT_EQ(Create("A-z_9"), "OK");
  for (const std::string& name : {std::string(81, 'a'), std::string("a.fifo"), std::string("a b"), std::string("a/b"),
                                  std::string("\xFF"), std::string("a\0", 2), std::string(10 << 20, 'a')}) {
    EXPECT_EQ(Create(name), kBadName);
  }
  EXPECT_EQ(Create("a.fifo", {{"FifoQueue", "false"}}), kBadName);
  EXPECT_EQ(Create(""), "InvalidParameterValue Queue name cannot be empty");
}

TEST_F(QueuesTest, FifoNamesFollowTheirRule) {
  EXPECT_EQ(Create(std::string(75, 'a') + ".fifo", {{"FifoQueue", "true"}}), "OK");
  EXPECT_EQ(Create("b.fifo", {{"FifoQueue", "True"}}), "OK");
  for (const std::string& name : {std::string(76, 'a') + ".fifo", std::string(".fifo"), std::string("a"),
                                  std::string("a b.fifo"), std::string("a.FIFO")}) {
    EXPECT_EQ(Create(name, {{"FifoQueue", "true"}}), kBadFifoName) << name;
  }
}

TEST_F(QueuesTest, StandardQueueRefusesFifoAttributes) {
  EXPECT_EQ(Create("q", {{"FifoQueue", "false"}}), "InvalidAttributeName Unknown Attribute FifoQueue.");
  EXPECT_EQ(Create("q", {{"FifoQueue", "maybe"}}), "InvalidAttributeValue Invalid value for the parameter FifoQueue.");
  EXPECT_EQ(Create("q", {{"ContentBasedDeduplication", "true"}}),
            "InvalidAttributeName Unknown Attribute ContentBasedDeduplication.");
  for (const char* name : {"DeduplicationScope", "FifoThroughputLimit"}) {
    EXPECT_EQ(Create("q", {{name, "perQueue"}}),
              absl::StrCat("InvalidAttributeName You can specify the ", name, " only when FifoQueue is set to true."));
  }
}

TEST_F(QueuesTest, RefusedQueueIsNotThere) {
  EXPECT_EQ(Create("q", {{"DelaySeconds", "901"}}),
            "InvalidAttributeValue Invalid value for the parameter DelaySeconds.");
  EXPECT_EQ(Create("q", {{"Nonsense", ""}}), "InvalidAttributeName Unknown Attribute Nonsense.");
  EXPECT_EQ(Create("q", {{"RedrivePolicy", "{}"}}),
            InvalidParameterText("{}", "RedrivePolicy",
                                 "Redrive policy does not contain mandatory attribute: maxReceiveCount."));
  EXPECT_EQ(GetUrl("q"), kNoQueue);
  EXPECT_TRUE(accounts_.pending_effects().empty());
}

TEST_F(QueuesTest, CreatingAgainComparesOnlyTheAttributesPassed) {
  const std::string url = CreateQueue("q", {{"DelaySeconds", "5"}, {"VisibilityTimeout", "60"}});
  EXPECT_EQ(CreateQueue("q"), url);
  EXPECT_EQ(CreateQueue("q", {{"VisibilityTimeout", "0060"}}), url);
  EXPECT_EQ(CreateQueue("q", {{"MaximumMessageSize", "1048576"}}), url);
  EXPECT_EQ(Create("q", {{"DelaySeconds", "6"}}), DifferentValue("DelaySeconds"));
  EXPECT_EQ(Create("q", {{"DelaySeconds", "5"}, {"VisibilityTimeout", "1"}, {"MaximumMessageSize", "1024"}}),
            DifferentValue("VisibilityTimeout"));
  EXPECT_EQ(Create("q", {{"KmsMasterKeyId", "alias/key"}}), DifferentValue("KmsMasterKeyId"));
}

TEST_F(QueuesTest, CreatingAgainComparesWithCurrentValues) {
  const std::string url = CreateQueue("q", {{"DelaySeconds", "5"}});
  ASSERT_EQ(SetAttributes(url, {{"DelaySeconds", "6"}}), "OK");
  EXPECT_EQ(Create("q", {{"DelaySeconds", "5"}}), DifferentValue("DelaySeconds"));
  EXPECT_EQ(Create("q", {{"DelaySeconds", "6"}}), "OK");
}

TEST_F(QueuesTest, CreatingAgainComparesParsedValues) {
  CreateQueue("dead");
  CreateQueue("q",
              {{"Policy", R"({"Version":"2012-10-17","Statement":[]})"},
               {"RedrivePolicy", absl::StrCat(R"({"deadLetterTargetArn":")", Arn("dead"), R"(","maxReceiveCount":3})")},
               {"SqsManagedSseEnabled", "FALSE"}});
  EXPECT_EQ(Create("q", {{"Policy", R"({ "Statement": [], "Version": "2012-10-17" })"}}), "OK");
  EXPECT_EQ(Create("q", {{"Policy", R"({"Version":"2008-10-17","Statement":[]})"}}), DifferentValue("Policy"));
  EXPECT_EQ(Create("q", {{"RedrivePolicy",
                          absl::StrCat(R"({ "maxReceiveCount": "3", "deadLetterTargetArn": ")", Arn("dead"), "\"}")}}),
            "OK");
  EXPECT_EQ(Create("q", {{"RedrivePolicy",
                          absl::StrCat(R"({"maxReceiveCount":4,"deadLetterTargetArn":")", Arn("dead"), "\"}")}}),
            DifferentValue("RedrivePolicy"));
  EXPECT_EQ(Create("q", {{"RedrivePolicy", ""}}), DifferentValue("RedrivePolicy"));
  EXPECT_EQ(Create("q", {{"SqsManagedSseEnabled", "False"}}), "OK");
  EXPECT_EQ(Create("q", {{"RedriveAllowPolicy", ""}}), "OK");
}

TEST_F(QueuesTest, CreatingAgainAsFifoIsTheSameQueue) {
  const std::string url = CreateFifoQueue("q.fifo", {{"ContentBasedDeduplication", "true"}});
  EXPECT_EQ(CreateFifoQueue("q.fifo"), url);
  EXPECT_EQ(Create("q.fifo", {{"FifoQueue", "true"}, {"ContentBasedDeduplication", "false"}}),
            DifferentValue("ContentBasedDeduplication"));
}

TEST_F(QueuesTest, TagsAreSetOnlyOnANewQueue) {
  ASSERT_TRUE(Call(CreateQueueRequest{"q", {}, {{"a", "1"}, {"a", "2"}}}).ok());
  EXPECT_EQ(Call(ListQueueTagsRequest{"q"})->tags, (StringMap{{"a", "2"}}));
  ASSERT_TRUE(Call(CreateQueueRequest{"q", {}, {{"b", "1"}}}).ok());
  EXPECT_EQ(Call(ListQueueTagsRequest{"q"})->tags, (StringMap{{"a", "2"}}));
  EXPECT_EQ(ErrorOf(Call(CreateQueueRequest{"r", {}, {{"", "1"}}})),
            "InvalidParameterValue Tag keys must be between 1 and 128 characters in length.");
}

TEST_F(QueuesTest, DeadLetterQueueMustExistFirst) {
  const std::string policy = absl::StrCat(R"({"deadLetterTargetArn":")", Arn("q"), R"(","maxReceiveCount":3})");
  EXPECT_EQ(Create("q", {{"RedrivePolicy", policy}}),
            InvalidParameterText(policy, "RedrivePolicy", "Dead letter target does not exist."));
}

// --- DeleteQueue, PurgeQueue ----------------------------------------------------------------------------------------

TEST_F(QueuesTest, DeletedQueueIsGoneWithItsMessages) {
  const std::string url = CreateQueue("q");
  ASSERT_TRUE(Call(SendMessageRequest{url, {.message_body = "m"}}).ok());
  EXPECT_EQ(ErrorOf(Call(DeleteQueueRequest{url})), "OK");
  EXPECT_EQ(ErrorOf(Call(DeleteQueueRequest{url})), kNoQueue);
  EXPECT_EQ(GetUrl("q"), kNoQueue);
  CreateQueue("q");
  EXPECT_EQ(GetAttribute(url, "ApproximateNumberOfMessages"), "0");
}

TEST_F(StrictQueuesTest, NameIsFreeSixtySecondsAfterDeletion) {
  const std::string url = CreateQueue("q");
  ASSERT_TRUE(Call(DeleteQueueRequest{url}).ok());
  Advance(absl::Seconds(60) - absl::Nanoseconds(1));
  EXPECT_EQ(
      Create("q"),
      "AWS.SimpleQueueService.QueueDeletedRecently You must wait 60 seconds after deleting a queue before you can "
      "create another with the same name.");
  EXPECT_EQ(Create("other"), "OK");
  Advance(absl::Nanoseconds(1));
  EXPECT_EQ(Create("q"), "OK");
}

TEST_F(StrictQueuesTest, QueueIsPurgedOnceInSixtySeconds) {
  const std::string url = CreateQueue("q");
  EXPECT_EQ(ErrorOf(Call(PurgeQueueRequest{url})), "OK");
  Advance(absl::Seconds(60) - absl::Nanoseconds(1));
  EXPECT_EQ(ErrorOf(Call(PurgeQueueRequest{url})),
            "AWS.SimpleQueueService.PurgeQueueInProgress Only one PurgeQueue operation on q is allowed every 60 "
            "seconds.");
  Advance(absl::Nanoseconds(1));
  EXPECT_EQ(ErrorOf(Call(PurgeQueueRequest{url})), "OK");
}

TEST_F(QueuesTest, SixtySecondRulesAreForStrictModeOnly) {
  const std::string url = CreateQueue("q");
  EXPECT_EQ(ErrorOf(Call(PurgeQueueRequest{url})), "OK");
  EXPECT_EQ(ErrorOf(Call(PurgeQueueRequest{url})), "OK");
  EXPECT_EQ(ErrorOf(Call(DeleteQueueRequest{url})), "OK");
  EXPECT_EQ(Create("q"), "OK");
}

TEST_F(QueuesTest, PurgeTakesEveryMessage) {
  const std::string url = CreateQueue("q");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Call(SendMessageRequest{url, {.message_body = "m"}}).ok());
  ASSERT_TRUE(Call(SendMessageRequest{url, {.message_body = "m", .delay_seconds = 5}}).ok());
  ASSERT_TRUE(Call(ReceiveMessageRequest{.queue_url = url}).ok());
  EXPECT_EQ(ErrorOf(Call(PurgeQueueRequest{url})), "OK");
  for (const char* name :
       {"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"}) {
    EXPECT_EQ(GetAttribute(url, name), "0") << name;
  }
  EXPECT_EQ(ErrorOf(Call(PurgeQueueRequest{"nothing"})), kNoQueue);
}

// --- GetQueueUrl ----------------------------------------------------------------------------------------------------

TEST_F(QueuesTest, UrlIsFoundByNameAndOwner) {
  const std::string url = CreateQueue("q");
  EXPECT_EQ(GetUrl("q"), url);
  EXPECT_EQ(GetUrl("q", "000000000000"), url);
  EXPECT_EQ(GetUrl("q", "123456789012"), kNoQueue);
  EXPECT_EQ(GetUrl("Q"), kNoQueue);
  EXPECT_EQ(GetUrl("\xFF"), kNoQueue);
  EXPECT_EQ(GetUrl(""),
            "InvalidParameterValue Value for parameter QueueName is invalid. Reason: Must specify a queue name.");
  caller_.account = "123456789012";
  EXPECT_EQ(GetUrl("q"), kNoQueue);
  EXPECT_EQ(GetUrl("q", "000000000000"), url);
  caller_.region = "eu-west-1";
  EXPECT_EQ(GetUrl("q", "000000000000"), kNoQueue);
}

// --- Lists ----------------------------------------------------------------------------------------------------------

class ListQueuesTest : public QueuesTest {
 protected:
  // The names on one page; the token goes to token_.
  StringList List(const std::string& prefix = "", const std::string& token = "",
                  std::optional<int64_t> max_results = std::nullopt) {
    const auto list = Call(ListQueuesRequest{prefix, token, max_results});
    EXPECT_TRUE(list.ok()) << list.status();
    token_ = list->next_token;
    return Names(list->queue_urls);
  }
  static StringList Names(const StringList& urls) {
    StringList names;
    for (const std::string& url : urls) names.push_back(url.substr(url.rfind('/') + 1));
    return names;
  }

  std::string token_;
};

TEST_F(ListQueuesTest, QueuesOfTheCallersAccountAndRegionAreInOrderOfName) {
  EXPECT_TRUE(List().empty());
  for (const char* name : {"b", "a", "B", "a-1", "c"}) CreateQueue(name);
  caller_.account = "123456789012";
  CreateQueue("d");
  caller_ = Caller();
  caller_.region = "eu-west-1";
  CreateQueue("e");
  EXPECT_EQ(List(), (StringList{"e"}));
  caller_ = Caller();
  EXPECT_EQ(List(), (StringList{"B", "a", "a-1", "b", "c"}));
  EXPECT_EQ(List("a"), (StringList{"a", "a-1"}));
  EXPECT_EQ(List("A"), StringList());
  EXPECT_EQ(List("\xFF"), StringList());
  EXPECT_EQ(List("a/b"), StringList());
}

TEST_F(ListQueuesTest, TokenLeadsToTheNextPage) {
  for (const char* name : {"a1", "a2", "a3", "b"}) CreateQueue(name);
  EXPECT_EQ(List("a", "", 2), (StringList{"a1", "a2"}));
  ASSERT_NE(token_, "");
  EXPECT_EQ(List("a", token_, 2), (StringList{"a3"}));
  EXPECT_EQ(token_, "");
  EXPECT_EQ(List("a", "", 3), (StringList{"a1", "a2", "a3"}));
  EXPECT_EQ(token_, "");
}

TEST_F(ListQueuesTest, TokenOutlivesItsQueue) {
  for (const char* name : {"a", "b", "c"}) CreateQueue(name);
  EXPECT_EQ(List("", "", 2), (StringList{"a", "b"}));
  const std::string token = token_;
  ASSERT_TRUE(Call(DeleteQueueRequest{"b"}).ok());
  EXPECT_EQ(List("", token, 2), (StringList{"c"}));
}

TEST_F(ListQueuesTest, ListIsCutAtAThousandWithoutATokenUnlessMaxResultsIsGiven) {
  for (int i = 0; i < 1001; ++i) CreateQueue(absl::StrCat("q", 1000 + i));
  EXPECT_EQ(List().size(), 1000u);
  EXPECT_EQ(token_, "");
  EXPECT_EQ(List("", "", 0).size(), 1000u);
  EXPECT_EQ(token_, "");
  EXPECT_EQ(List("", "", 1000).size(), 1000u);
  EXPECT_EQ(List("", token_).size(), 1u);
}

TEST_F(ListQueuesTest, MaxResultsIsOneToAThousand) {
  for (int64_t max_results : {int64_t{-1}, int64_t{1001}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(ErrorOf(Call(ListQueuesRequest{"", "", max_results})),
              "InvalidParameterValue Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer "
              "between 1 and 1000.");
  }
}

TEST_F(ListQueuesTest, OtherTextIsNoToken) {
  const std::string other_account = absl::Base64Escape("https://sqs.us-east-1.amazonaws.com/123456789012/q");
  const std::string other_region = absl::Base64Escape("https://sqs.eu-west-1.amazonaws.com/000000000000/q");
  for (const std::string& token : {std::string("x"), std::string("\xFF"), absl::Base64Escape("\xFF"),
                                   absl::Base64Escape("http://localhost/"), other_account, other_region}) {
    EXPECT_EQ(ErrorOf(Call(ListQueuesRequest{"", token, 10})), "InvalidParameterValue Invalid or expired next token.");
  }
}

TEST_F(ListQueuesTest, SourcesAreTheQueuesWhoseRedrivePolicyNamesTheQueue) {
  const std::string dead = CreateQueue("dead");
  CreateQueue("other");
  const auto policy = [&](const std::string& target) {
    return StringMap{
        {"RedrivePolicy", absl::StrCat(R"({"deadLetterTargetArn":")", Arn(target), R"(","maxReceiveCount":3})")}};
  };
  for (const char* name : {"s3", "s1", "s2"}) CreateQueue(name, policy("dead"));
  CreateQueue("s4", policy("other"));
  ASSERT_EQ(SetAttributes(dead, policy("dead")), "OK");

  auto page = Call(ListDeadLetterSourceQueuesRequest{dead, "", 3});
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(Names(page->queue_urls), (StringList{"dead", "s1", "s2"}));
  page = Call(ListDeadLetterSourceQueuesRequest{dead, page->next_token, 3});
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(Names(page->queue_urls), (StringList{"s3"}));
  EXPECT_EQ(page->next_token, "");

  EXPECT_TRUE(Call(ListDeadLetterSourceQueuesRequest{"s1", "", std::nullopt})->queue_urls.empty());
  EXPECT_EQ(ErrorOf(Call(ListDeadLetterSourceQueuesRequest{"nothing", "", std::nullopt})), kNoQueue);
  EXPECT_EQ(ErrorOf(Call(ListDeadLetterSourceQueuesRequest{dead, "x", std::nullopt})),
            "InvalidParameterValue Invalid or expired next token.");
}

}  // namespace
}  // namespace sqs
