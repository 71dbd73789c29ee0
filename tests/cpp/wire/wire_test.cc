#include <gtest/gtest.h>

#include <string>

#include "wire/credential_scope.h"
#include "wire/protocol.h"

namespace sqs::wire {
namespace {

// What was read, written back as JSON: shows every member at once.
template <class Struct>
std::string ReadJson(absl::string_view json) {
  std::string body(json);
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  JsonReader reader;
  Struct target;
  const absl::Status status = reader.Read(body, &target);
  if (!status.ok()) return std::string(status.message());
  std::string text;
  JsonWriter(&text).Write(target);
  return text;
}

TEST(JsonRequestTest, ReadsMembersAndPassesOverUnknownOnes) {
  EXPECT_EQ(ReadJson<SendMessageRequest>(R"({"MessageBody":"a\n\u00e9","No":{"x":[1,{"y":null}]},"DelaySeconds":5,
      "MessageAttributes":{"b":{"DataType":"Binary","BinaryValue":"AQID"}}})"),
            "{\"MessageBody\":\"a\\n\xC3\xA9\",\"DelaySeconds\":5,"
            R"("MessageAttributes":{"b":{"BinaryValue":"AQID","DataType":"Binary"}}})");
}

TEST(JsonRequestTest, CastsBetweenStringsAndNumbers) {
  EXPECT_EQ(ReadJson<SendMessageRequest>(R"({"DelaySeconds":"7","MessageBody":12.5})"),
            R"({"MessageBody":"12.5","DelaySeconds":7})");
}

TEST(JsonRequestTest, NullIsAbsent) {
  EXPECT_EQ(ReadJson<SendMessageRequest>(R"({"DelaySeconds":null,"MessageBody":"a"})"), R"({"MessageBody":"a"})");
}

TEST(JsonRequestTest, AnEmptyBodyIsAnEmptyObject) { EXPECT_EQ(ReadJson<ListQueuesRequest>(""), "{}"); }

struct Refusal {
  const char* json;
  const char* text;
};

class JsonRefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(JsonRefusalTest, AnswersSerializationException) {
  EXPECT_EQ(ReadJson<SendMessageRequest>(GetParam().json), GetParam().text);
}

constexpr char kBroken[] = "Unable to parse the request body as JSON.";
INSTANTIATE_TEST_SUITE_P(
    Wrong, JsonRefusalTest,
    testing::Values(Refusal{R"({"QueueUrl":["q"]})", "Start of list found where not expected"},
                    Refusal{R"({"QueueUrl":{"a":1}})", "Start of structure or map found where not expected."},
                    Refusal{R"({"MessageAttributes":"x"})", "Unrecognized collection type class java.lang.String"},
                    Refusal{R"({"DelaySeconds":"x"})", "STRING_VALUE can not be converted to an Integer"},
                    Refusal{R"({"DelaySeconds":9223372036854775808})",
                            "NUMBER_VALUE can not be converted to an Integer"},
                    Refusal{R"({"DelaySeconds":true})", "TRUE_VALUE can not be converted to an Integer"},
                    Refusal{R"({"MessageBody":)", kBroken}, Refusal{R"([])", kBroken}, Refusal{R"(7)", kBroken},
                    Refusal{R"({} {})", kBroken}, Refusal{"{\"MessageBody\":\"\xff\"}", kBroken},
                    Refusal{R"({"MessageBody":"\ud800"})", kBroken}));

TEST(JsonRequestTest, DeepNestingIsRefusedNotFollowed) {
  const std::string deep = "{\"x\":" + std::string(100000, '[') + std::string(100000, ']') + "}";
  EXPECT_NE(ReadJson<ListQueuesRequest>(deep), "");
}

TEST(QueryRequestTest, ListsFollowTheNumbersAndMayHaveGaps) {
  const Request request{.target =
                            "/?Action=SendMessageBatch&QueueUrl=q&SendMessageBatchRequestEntry.10.Id=c"
                            "&SendMessageBatchRequestEntry.2.Id=a&SendMessageBatchRequestEntry.2.MessageBody=x%20y+z"
                            "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Name=n"
                            "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.DataType=String"
                            "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.StringValue=v"};
  const Exchange exchange(request);
  ASSERT_TRUE(exchange.error().ok());
  SendMessageBatchRequest read;
  JsonReader reader;
  ASSERT_TRUE(exchange.Read(&reader, &read).ok());
  ASSERT_EQ(read.entries->size(), 2u);
  EXPECT_EQ((*read.entries)[0].message.message_body, "x y z");
  EXPECT_EQ(*(*read.entries)[0].message.message_attributes.at(0).second.string_value, "v");
  EXPECT_EQ((*read.entries)[1].id, "c");
}

TEST(QueryRequestTest, TheQueueUrlWinsOverThePath) {
  for (const auto& [target, queue] : {std::pair("/000000000000/path?Action=PurgeQueue", "/000000000000/path"),
                                      std::pair("/000000000000/path?Action=PurgeQueue&QueueUrl=other", "other")}) {
    const Request request{.target = target};
    const Exchange exchange(request);
    PurgeQueueRequest read;
    JsonReader reader;
    ASSERT_TRUE(exchange.Read(&reader, &read).ok());
    EXPECT_EQ(read.queue_url, queue);
  }
}

TEST(QueryRequestTest, TooManyParametersOrLevelsAreRefused) {
  QueryNode node;
  std::string form;
  for (int i = 0; i < 10001; ++i) form += "a=1&";
  EXPECT_FALSE(ParseForm(form, &node));
  EXPECT_FALSE(ParseForm(std::string(1000, '.') + "=1", &node));
  EXPECT_EQ(DecodeFormText("%zz%4"), "%zz%4");
}

TEST(ProtocolTest, TheTargetHeaderDecides) {
  const Request json{.target = "/", .content_type = "application/x-amz-json-1.0", .amz_target = "AmazonSQS.PurgeQueue"};
  EXPECT_EQ(Exchange(json).protocol(), Protocol::kJson);
  EXPECT_EQ(Exchange(json).operation(), Operation::kPurgeQueue);
  const Request unknown{.target = "/", .amz_target = "AmazonSQS.FooBar"};
  EXPECT_EQ(InfoOf(Exchange(unknown).error()).code, ErrorCode::kUnknownOperation);
  const Request query{.target = "/?Action=PurgeQueue"};
  EXPECT_EQ(Exchange(query).protocol(), Protocol::kQuery);
}

std::string ErrorBody(const Request& request, const absl::Status& status, Answer* answer) {
  Exchange(request).WriteError(status, "id", answer);
  return answer->body;
}

TEST(ProtocolTest, ErrorsInBothProtocols) {
  Answer answer;
  const Request json{.target = "/", .amz_target = "AmazonSQS.DeleteMessage"};
  EXPECT_EQ(ErrorBody(json, SqsError(ErrorCode::kReceiptHandleIsInvalid, "bad \"h\""), &answer),
            R"({"__type":"com.amazonaws.sqs#ReceiptHandleIsInvalid","message":"bad \"h\""})");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.query_error, "ReceiptHandleIsInvalid;Sender");

  const Request query{.target = "/?Action=DeleteMessage"};
  EXPECT_EQ(ErrorBody(query, QueueDoesNotExist(), &answer),
            "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error>"
            "<Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does "
            "not exist for this wsdl version.</Message><Detail/></Error><RequestId>id</RequestId></ErrorResponse>");

  const Request as_json{.target = "/?Action=DeleteMessage", .accept = "application/json"};
  EXPECT_EQ(ErrorBody(as_json, MissingParameter("ReceiptHandle"), &answer),
            R"({"Error":{"Code":"MissingParameter","Message":"The request must contain the parameter ReceiptHandle.",)"
            R"("Type":"Sender"},"RequestId":"id"})");
}

TEST(ProtocolTest, AVoidAnswerHasNoBodyInJsonAndNoResultInQuery) {
  Answer json_answer, query_answer;
  const Request json{.target = "/", .amz_target = "AmazonSQS.DeleteMessage"};
  Exchange(json).WriteResult(Void(), "id", &json_answer);
  EXPECT_EQ(json_answer.body, "");
  const Request query{.target = "/?Action=DeleteMessage"};
  Exchange(query).WriteResult(Void(), "id", &query_answer);
  EXPECT_EQ(query_answer.body,
            "<?xml version=\"1.0\"?><DeleteMessageResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">"
            "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DeleteMessageResponse>");
}

TEST(TextTest, EscapesWhatTheFormatNeedsAndRepairsWhatIsNoUtf8) {
  std::string json, xml;
  AppendJsonString("a\"\\\n\x01\xE2\x98\x83\xFF", &json);
  EXPECT_EQ(json, "\"a\\\"\\\\\\n\\u0001\xE2\x98\x83\xEF\xBF\xBD\"");
  AppendXmlText("<&>\"\r\n\x01\xFF", &xml);
  EXPECT_EQ(xml, "&lt;&amp;&gt;&quot;&#13;\n\xEF\xBF\xBD\xEF\xBF\xBD");
}

// Wherever it stands: text is looked at in blocks and, at its end, one by one.
TEST(TextTest, EachCharacterIsEscapedTheSameAtEachPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string alone;
    AppendJsonString(std::string(1, static_cast<char>(byte)), &alone);
    const std::string escaped = alone.substr(1, alone.size() - 2);
    for (size_t before = 0; before < 36; ++before) {
      const std::string x(before, 'x');
      std::string written;
      AppendJsonString(x + static_cast<char>(byte) + "yyyyyyyyyyyyyyyyy", &written);
      ASSERT_EQ(written, "\"" + x + escaped + "yyyyyyyyyyyyyyyyy\"") << byte << " after " << before;
    }
  }
}

TEST(CredentialScopeTest, ReadsKeyAndRegion) {
  const auto scope = ScopeOfAuthorization(
      "AWS4-HMAC-SHA256 Credential=111111111111/20260101/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=0");
  ASSERT_TRUE(scope.has_value());
  EXPECT_EQ(scope->region, "eu-west-1");
  EXPECT_TRUE(NamesAnAccount(scope->access_key));
  EXPECT_FALSE(NamesAnAccount("AKIAIOSFODNN"));
  for (const char* text : {"", "Basic abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c"}) {
    EXPECT_FALSE(ScopeOfAuthorization(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace sqs::wire
