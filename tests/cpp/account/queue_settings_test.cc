#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "account/account_fixture.h"
#include "gtest/gtest.h"

namespace sqs {
namespace {

class QueueSettingsTest : public AccountTest {
 protected:
  std::string Tag(const std::string& url, const StringMap& tags) { return ErrorOf(Call(TagQueueRequest{url, tags})); }
  std::string Untag(const std::string& url, const StringList& keys) {
    return ErrorOf(Call(UntagQueueRequest{url, keys}));
  }
  StringMap Tags(const std::string& url) { return Call(ListQueueTagsRequest{url})->tags; }

  std::string RedrivePolicyTo(const std::string& name, int count = 3) const {
    return absl::StrCat(R"({"deadLetterTargetArn":")", Arn(name), R"(","maxReceiveCount":)", count, "}");
  }
};

// --- GetQueueAttributes ---------------------------------------------------------------------------------------------

TEST_F(QueueSettingsTest, AttributesAreReadByName) {
  const std::string url = CreateQueue("q", {{"VisibilityTimeout", "0045"}});
  EXPECT_TRUE(GetAttributes(url, {}).empty());
  EXPECT_EQ(GetAttributes(url, {"VisibilityTimeout"}), (StringMap{{"VisibilityTimeout", "45"}}));
  EXPECT_EQ(GetAttributes(url, {"QueueArn", "QueueArn"}), (StringMap{{"QueueArn", Arn("q")}}));
  EXPECT_EQ(GetAttributes(url).size(), 12u);
  EXPECT_EQ(GetAttributes(url, {"QueueArn", "All"}).size(), 12u);
  EXPECT_EQ(GetAttributes(CreateFifoQueue("q.fifo")).size(), 16u);
}

TEST_F(QueueSettingsTest, AttributeThatIsNotSetIsLeftOut) {
  const std::string url = CreateQueue("q");
  for (const char* name : {"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId",
                           "KmsDataKeyReusePeriodSeconds", "FifoQueue", "DeduplicationScope"}) {
    EXPECT_EQ(GetAttribute(url, name), "-") << name;
  }
}

TEST_F(QueueSettingsTest, UnknownAttributeNameIsRefused) {
  const std::string url = CreateQueue("q");
  for (const char* name : {"", "all", "Nonsense", "\xFF"}) {
    EXPECT_EQ(ErrorOf(Call(GetQueueAttributesRequest{url, {"All", name}})),
              absl::StrCat("InvalidAttributeName Unknown Attribute ", name, "."));
  }
}

TEST_F(QueueSettingsTest, CountsFollowTheMessages) {
  const std::string url = CreateQueue("q");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Call(SendMessageRequest{url, {.message_body = "m"}}).ok());
  ASSERT_TRUE(Call(SendMessageRequest{url, {.message_body = "m", .delay_seconds = 5}}).ok());
  ASSERT_TRUE(Call(ReceiveMessageRequest{.queue_url = url}).ok());
  EXPECT_EQ(GetAttribute(url, "ApproximateNumberOfMessages"), "2");
  EXPECT_EQ(GetAttribute(url, "ApproximateNumberOfMessagesNotVisible"), "1");
  EXPECT_EQ(GetAttribute(url, "ApproximateNumberOfMessagesDelayed"), "1");
}

// --- SetQueueAttributes ---------------------------------------------------------------------------------------------

TEST_F(QueueSettingsTest, AttributesAreSetAllOrNone) {
  const std::string url = CreateQueue("q");
  EXPECT_EQ(SetAttributes(url, {{"DelaySeconds", "5"}, {"VisibilityTimeout", "43201"}}),
            "InvalidAttributeValue Invalid value for the parameter VisibilityTimeout.");
  EXPECT_EQ(GetAttribute(url, "DelaySeconds"), "0");
  EXPECT_EQ(SetAttributes(url, {{"DelaySeconds", "5"}, {"VisibilityTimeout", "43200"}}), "OK");
  EXPECT_EQ(GetAttribute(url, "DelaySeconds"), "5");
  EXPECT_EQ(GetAttribute(url, "VisibilityTimeout"), "43200");
}

TEST_F(QueueSettingsTest, RefusedNamesAndValues) {
  const std::string url = CreateQueue("q");
  EXPECT_EQ(SetAttributes(url, {}), "MissingParameter The request must contain the parameter Attribute.Name.");
  for (const char* name : {"QueueArn", "CreatedTimestamp", "ApproximateNumberOfMessages", "All", "", "Nonsense",
                           "FifoQueue", "ContentBasedDeduplication"}) {
    EXPECT_EQ(SetAttributes(url, {{name, "true"}}), absl::StrCat("InvalidAttributeName Unknown Attribute ", name, "."));
  }
  EXPECT_EQ(SetAttributes(url, {{"DeduplicationScope", "queue"}}),
            "InvalidAttributeName You can specify the DeduplicationScope only when FifoQueue is set to true.");
  EXPECT_EQ(SetAttributes(url, {{"DelaySeconds", std::string(10 << 20, '9')}}),
            "InvalidAttributeValue Invalid value for the parameter DelaySeconds.");
  EXPECT_EQ(SetAttributes("nothing", {{"DelaySeconds", "5"}}),
            "AWS.SimpleQueueService.NonExistentQueue The specified queue does not exist.");
}

TEST_F(QueueSettingsTest, LastModifiedTimestampMovesWithAttributesNotWithTags) {
  const std::string url = CreateQueue("q");
  EXPECT_EQ(GetAttribute(url, "CreatedTimestamp"), "1767225600");
  Advance(absl::Seconds(7));
  ASSERT_EQ(Tag(url, {{"k", "v"}}), "OK");
  EXPECT_EQ(GetAttribute(url, "LastModifiedTimestamp"), "1767225600");
  ASSERT_EQ(SetAttributes(url, {{"DelaySeconds", "0"}}), "OK");
  EXPECT_EQ(GetAttribute(url, "LastModifiedTimestamp"), "1767225607");
  EXPECT_EQ(GetAttribute(url, "CreatedTimestamp"), "1767225600");
}

TEST_F(QueueSettingsTest, QueueTypeCannotBeModified) {
  const std::string url = CreateFifoQueue("q.fifo");
  EXPECT_EQ(SetAttributes(url, {{"FifoQueue", "True"}}), "OK");
  for (const char* value : {"false", "", "nonsense"}) {
    EXPECT_EQ(SetAttributes(url, {{"FifoQueue", value}}),
              "InvalidAttributeValue Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not "
              "supported.");
  }
}

TEST_F(QueueSettingsTest, LimitPerMessageGroupNeedsScopePerMessageGroup) {
  const std::string refused =
      "InvalidAttributeValue The perMessageGroupId value is allowed only when the value for DeduplicationScope is "
      "messageGroup";
  const std::string url = CreateFifoQueue("q.fifo");
  EXPECT_EQ(SetAttributes(url, {{"FifoThroughputLimit", "perMessageGroupId"}}), refused);
  EXPECT_EQ(SetAttributes(url, {{"FifoThroughputLimit", "perMessageGroupId"}, {"DeduplicationScope", "messageGroup"}}),
            "OK");
  EXPECT_EQ(SetAttributes(url, {{"DeduplicationScope", "queue"}}), refused);
  EXPECT_EQ(SetAttributes(url, {{"FifoThroughputLimit", "perQueue"}}), "OK");
  EXPECT_EQ(SetAttributes(url, {{"FifoThroughputLimit", "perMessageGroupId"}}), "OK");
}

TEST_F(QueueSettingsTest, KeySwitchesManagedEncryptionOff) {
  const std::string url = CreateQueue("q");
  ASSERT_EQ(SetAttributes(url, {{"KmsMasterKeyId", "alias/key"}}), "OK");
  EXPECT_EQ(GetAttribute(url, "SqsManagedSseEnabled"), "false");
  EXPECT_EQ(GetAttribute(url, "KmsDataKeyReusePeriodSeconds"), "300");

  ASSERT_EQ(SetAttributes(url, {{"KmsDataKeyReusePeriodSeconds", "60"}}), "OK");
  EXPECT_EQ(GetAttribute(url, "KmsDataKeyReusePeriodSeconds"), "60");

  // Removing the key does not switch it on again.
  ASSERT_EQ(SetAttributes(url, {{"KmsMasterKeyId", ""}}), "OK");
  EXPECT_EQ(GetAttribute(url, "KmsMasterKeyId"), "-");
  EXPECT_EQ(GetAttribute(url, "KmsDataKeyReusePeriodSeconds"), "-");
  EXPECT_EQ(GetAttribute(url, "SqsManagedSseEnabled"), "false");

  ASSERT_EQ(SetAttributes(url, {{"KmsMasterKeyId", "alias/key"}}), "OK");
  EXPECT_EQ(GetAttribute(url, "KmsDataKeyReusePeriodSeconds"), "300");
}

TEST_F(QueueSettingsTest, ManagedEncryptionDropsTheKey) {
  const std::string url = CreateQueue("q", {{"KmsMasterKeyId", "alias/key"}, {"SqsManagedSseEnabled", "false"}});
  EXPECT_EQ(GetAttribute(url, "KmsMasterKeyId"), "alias/key");
  ASSERT_EQ(SetAttributes(url, {{"SqsManagedSseEnabled", "true"}}), "OK");
  EXPECT_EQ(GetAttribute(url, "KmsMasterKeyId"), "-");
  EXPECT_EQ(GetAttribute(url, "SqsManagedSseEnabled"), "true");
  EXPECT_EQ(SetAttributes(url, {{"KmsMasterKeyId", "k"}, {"SqsManagedSseEnabled", "true"}}),
            "InvalidAttributeName You can use one type of server-side encryption (SSE) at one time. You can either "
            "enable KMS SSE or SQS SSE.");
  EXPECT_EQ(SetAttributes(url, {{"KmsMasterKeyId", ""}, {"SqsManagedSseEnabled", "true"}}), "OK");
}

TEST_F(QueueSettingsTest, PolicyIsReturnedAsGivenAndRemovedByEmptyText) {
  const std::string url = CreateQueue("q");
  const std::string policy = R"({ "Version": "2012-10-17",  "Statement": [] })";
  ASSERT_EQ(SetAttributes(url, {{"Policy", policy}}), "OK");
  EXPECT_EQ(GetAttribute(url, "Policy"), policy);
  EXPECT_EQ(SetAttributes(url, {{"Policy", "{}"}}), "InvalidAttributeValue Invalid value for the parameter Policy.");
  EXPECT_EQ(GetAttribute(url, "Policy"), policy);
  ASSERT_EQ(SetAttributes(url, {{"Policy", ""}}), "OK");
  EXPECT_EQ(GetAttribute(url, "Policy"), "-");
}

// --- Redrive policies -----------------------------------------------------------------------------------------------

TEST_F(QueueSettingsTest, RedrivePolicyIsReturnedInCanonicalForm) {
  CreateQueue("dead");
  const std::string url = CreateQueue("q");
  ASSERT_EQ(SetAttributes(url, {{"RedrivePolicy", absl::StrCat(R"({ "maxReceiveCount": "5", "deadLetterTargetArn": ")",
                                                               Arn("dead"), R"(" })")}}),
            "OK");
  EXPECT_EQ(GetAttribute(url, "RedrivePolicy"), RedrivePolicyTo("dead", 5));
  ASSERT_EQ(SetAttributes(url, {{"RedrivePolicy", ""}}), "OK");
  EXPECT_EQ(GetAttribute(url, "RedrivePolicy"), "-");
}

TEST_F(QueueSettingsTest, DeadLetterQueueExistsInTheSameAccountAndRegion) {
  const std::string url = CreateQueue("q");
  caller_.account = "111111111111";
  CreateQueue("dead");
  const std::string in_other_account = RedrivePolicyTo("dead");
  caller_ = Caller();
  caller_.region = "eu-west-1";
  CreateQueue("dead");
  const std::string in_other_region = RedrivePolicyTo("dead");
  caller_ = Caller();
  for (const std::string& policy :
       {RedrivePolicyTo("nothing"), in_other_account, in_other_region, RedrivePolicyTo("a b")}) {
    EXPECT_EQ(SetAttributes(url, {{"RedrivePolicy", policy}}),
              InvalidParameterText(policy, "RedrivePolicy", "Dead letter target does not exist."));
  }
}

TEST_F(QueueSettingsTest, DeadLetterQueueHasTheTypeOfItsSource) {
  const std::string standard = CreateQueue("q");
  const std::string fifo = CreateFifoQueue("q.fifo");
  const std::string reason = "Dead-letter queue must be same type of queue as the source..";
  EXPECT_EQ(SetAttributes(standard, {{"RedrivePolicy", RedrivePolicyTo("q.fifo")}}),
            InvalidParameterText(RedrivePolicyTo("q.fifo"), "RedrivePolicy", reason));
  EXPECT_EQ(SetAttributes(fifo, {{"RedrivePolicy", RedrivePolicyTo("q")}}),
            InvalidParameterText(RedrivePolicyTo("q"), "RedrivePolicy", reason));
}

TEST_F(QueueSettingsTest, QueueMayBeItsOwnDeadLetterQueue) {
  const std::string url = CreateQueue("q");
  EXPECT_EQ(SetAttributes(url, {{"RedrivePolicy", RedrivePolicyTo("q")}}), "OK");
}

TEST_F(QueueSettingsTest, RedriveAllowPolicyIsAskedWhenASourceIsSet) {
  const std::string dead = CreateQueue("dead");
  const std::string a = CreateQueue("a");
  const std::string b = CreateQueue("b");
  const std::string refused = InvalidParameterText(RedrivePolicyTo("dead"), "RedrivePolicy",
                                                   "Dead-letter queue does not allow this queue as a source.");
  ASSERT_EQ(
      SetAttributes(dead, {{"RedriveAllowPolicy",
                            absl::StrCat(R"({"redrivePermission":"byQueue","sourceQueueArns":[")", Arn("a"), "\"]}")}}),
      "OK");
  EXPECT_EQ(SetAttributes(a, {{"RedrivePolicy", RedrivePolicyTo("dead")}}), "OK");
  EXPECT_EQ(SetAttributes(b, {{"RedrivePolicy", RedrivePolicyTo("dead")}}), refused);
  EXPECT_EQ(ErrorOf(Call(CreateQueueRequest{"c", {{"RedrivePolicy", RedrivePolicyTo("dead")}}, {}})), refused);

  // A link that exists stays.
  ASSERT_EQ(SetAttributes(dead, {{"RedriveAllowPolicy", R"({"redrivePermission": "denyAll"})"}}), "OK");
  EXPECT_EQ(GetAttribute(dead, "RedriveAllowPolicy"), R"({"redrivePermission":"denyAll"})");
  EXPECT_EQ(GetAttribute(a, "RedrivePolicy"), RedrivePolicyTo("dead"));
  EXPECT_EQ(SetAttributes(a, {{"DelaySeconds", "1"}}), "OK");
  EXPECT_EQ(SetAttributes(a, {{"RedrivePolicy", RedrivePolicyTo("dead")}}), refused);

  ASSERT_EQ(SetAttributes(dead, {{"RedriveAllowPolicy", ""}}), "OK");
  EXPECT_EQ(GetAttribute(dead, "RedriveAllowPolicy"), "-");
  EXPECT_EQ(SetAttributes(b, {{"RedrivePolicy", RedrivePolicyTo("dead")}}), "OK");
}

// --- Tags -----------------------------------------------------------------------------------------------------------

TEST_F(QueueSettingsTest, TagsAreAddedOverwrittenAndRemoved) {
  const std::string url = CreateQueue("q");
  EXPECT_TRUE(Tags(url).empty());
  ASSERT_EQ(Tag(url, {{"a", "1"}, {"A", ""}}), "OK");
  ASSERT_EQ(Tag(url, {{"b", "2"}, {"a", "3"}}), "OK");
  EXPECT_EQ(Tags(url), (StringMap{{"a", "3"}, {"A", ""}, {"b", "2"}}));
  ASSERT_EQ(Untag(url, {"A", "absent"}), "OK");
  EXPECT_EQ(Tags(url), (StringMap{{"a", "3"}, {"b", "2"}}));
}

TEST_F(QueueSettingsTest, FiftyTagsAtMost) {
  const std::string url = CreateQueue("q");
  StringMap tags;
  for (int i = 0; i < 50; ++i) tags.emplace_back(absl::StrCat("k", i), "v");
  ASSERT_EQ(Tag(url, tags), "OK");
  EXPECT_EQ(Tag(url, {{"k0", "w"}}), "OK");
  EXPECT_EQ(Tag(url, {{"k50", "v"}}), "InvalidParameterValue Too many tags added for queue q.");
  tags.emplace_back("k50", "v");
  EXPECT_EQ(ErrorOf(Call(CreateQueueRequest{"r", {}, tags})), "InvalidParameterValue Too many tags added for queue r.");
}

TEST_F(QueueSettingsTest, TagLengthsAreCountedInCharacters) {
  const std::string url = CreateQueue("q");
  const auto umlauts = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "\xC3\xA4";
    return text;
  };
  const std::string bad_key = "InvalidParameterValue Tag keys must be between 1 and 128 characters in length.";
  const std::string bad_value = "InvalidParameterValue Tag values must be between 0 and 256 characters in length.";
  EXPECT_EQ(Tag(url, {{umlauts(128), umlauts(256)}}), "OK");
  EXPECT_EQ(Tag(url, {{umlauts(129), ""}}), bad_key);
  EXPECT_EQ(Tag(url, {{"", ""}}), bad_key);
  EXPECT_EQ(Tag(url, {{"\xFF", ""}}), bad_key);
  EXPECT_EQ(Tag(url, {{"k", umlauts(257)}}), bad_value);
  EXPECT_EQ(Tag(url, {{"k", std::string(1, '\0')}}), bad_value);
  EXPECT_EQ(Tag(url, {}), "MissingParameter The request must contain the parameter Tags.");
  EXPECT_EQ(Untag(url, {}), bad_key);
  EXPECT_EQ(Untag(url, {std::string(129, 'k')}), bad_key);
  EXPECT_EQ(Tags(url).size(), 1u);
}

}  // namespace
}  // namespace sqs
