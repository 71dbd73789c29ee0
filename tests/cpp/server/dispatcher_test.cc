// Who calls, request by request on one thread: what is remembered of one must not be taken for another.
#include "server/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace sqs::server {
namespace {

class DispatcherTest : public testing::Test {
 protected:
  std::string Perform(absl::string_view operation, absl::string_view authorization, absl::string_view body) {
    const std::string target = absl::StrCat("AmazonSQS.", operation);
    std::string padded(body);
    padded.resize(body.size() + simdjson::SIMDJSON_PADDING);
    const wire::Request request{.method = "POST",
                                .target = "/",
                                .host = "localhost",
                                .amz_target = target,
                                .authorization = authorization,
                                .body = absl::string_view(padded).substr(0, body.size())};
    const wire::Exchange exchange(request);
    wire::Answer answer;
    Dispatcher::Outcome outcome;
    dispatcher_.Perform(exchange, request, &memory_, &answer, &outcome, [] { return Engine::ReceiveDone(); });
    return answer.body;
  }

  // The ARN of the queue that the caller means by "jobs".
  std::string ArnOfJobs(absl::string_view authorization) {
    return Perform("GetQueueAttributes", authorization, R"({"QueueUrl":"jobs","AttributeNames":["QueueArn"]})");
  }

  Engine engine_{{.seed = 1}};
  Dispatcher dispatcher_{engine_, {}, nullptr};
  Dispatcher::Memory memory_;
};

std::string Signed(absl::string_view key, absl::string_view region, absl::string_view signature) {
  return absl::StrCat("AWS4-HMAC-SHA256 Credential=", key, "/20260101/", region,
                      "/sqs/aws4_request, SignedHeaders=host, Signature=", signature);
}

TEST_F(DispatcherTest, EachRequestIsItsOwnCallers) {
  const std::string ann = Signed("111111111111", "us-east-1", "a");
  const std::string bob = Signed("222222222222", "eu-west-1", "b");
  for (const std::string& caller : {ann, bob, std::string()}) Perform("CreateQueue", caller, R"({"QueueName":"jobs"})");
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(ArnOfJobs(ann), testing::HasSubstr("arn:aws:sqs:us-east-1:111111111111:jobs"));
    EXPECT_THAT(ArnOfJobs(Signed("111111111111", "us-east-1", "c")), testing::HasSubstr(":us-east-1:111111111111:"));
    EXPECT_THAT(ArnOfJobs(bob), testing::HasSubstr("arn:aws:sqs:eu-west-1:222222222222:jobs"));
    EXPECT_THAT(ArnOfJobs(""), testing::HasSubstr("arn:aws:sqs:us-east-1:000000000000:jobs"));
    // The credential need not come first.
    EXPECT_THAT(ArnOfJobs("AWS4-HMAC-SHA256 SignedHeaders=host, Credential=222222222222/20260101/eu-west-1/sqs/"
                          "aws4_request, Signature=b"),
                testing::HasSubstr("arn:aws:sqs:eu-west-1:222222222222:jobs"));
    EXPECT_THAT(ArnOfJobs("AWS4-HMAC-SHA256 SignedHeaders=host, Credential=111111111111/20260101/us-east-1/sqs/"
                          "aws4_request, Signature=b"),
                testing::HasSubstr("arn:aws:sqs:us-east-1:111111111111:jobs"));
  }
}

// An answer with URLs depends on the host as well, so its caller is not the next one's.
TEST_F(DispatcherTest, ACallerWhoIsToldUrlsIsNotRemembered) {
  const std::string ann = Signed("111111111111", "us-east-1", "a");
  EXPECT_THAT(Perform("CreateQueue", ann, R"({"QueueName":"jobs"})"), testing::HasSubstr("http://localhost/1111"));
  EXPECT_THAT(ArnOfJobs(ann), testing::HasSubstr("arn:aws:sqs:us-east-1:111111111111:jobs"));
  EXPECT_THAT(Perform("GetQueueUrl", ann, R"({"QueueName":"jobs"})"), testing::HasSubstr("http://localhost/1111"));
}

}  // namespace
}  // namespace sqs::server
