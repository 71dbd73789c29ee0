#include "server/http_request.h"

#include <simdjson.h>

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sqs::server {
namespace {

using State = RequestParser::State;

// Bytes as a connection has them: with something readable behind.
std::string Padded(absl::string_view bytes) {
  std::string padded(bytes);
  padded.append(simdjson::SIMDJSON_PADDING, '#');
  return padded;
}

class RequestParserTest : public ::testing::Test {
 protected:
  State Parse(absl::string_view bytes) {
    parser_.Reset();
    bytes_ = Padded(bytes);
    return parser_.Parse(absl::string_view(bytes_).substr(0, bytes.size()));
  }
  const HttpRequest& Finish() {
    return parser_.Finish(absl::string_view(bytes_).substr(0, bytes_.size() - simdjson::SIMDJSON_PADDING));
  }
  int StatusOf(absl::string_view bytes) { return Parse(bytes) == State::kBad ? parser_.status() : 0; }

  ServerLimits limits_{.header_bytes_max = 1000, .body_bytes_max = 100};
  RequestParser parser_{limits_};
  std::string bytes_;
};

TEST_F(RequestParserTest, KnownFieldsGoToTheirMembersWhateverTheirCase) {
  ASSERT_EQ(
      Parse("POST /000000000000/jobs?a=b HTTP/1.1\r\nHOST: sqs.test:9324\r\nContent-Type:application/json\r\n"
            "X-Amz-Target: AmazonSQS.SendMessage\r\nauthorization: AWS4 \t\r\nAccept: */*\r\nOrigin: null\r\n"
            "Sec-Fetch-Site: none\r\nX-Amzn-Trace-Id: Root=1\r\nX-Other: \xC3\xA9\ta\r\nContent-Length: 4\r\n\r\nbody"),
      State::kComplete);
  const HttpRequest& request = Finish();
  EXPECT_EQ(request.wire.method, "POST");
  EXPECT_EQ(request.wire.target, "/000000000000/jobs?a=b");
  EXPECT_EQ(request.wire.host, "sqs.test:9324");
  EXPECT_EQ(request.wire.content_type, "application/json");
  EXPECT_EQ(request.wire.amz_target, "AmazonSQS.SendMessage");
  EXPECT_EQ(request.wire.authorization, "AWS4");
  EXPECT_EQ(request.wire.accept, "*/*");
  EXPECT_EQ(request.wire.trace_id, "Root=1");
  EXPECT_EQ(request.wire.body, "body");
  EXPECT_EQ(request.origin, "null");
  EXPECT_EQ(request.fetch_site, "none");
  EXPECT_EQ(request.wire.headers->Value("x-OTHER"), "\xC3\xA9\ta");
  EXPECT_EQ(request.wire.headers->Value("X-None"), std::nullopt);
}

TEST_F(RequestParserTest, RepeatedFieldsAreJoinedForASignatureAndElseTheFirstCounts) {
  ASSERT_EQ(Parse("GET / HTTP/1.1\r\nAccept: a\r\nX-A: 1\r\nx-a:  2 \r\nAccept: b\r\n\r\n"), State::kComplete);
  EXPECT_EQ(Finish().wire.headers->Value("x-a"), "1,2");
  EXPECT_EQ(Finish().wire.accept, "a");
}

TEST_F(RequestParserTest, RequestsAreTakenOneByOne) {
  const std::string first = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab";
  ASSERT_EQ(Parse(first + "GET /next HTTP/1.1\r\n\r\n"), State::kComplete);
  EXPECT_EQ(parser_.size(), first.size());
  EXPECT_EQ(Finish().wire.body, "ab");
}

// However the bytes are cut, and wherever they have moved to meanwhile.
TEST_F(RequestParserTest, ARequestIsTheSameByteByByte) {
  for (const std::string body : {"Content-Length: 3\r\n\r\nabc",
                                 "Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n002;x=y\r\n"
                                 "bc\r\n0\r\nX-Trailer: z\r\n\r\n"}) {
    const std::string whole = absl::StrCat("POST /x HTTP/1.1\r\nHost: a\r\n", body);
    parser_.Reset();
    for (size_t length = 1; length < whole.size(); ++length) {
      bytes_ = Padded(whole.substr(0, length));
      ASSERT_EQ(parser_.Parse(absl::string_view(bytes_).substr(0, length)), State::kIncomplete) << length;
    }
    std::string moved = Padded(whole);
    ASSERT_EQ(parser_.Parse(absl::string_view(moved).substr(0, whole.size())), State::kComplete);
    bytes_ = moved;
    EXPECT_EQ(Finish().wire.body, "abc");
    EXPECT_EQ(Finish().wire.target, "/x");
    EXPECT_EQ(parser_.size(), whole.size());
  }
}

TEST_F(RequestParserTest, KeepAliveIsTheCustomOfTheVersionUnlessTheClientSaysOtherwise) {
  const std::vector<std::tuple<std::string, std::string, bool>> table = {
      {"1.1", "", true},
      {"1.1", "Connection: close\r\n", false},
      {"1.1", "Connection: Keep-Alive, CLOSE\r\n", false},
      {"1.1", "Connection: upgrade\r\n", true},
      {"1.0", "", false},
      {"1.0", "Connection: keep-alive\r\n", true},
      {"1.0", "Connection: keep-alive\r\nConnection: close\r\n", false},
  };
  for (const auto& [version, fields, keep_alive] : table) {
    ASSERT_EQ(Parse(absl::StrCat("GET / HTTP/", version, "\r\n", fields, "\r\n")), State::kComplete);
    EXPECT_EQ(Finish().keep_alive, keep_alive) << version << " " << fields;
  }
}

TEST_F(RequestParserTest, TheClientIsToldOnceToSendTheBody) {
  ASSERT_EQ(Parse("POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n"), State::kIncomplete);
  EXPECT_TRUE(parser_.TakeContinue());
  EXPECT_FALSE(parser_.TakeContinue());
  ASSERT_EQ(Parse("POST / HTTP/1.1\r\nExpect: 100-continue\r\n"), State::kIncomplete);
  EXPECT_FALSE(parser_.TakeContinue());
}

TEST_F(RequestParserTest, WhatMayBeReadInTwoWaysIsRefused) {
  const std::vector<std::string> heads = {
      "\x16\x03\x01",  // TLS
      " GET / HTTP/1.1\r\n",
      "GET / HTTP/1.1\n",
      "GET / HTTP/1.1\r\nHost: a\n",
      "GET / HTTP/1.1 \r\n",
      "GET / HTTP/1.2\r\n",
      "GET / http/1.1\r\n",
      "GET /\r\n",
      "GET HTTP/1.1\r\n",
      "GET  HTTP/1.1\r\n",
      "GET /a b HTTP/1.1\r\n",
      "GET /a\tb HTTP/1.1\r\n",
      "G(T / HTTP/1.1\r\n",
      "GET / HTTP/1.1\r\n Folded: a\r\n",
      "GET / HTTP/1.1\r\nX: a\r\n b\r\n",
      "GET / HTTP/1.1\r\nX : a\r\n",
      "GET / HTTP/1.1\r\n: a\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n",
      "GET / HTTP/1.1\r\nX: a\rb\r\n",
      "GET / HTTP/1.1\r\nX: \x7f\r\n",
      "GET / HTTP/1.1\r\nX: a long value with a \x01 control character\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n",
      "GET / HTTP/1.1\r\nConnection: cl@se\r\n",
      "POST / HTTP/1.1\r\nContent-Length:\r\n",
      "POST / HTTP/1.1\r\nContent-Length: -1\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n",
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
  };
  for (const std::string& head : heads) EXPECT_EQ(StatusOf(head), 400) << head;
  EXPECT_EQ(StatusOf(std::string("GET / HTTP/1.1\r\nX: a\0b\r\n", 24)), 400);
}

// Wherever it stands in the name: names are looked at in blocks and, at the end of a line, one by one.
TEST_F(RequestParserTest, NamesOfFieldsAreTokens) {
  const std::string marks = "!#$%&'*+-.^_`|~";
  for (int byte = 1; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_token = absl::ascii_isalnum(static_cast<unsigned char>(c)) || marks.find(c) != std::string::npos;
    for (size_t before = 0; before < 34; ++before) {
      const std::string name = std::string(before, 'x') + c + std::string(34 - before, 'y');
      const int status = StatusOf(absl::StrCat("GET / HTTP/1.1\r\n", name, ":\r\n\r\n"));
      // A colon before the end of the name ends it: what follows is the value.
      ASSERT_EQ(status, is_token || (c == ':' && before > 0) ? 0 : 400) << byte << " after " << before;
    }
  }
}

TEST_F(RequestParserTest, MalformedChunksAreRefused) {
  const std::string head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string body :
       {"\r\n", "g\r\n", "-1\r\n", "0x1\r\na\r\n", " 1\r\n", ";\r\n", "1\na\r\n", "1\r\nab\r\n", "1\r\na\n",
        "0\r\nno colon\r\n", "0\r\nContent-Length: 1\r\n", "0\r\n\n", "1;\x01\r\n", "1111111111111111\r\n"}) {
    EXPECT_EQ(StatusOf(head + body), 400) << body;
  }
}

TEST_F(RequestParserTest, LimitsHoldAtTheirBorders) {
  const auto with_header = [](size_t bytes) {
    const std::string frame = "GET / HTTP/1.1\r\nX: \r\n\r\n";
    return absl::StrReplaceAll(frame, {{"X: ", absl::StrCat("X: ", std::string(bytes - frame.size(), 'x'))}});
  };
  EXPECT_EQ(Parse(with_header(1000)), State::kComplete);
  EXPECT_EQ(StatusOf(with_header(1001)), 431);
  EXPECT_EQ(StatusOf(std::string(1000, 'x')), 431);
  EXPECT_EQ(Parse(std::string(999, 'x')), State::kIncomplete);

  const std::string post = "POST / HTTP/1.1\r\n";
  EXPECT_EQ(Parse(post + "Content-Length: 100\r\n\r\n"), State::kIncomplete);
  EXPECT_EQ(StatusOf(post + "Content-Length: 101\r\n\r\n"), 413);
  EXPECT_EQ(StatusOf(post + "Content-Length: 18446744073709551617\r\n\r\n"), 413);
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(Parse(chunked + "64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n"), State::kComplete);
  EXPECT_EQ(StatusOf(chunked + "65\r\n"), 413);
  EXPECT_EQ(StatusOf(chunked + "64\r\n" + std::string(100, 'x') + "\r\n1\r\n"), 413);
  // What is around the chunks counts too: tiny ones with long extensions would fill the memory.
  std::string tiny = chunked;
  for (int i = 0; i < 10; ++i) tiny += "1;extension=12345678901234567890\r\nx\r\n";
  EXPECT_EQ(StatusOf(tiny), 413);
}

}  // namespace
}  // namespace sqs::server
