#include "api/attributes.h"

#include <set>
#include <string>
#include <vector>

#include "api/errors.h"
#include "gtest/gtest.h"

namespace sqs {
namespace {

// What the attribute reads back as after `text` was set, or the error.
std::string RoundTrip(const char* name, absl::string_view text) {
  QueueConfig config;
  config.fifo = true;
  config.kms_master_key_id = "alias/key";
  const AttributeInfo* info = FindAttribute(name);
  if (info == nullptr) return "no such row";
  const absl::Status status = ParseAttribute(*info, text, &config);
  if (!status.ok()) return std::string(InfoOf(status).shape) + " " + std::string(status.message());
  return AttributeText(*info, config, {}).value_or("-");
}

// The names that GetQueueAttributes "All" answers for a queue with `config`.
std::vector<std::string> ShownNames(const QueueConfig& config) {
  std::vector<std::string> names;
  for (const AttributeInfo& info : AllAttributes()) {
    if (AttributeText(info, config, {.queue_arn = "arn"}).has_value()) names.emplace_back(info.name);
  }
  return names;
}

TEST(AttributesTest, IntegersAreAcceptedFromTheirMinimumToTheirMaximum) {
  struct Case {
    const char* name;
    int64_t min;
    int64_t max;
  };
  const Case cases[] = {
      {"DelaySeconds", 0, 900},
      {"MaximumMessageSize", 1024, 1048576},
      {"MessageRetentionPeriod", 60, 1209600},
      {"ReceiveMessageWaitTimeSeconds", 0, 20},
      {"VisibilityTimeout", 0, 43200},
      {"KmsDataKeyReusePeriodSeconds", 60, 86400},
  };
  for (const Case& c : cases) {
    const std::string refused = "InvalidAttributeValue Invalid value for the parameter " + std::string(c.name) + ".";
    EXPECT_EQ(RoundTrip(c.name, std::to_string(c.min)), std::to_string(c.min));
    EXPECT_EQ(RoundTrip(c.name, std::to_string(c.max)), std::to_string(c.max));
    EXPECT_EQ(RoundTrip(c.name, std::to_string(c.min - 1)), refused);
    EXPECT_EQ(RoundTrip(c.name, std::to_string(c.max + 1)), refused);
  }
}

TEST(AttributesTest, IntegersArePlainDigits) {
  EXPECT_EQ(RoundTrip("VisibilityTimeout", "007"), "7");
  EXPECT_EQ(RoundTrip("VisibilityTimeout", "000000000000000000000000000000"), "0");
  for (absl::string_view text :
       {absl::string_view(""), absl::string_view(" 5"), absl::string_view("5 "), absl::string_view("+5"),
        absl::string_view("-0"), absl::string_view("5.0"), absl::string_view("5e1"), absl::string_view("0x5"),
        absl::string_view("five"), absl::string_view("NaN"), absl::string_view("\xD9\xA5"), absl::string_view("5\0", 2),
        absl::string_view("9223372036854775808"), absl::string_view("18446744073709551621")}) {
    EXPECT_EQ(RoundTrip("VisibilityTimeout", text),
              "InvalidAttributeValue Invalid value for the parameter VisibilityTimeout.")
        << text;
  }
}

TEST(AttributesTest, BooleansAreReadWithoutCaseAndShownInLowerCase) {
  for (const char* name : {"SqsManagedSseEnabled", "ContentBasedDeduplication", "FifoQueue"}) {
    const std::string refused = "InvalidAttributeValue Invalid value for the parameter " + std::string(name) + ".";
    EXPECT_EQ(RoundTrip(name, "true"), "true");
    EXPECT_EQ(RoundTrip(name, "True"), "true");
    EXPECT_EQ(RoundTrip(name, "TRUE"), "true");
    for (const char* text : {"", "yes", "1", "true ", "t"}) EXPECT_EQ(RoundTrip(name, text), refused) << text;
  }
  EXPECT_EQ(RoundTrip("SqsManagedSseEnabled", "False"), "false");
}

TEST(AttributesTest, ChoicesAreReadExactly) {
  EXPECT_EQ(RoundTrip("DeduplicationScope", "queue"), "queue");
  EXPECT_EQ(RoundTrip("DeduplicationScope", "messageGroup"), "messageGroup");
  EXPECT_EQ(RoundTrip("FifoThroughputLimit", "perQueue"), "perQueue");
  EXPECT_EQ(RoundTrip("FifoThroughputLimit", "perMessageGroupId"), "perMessageGroupId");
  for (const char* text : {"", "MessageGroup", "perQueue", "queue "}) {
    EXPECT_EQ(RoundTrip("DeduplicationScope", text),
              "InvalidAttributeValue Invalid value for the parameter DeduplicationScope.")
        << text;
  }
}

TEST(AttributesTest, KeyIdIsVisibleAscii) {
  EXPECT_EQ(RoundTrip("KmsMasterKeyId", "alias/aws/sqs"), "alias/aws/sqs");
  EXPECT_EQ(RoundTrip("KmsMasterKeyId", ""), "-");
  EXPECT_EQ(RoundTrip("KmsMasterKeyId", std::string(2048, 'k')), std::string(2048, 'k'));
  for (const std::string& text :
       {std::string(2049, 'k'), std::string("a b"), std::string("a\n"), std::string("\xFF"), std::string(1, '\0')}) {
    EXPECT_EQ(RoundTrip("KmsMasterKeyId", text),
              "InvalidAttributeValue Invalid value for the parameter KmsMasterKeyId.");
  }
}

TEST(AttributesTest, RefusedValueChangesNothing) {
  for (const AttributeInfo& info : AllAttributes()) {
    QueueConfig config;
    EXPECT_FALSE(ParseAttribute(info, "\x01 nonsense", &config).ok()) << info.name;
    EXPECT_EQ(config, QueueConfig()) << info.name;
  }
}

TEST(AttributesTest, FreshStandardQueueShowsTwelveAttributes) {
  EXPECT_EQ(
      ShownNames(QueueConfig()),
      (std::vector<std::string>{"QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                                "ApproximateNumberOfMessagesDelayed", "CreatedTimestamp", "LastModifiedTimestamp",
                                "VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod", "DelaySeconds",
                                "ReceiveMessageWaitTimeSeconds", "SqsManagedSseEnabled"}));
}

TEST(AttributesTest, FreshFifoQueueShowsSixteenAttributes) {
  QueueConfig config;
  config.fifo = true;
  const std::vector<std::string> names = ShownNames(config);
  EXPECT_EQ(names.size(), 16u);
  EXPECT_EQ(std::vector<std::string>(names.end() - 4, names.end()),
            (std::vector<std::string>{"FifoQueue", "DeduplicationScope", "FifoThroughputLimit",
                                      "ContentBasedDeduplication"}));
}

TEST(AttributesTest, DefaultsAreTheDocumentedOnes) {
  QueueConfig config;
  config.fifo = true;
  config.kms_master_key_id = "key";
  const std::pair<const char*, const char*> defaults[] = {
      {"DelaySeconds", "0"},
      {"MaximumMessageSize", "1048576"},
      {"MessageRetentionPeriod", "345600"},
      {"ReceiveMessageWaitTimeSeconds", "0"},
      {"VisibilityTimeout", "30"},
      {"KmsDataKeyReusePeriodSeconds", "300"},
      {"SqsManagedSseEnabled", "true"},
      {"FifoQueue", "true"},
      {"ContentBasedDeduplication", "false"},
      {"DeduplicationScope", "queue"},
      {"FifoThroughputLimit", "perQueue"},
  };
  for (const auto& [name, text] : defaults) EXPECT_EQ(AttributeText(*FindAttribute(name), config, {}), text) << name;
}

TEST(AttributesTest, ReusePeriodIsShownOnlyWithAKey) {
  const AttributeInfo& period = *FindAttribute("KmsDataKeyReusePeriodSeconds");
  QueueConfig config;
  EXPECT_EQ(AttributeText(period, config, {}), std::nullopt);
  config.kms_master_key_id = "key";
  EXPECT_EQ(AttributeText(period, config, {}), "300");
}

TEST(AttributesTest, ObservedValuesComeFromTheQueue) {
  const ObservedAttributes observed{.queue_arn = "arn:aws:sqs:us-east-1:000000000000:q",
                                    .approximate_number_of_messages = 1,
                                    .approximate_number_of_messages_not_visible = 2,
                                    .approximate_number_of_messages_delayed = 3,
                                    .created_timestamp = 4,
                                    .last_modified_timestamp = 5};
  const std::pair<const char*, const char*> values[] = {{"QueueArn", "arn:aws:sqs:us-east-1:000000000000:q"},
                                                        {"ApproximateNumberOfMessages", "1"},
                                                        {"ApproximateNumberOfMessagesNotVisible", "2"},
                                                        {"ApproximateNumberOfMessagesDelayed", "3"},
                                                        {"CreatedTimestamp", "4"},
                                                        {"LastModifiedTimestamp", "5"}};
  for (const auto& [name, text] : values) {
    EXPECT_EQ(AttributeText(*FindAttribute(name), QueueConfig(), observed), text) << name;
    EXPECT_FALSE(CheckSettable(*FindAttribute(name), /*fifo=*/true).ok()) << name;
  }
}

TEST(AttributesTest, StandardQueueRefusesFifoAttributes) {
  const std::pair<const char*, const char*> texts[] = {
      {"FifoQueue", "Unknown Attribute FifoQueue."},
      {"ContentBasedDeduplication", "Unknown Attribute ContentBasedDeduplication."},
      {"DeduplicationScope", "You can specify the DeduplicationScope only when FifoQueue is set to true."},
      {"FifoThroughputLimit", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."},
  };
  for (const auto& [name, text] : texts) {
    const absl::Status status = CheckSettable(*FindAttribute(name), /*fifo=*/false);
    EXPECT_STREQ(InfoOf(status).shape, "InvalidAttributeName");
    EXPECT_EQ(status.message(), text);
    EXPECT_TRUE(CheckSettable(*FindAttribute(name), /*fifo=*/true).ok());
  }
}

TEST(AttributesTest, NamesAreUniqueAndCaseSensitive) {
  std::set<std::string> names;
  for (const AttributeInfo& info : AllAttributes()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(FindAttribute(info.name), &info);
  }
  for (const char* name : {"", "All", "delayseconds", "DelaySeconds ", "Nonsense"}) {
    EXPECT_EQ(FindAttribute(name), nullptr) << name;
  }
}

TEST(AttributesTest, SameValueIsFoundWhateverItsText) {
  QueueConfig a;
  QueueConfig b;
  const AttributeInfo& timeout = *FindAttribute("VisibilityTimeout");
  ASSERT_TRUE(ParseAttribute(timeout, "60", &a).ok());
  EXPECT_FALSE(SameAttribute(timeout, a, b));
  ASSERT_TRUE(ParseAttribute(timeout, "0060", &b).ok());
  EXPECT_TRUE(SameAttribute(timeout, a, b));
  b.redrive_policy = {"arn", 3};
  EXPECT_FALSE(SameAttribute(*FindAttribute("RedrivePolicy"), a, b));
  EXPECT_TRUE(SameAttribute(*FindAttribute("QueueArn"), a, b));
}

TEST(AttributesTest, RedrivePolicyIsShownInCanonicalForm) {
  QueueConfig config;
  const AttributeInfo& info = *FindAttribute("RedrivePolicy");
  EXPECT_EQ(AttributeText(info, config, {}), std::nullopt);
  config.redrive_policy = {"arn:aws:sqs:us-east-1:000000000000:dead", 5};
  EXPECT_EQ(AttributeText(info, config, {}),
            R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":5})");
}

}  // namespace
}  // namespace sqs
