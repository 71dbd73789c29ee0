#include "wire/sigv4.h"

#include <map>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sqs::wire {
namespace {

using testing::HasSubstr;

class MapFields : public HeaderFields {
 public:
  explicit MapFields(std::map<std::string, std::string> fields) : fields_(std::move(fields)) {}
  std::optional<std::string> Value(absl::string_view name) const override {
    const auto found = fields_.find(absl::AsciiStrToLower(name));
    return found == fields_.end() ? std::nullopt : std::optional<std::string>(found->second);
  }

 private:
  std::map<std::string, std::string> fields_;
};

constexpr char kSecret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%E4Y%m%dT%H%M%SZ", text, absl::UTCTimeZone(), &time, &error)) << error;
  return time;
}

// A SendMessage signed at noon by ComputeSignature itself, to be bent by each test.
class VerifyTest : public testing::Test {
 protected:
  VerifyTest() {
    signature_.access_key = "AKIDEXAMPLE";
    signature_.date = "20260101";
    signature_.region = "eu-west-1";
    signature_.service = "sqs";
    signature_.signed_at = "20260101T120000Z";
    signature_.signed_headers = {"host", "x-amz-date", "x-amz-target"};
    signature_.valid_for = absl::Minutes(15);
    Sign();
  }

  void Sign() { signature_.signature = ComputeSignature(parts_, signature_, kSecret); }
  std::string Verify(absl::string_view secret = kSecret) {
    const absl::Status status = VerifySignature(parts_, signature_, secret, now_);
    return status.ok() ? "OK" : absl::StrCat(InfoOf(status).query_code, " ", status.message());
  }

  MapFields fields_{
      {{"host", "127.0.0.1:9324"}, {"x-amz-date", "20260101T120000Z"}, {"x-amz-target", "AmazonSQS.SendMessage"}}};
  SignedParts parts_{"POST", "/", "{\"MessageBody\":\"42\"}", fields_};
  Signature signature_;
  absl::Time now_ = At("20260101T120500Z");
};

