#include "account/queue_address.h"

#include <string>

#include "gtest/gtest.h"

namespace sqs {
namespace {

constexpr char kRegion[] = "us-east-2";
constexpr char kAccount[] = "000000000000";

// "region account name", or "-" if it is no queue URL.
std::string Parsed(absl::string_view url) {
  QueueAddress address;
  if (!ParseQueueUrl(url, kRegion, kAccount, &address)) return "-";
  return std::string(address.region) + " " + std::string(address.account) + " " + std::string(address.name);
}

struct UrlCase {
  const char* url;
  const char* parsed;
};

TEST(QueueAddressTest, UrlNamesRegionAccountAndQueue) {
  const UrlCase cases[] = {
      // The service's own hosts name the region.
      {"https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "eu-west-1 123456789012 orders"},
      {"https://sqs.us-gov-west-1.amazonaws.com/123456789012/orders", "us-gov-west-1 123456789012 orders"},
      {"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders", "cn-north-1 123456789012 orders"},
      {"https://sqs-fips.us-west-2.amazonaws.com/123456789012/orders", "us-west-2 123456789012 orders"},
      {"https://sqs.eu-west-1.api.aws/123456789012/orders.fifo", "eu-west-1 123456789012 orders.fifo"},
      {"https://queue.amazonaws.com/123456789012/orders", "us-east-1 123456789012 orders"},
      {"https://eu-west-1.queue.amazonaws.com/123456789012/orders", "eu-west-1 123456789012 orders"},
      {"https://vpce-1a2b.sqs.eu-west-1.vpce.amazonaws.com/123456789012/orders", "eu-west-1 123456789012 orders"},
      // So do hosts of others that are shaped alike.
      {"http://sqs.eu-west-1.localhost:4566/123456789012/orders", "eu-west-1 123456789012 orders"},
      {"http://eu-west-1.queue.localhost:4566/123456789012/orders", "eu-west-1 123456789012 orders"},
      // Other hosts do not.
      {"http://localhost:9324/123456789012/orders", "us-east-2 123456789012 orders"},
      {"http://127.0.0.1:9324/123456789012/orders", "us-east-2 123456789012 orders"},
      {"http://[::1]:9324/123456789012/orders", "us-east-2 123456789012 orders"},
      {"http://sqs.localhost/123456789012/orders", "us-east-2 123456789012 orders"},
      {"http://sqs/123456789012/orders", "us-east-2 123456789012 orders"},
      {"https://example.com/some/prefix/123456789012/orders", "us-east-2 123456789012 orders"},
      // The path may name it.
      {"http://localhost:4566/queue/eu-west-1/123456789012/orders", "eu-west-1 123456789012 orders"},
      {"http://sqs.us-west-2.localhost/queue/eu-west-1/123456789012/orders", "eu-west-1 123456789012 orders"},
      // Scheme and host may be missing.
      {"sqs.eu-west-1.amazonaws.com/123456789012/orders", "eu-west-1 123456789012 orders"},
      {"/123456789012/orders", "us-east-2 123456789012 orders"},
      {"123456789012/orders", "us-east-2 123456789012 orders"},
      {"/queue/eu-west-1/123456789012/orders", "eu-west-1 123456789012 orders"},
      {"orders", "us-east-2 000000000000 orders"},
      {"orders.fifo", "us-east-2 000000000000 orders.fifo"},
  };
  for (const UrlCase& c : cases) EXPECT_EQ(Parsed(c.url), c.parsed) << c.url;
}

TEST(QueueAddressTest, OtherTextIsNoUrl) {
  const char* const cases[] = {
      "",
      "/",
      "//",
      "https://",
      "http://localhost:9324",
      "http://localhost:9324/",
      "http://localhost:9324/orders",
      "http://localhost:9324/12345678901/orders",
      "http://localhost:9324/1234567890123/orders",
      "http://localhost:9324/12345678901a/orders",
      "http://localhost:9324/123456789012/",
      "http://localhost:9324/123456789012/orders/",
      "/orders",
  };
  for (const char* url : cases) EXPECT_EQ(Parsed(url), "-") << url;
}

TEST(QueueAddressTest, AnyBytesCanBeParsed) {
  EXPECT_EQ(Parsed("http://" + std::string(1, '\0') + "\xFF/123456789012/q"), "us-east-2 123456789012 q");
  EXPECT_EQ(Parsed(std::string(1 << 20, '/')), "-");
  EXPECT_EQ(Parsed(std::string(1 << 20, '.') + "/123456789012/q"), "us-east-2 123456789012 q");
}

TEST(QueueAddressTest, StandardNameHasOneToEightyCharacters) {
  EXPECT_TRUE(IsStandardQueueName("a"));
  EXPECT_TRUE(IsStandardQueueName("Orders_2026-x"));
  EXPECT_TRUE(IsStandardQueueName(std::string(80, 'a')));
  EXPECT_FALSE(IsStandardQueueName(std::string(81, 'a')));
  for (const char* name : {"", "a.fifo", "a b", "a/b", "\xC3\xA4", "a\n", "a:b", "a.b"}) {
    EXPECT_FALSE(IsStandardQueueName(name)) << name;
  }
}

TEST(QueueAddressTest, FifoNameEndsInFifoAndHasEightyCharactersInAll) {
  EXPECT_TRUE(IsFifoQueueName("a.fifo"));
  EXPECT_TRUE(IsFifoQueueName(std::string(75, 'a') + ".fifo"));
  EXPECT_FALSE(IsFifoQueueName(std::string(76, 'a') + ".fifo"));
  for (const char* name : {"", ".fifo", "a", "a.FIFO", "a.fifo.fifo", "a.fifo ", "a b.fifo"}) {
    EXPECT_FALSE(IsFifoQueueName(name)) << name;
  }
}

TEST(QueueAddressTest, UrlIsBuiltOnTheBaseOrTheServicesHost) {
  const QueueName queue{"eu-west-1", "123456789012", "orders"};
  EXPECT_EQ(MakeQueueUrl("http://localhost:9324", queue), "http://localhost:9324/123456789012/orders");
  EXPECT_EQ(MakeQueueUrl("", queue), "https://sqs.eu-west-1.amazonaws.com/123456789012/orders");
  EXPECT_EQ(MakeQueueUrl("", {"cn-north-1", "123456789012", "q"}),
            "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q");
}

TEST(QueueAddressTest, ArnHasThePartitionOfItsRegion) {
  struct Case {
    const char* region;
    const char* arn;
  };
  const Case cases[] = {
      {"us-east-1", "arn:aws:sqs:us-east-1:123456789012:orders"},
      {"cn-north-1", "arn:aws-cn:sqs:cn-north-1:123456789012:orders"},
      {"us-gov-west-1", "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:orders"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(MakeQueueArn({c.region, "123456789012", "orders"}), c.arn);
    QueueAddress address;
    ASSERT_TRUE(ParseQueueArn(c.arn, &address)) << c.arn;
    EXPECT_EQ(address.region, c.region);
    EXPECT_EQ(address.account, "123456789012");
    EXPECT_EQ(address.name, "orders");
  }
}

TEST(QueueAddressTest, OtherTextIsNoQueueArn) {
  const char* const cases[] = {
      "",
      "arn",
      "arn:aws:sqs",
      "orders",
      "arn:aws:sqs:us-east-1:123456789012:",
      "arn:aws:sqs:us-east-1:123456789012",
      "arn:aws:sqs:us-east-1::orders",
      "arn:aws:sqs::123456789012:orders",
      "arn:aws:sqs:us-east-1:12345:orders",
      "arn:aws:sqs:us-east-1:123456789012:a:b",
      "arn:aws:sqs:us-east-1:123456789012:a b",
      "arn:aws:sqs:cn-north-1:123456789012:orders",
      "arn:aws-cn:sqs:us-east-1:123456789012:orders",
      "arn:aws:sns:us-east-1:123456789012:orders",
      "ARN:aws:sqs:us-east-1:123456789012:orders",
      " arn:aws:sqs:us-east-1:123456789012:orders",
  };
  QueueAddress address;
  for (const char* arn : cases) EXPECT_FALSE(ParseQueueArn(arn, &address)) << arn;
}

TEST(QueueAddressTest, FullArnNamesItsService) {
  EXPECT_EQ(ServiceOfArn("arn:aws:sqs:us-east-1:123456789012:orders"), "sqs");
  EXPECT_EQ(ServiceOfArn("arn:aws:s3:::bucket"), "s3");
  EXPECT_EQ(ServiceOfArn("arn:aws:lambda:us-east-1:123456789012:function:f"), "lambda");
  for (const char* arn : {"", "orders", "arn:aws:sqs", "arn:aws:sqs:us-east-1:orders",
                          "arn:aws:sqs:r:1:", "arn::sqs:r:1:q", "arn:aws::r:1:q", "urn:aws:sqs:r:1:q"}) {
    EXPECT_EQ(ServiceOfArn(arn), "") << arn;
  }
}

}  // namespace
}  // namespace sqs