// The example of AWS's documentation of Signature Version 4.
TEST(ComputeSignatureTest, GivesTheDocumentedSignature) {
  const MapFields fields({{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                          {"host", "iam.amazonaws.com"},
                          {"x-amz-date", "20150830T123600Z"}});
  const SignedParts parts{"GET", "/?Action=ListUsers&Version=2010-05-08", "", fields};
  Signature signature;
  signature.date = "20150830";
  signature.region = "us-east-1";
  signature.service = "iam";
  signature.signed_at = "20150830T123600Z";
  signature.signed_headers = {"content-type", "host", "x-amz-date"};
  EXPECT_EQ(ComputeSignature(parts, signature, kSecret),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST_F(VerifyTest, Accepts) { EXPECT_EQ(Verify(), "OK"); }

TEST_F(VerifyTest, RefusesAnotherSecret) {
  EXPECT_THAT(Verify("other"), HasSubstr("SignatureDoesNotMatch The request signature we calculated does not match"));
}

TEST_F(VerifyTest, RefusesAnotherBodyPathQueryMethodOrHeader) {
  const SignedParts signed_parts = parts_;
  parts_.body = "{\"MessageBody\":\"43\"}";
  EXPECT_THAT(Verify(), HasSubstr("SignatureDoesNotMatch"));
  for (const SignedParts& bent :
       {SignedParts{"GET", "/", signed_parts.body, fields_}, SignedParts{"POST", "/x", signed_parts.body, fields_},
        SignedParts{"POST", "/?a=b", signed_parts.body, fields_}}) {
    EXPECT_THAT(absl::StrCat(VerifySignature(bent, signature_, kSecret, now_).message()), HasSubstr("does not match"));
  }
  const MapFields other({{"host", "127.0.0.1:9324"}, {"x-amz-date", "20260101T120000Z"}, {"x-amz-target", "x"}});
  const SignedParts bent{"POST", "/", signed_parts.body, other};
  EXPECT_FALSE(VerifySignature(bent, signature_, kSecret, now_).ok());
}

TEST_F(VerifyTest, OrderOfQueryParametersAndWhiteSpaceOfHeadersDoNotCount) {
  const MapFields wide({{"host", " 127.0.0.1:9324"},
                        {"x-amz-date", "20260101T120000Z "},
                        {"x-amz-target", "  AmazonSQS.SendMessage  "}});
  const SignedParts one{"POST", "/?b=2&a=1%20x&a=0", "", fields_};
  const SignedParts other{"POST", "/?a=0&a=1+x&b=2", "", wide};
  signature_.signature = ComputeSignature(one, signature_, kSecret);
  EXPECT_TRUE(VerifySignature(other, signature_, kSecret, now_).ok());
}

TEST_F(VerifyTest, RefusesWhatIsTooOldOrOfTheFuture) {
  now_ = At("20260101T121500Z");
  EXPECT_EQ(Verify(), "OK");
  now_ = At("20260101T121501Z");
  EXPECT_EQ(Verify(),
            "SignatureDoesNotMatch Signature expired: 20260101T120000Z is now earlier than 20260101T120001Z "
            "(20260101T121501Z - 15 min.)");
  now_ = At("20260101T114459Z");
  EXPECT_EQ(Verify(),
            "SignatureDoesNotMatch Signature not yet current: 20260101T120000Z is still later than 20260101T115959Z "
            "(20260101T114459Z + 15 min.)");
}

TEST_F(VerifyTest, RefusesAnotherServiceDateOrAnUnsignedHost) {
  signature_.service = "sns";
  Sign();
  EXPECT_THAT(Verify(), HasSubstr("Credential should be scoped to correct service: 'sqs'."));
  signature_.service = "sqs";
  signature_.date = "20251231";
  Sign();
  EXPECT_THAT(Verify(), HasSubstr("Date in Credential scope does not match"));
  signature_.date = "20260101";
  signature_.signed_headers = {"x-amz-date"};
  Sign();
  EXPECT_THAT(Verify(), HasSubstr("must be a 'SignedHeader'"));
}

// "<query code>: <text>", "none", or what was read.
std::string Read(const std::string& authorization, const std::string& target = "/") {
  const MapFields fields({{"authorization", authorization}, {"x-amz-date", "20260101T120000Z"}});
  const auto read = ReadSignature({"GET", target, "", fields});
  if (!read.ok()) return absl::StrCat(InfoOf(read.status()).query_code, ": ", read.status().message());
  if (!read->has_value()) return "none";
  const Signature& signature = **read;
  return absl::StrCat(signature.access_key, " ", signature.region, " ", signature.signed_headers.size(), " ",
                      signature.signature, " ", absl::FormatDuration(signature.valid_for));
}

TEST(ReadSignatureTest, OfTheHeader) {
  EXPECT_EQ(Read("AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/sqs/aws4_request, SignedHeaders=host;x-amz-date, "
                 "Signature=abc"),
            "AK eu-west-1 2 abc 15m");
  EXPECT_EQ(Read(""), "none");
}

TEST(ReadSignatureTest, OfTheQueryString) {
  EXPECT_EQ(Read("",
                 "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20260101%2Feu-west-1%2Fsqs%2Faws4_request"
                 "&X-Amz-Date=20260101T120000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=abc"),
            "AK eu-west-1 1 abc 1m");
}

TEST(ReadSignatureTest, Malformed) {
  EXPECT_THAT(Read("Basic YTpi"), HasSubstr("IncompleteSignature: "));
  EXPECT_THAT(Read("AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/sqs/aws4_request"),
              HasSubstr("Authorization header requires 'Signature' parameter. Authorization header requires "
                        "'SignedHeaders' parameter. "));
  EXPECT_THAT(Read("AWS4-HMAC-SHA256 Credential=AK, SignedHeaders=host, Signature=abc"),
              HasSubstr("Credential must have exactly 5 slash-delimited elements"));
  EXPECT_THAT(Read("", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256"), HasSubstr("IncompleteSignature: "));
  EXPECT_THAT(Read("",
                   "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F1%2Fr%2Fsqs%2Faws4_request"
                   "&X-Amz-Date=20260101T120000Z&X-Amz-Expires=604801&X-Amz-SignedHeaders=host&X-Amz-Signature=a"),
              HasSubstr("X-Amz-Expires"));
}

}  // namespace
}  // namespace sqs::wire
