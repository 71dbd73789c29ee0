// Our reading of HTTP requests beside Beast's, which is the older and the more lenient one: whatever ours takes for a
// request, Beast takes for the same, of the same length; and what Beast refuses, ours does not take.
#include <boost/beast/http.hpp>
#include <string>

#include "fuzz.h"
#include "server/http_request.h"

namespace sqs::fuzz {
namespace {

namespace http = boost::beast::http;

absl::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

// The first of its name. Beast takes what trails a chunked body for header fields; ours passes over it.
void CheckField(const http::request<http::string_body>& theirs, const char* name, absl::string_view ours) {
  if (theirs.chunked() && ours.empty()) return;
  FUZZ_EQ(View(theirs[name]), ours);
}

void CheckSame(const server::HttpRequest& ours, const http::request<http::string_body>& theirs) {
  FUZZ_EQ(ours.wire.method, View(theirs.method_string()));
  FUZZ_EQ(ours.wire.target, View(theirs.target()));
  FUZZ_EQ(ours.wire.body, absl::string_view(theirs.body()));
  FUZZ_CHECK(ours.keep_alive == theirs.keep_alive() || theirs.chunked());
  CheckField(theirs, "Host", ours.wire.host);
  CheckField(theirs, "Content-Type", ours.wire.content_type);
  CheckField(theirs, "X-Amz-Target", ours.wire.amz_target);
  CheckField(theirs, "Authorization", ours.wire.authorization);
  CheckField(theirs, "Accept", ours.wire.accept);
  CheckField(theirs, "X-Amzn-Trace-Id", ours.wire.trace_id);
  CheckField(theirs, "Origin", ours.origin);
  CheckField(theirs, "Sec-Fetch-Site", ours.fetch_site);
}

}  // namespace

void Run(absl::string_view input) {
  const server::ServerLimits limits;
  server::RequestParser parser(limits);
  std::string bytes(input);
  bytes.append(simdjson::SIMDJSON_PADDING, '\0');
  const absl::string_view whole = absl::string_view(bytes).substr(0, input.size());
  if (parser.Parse(whole) != server::RequestParser::State::kComplete) return;
  const server::HttpRequest& ours = parser.Finish(whole);

  http::request_parser<http::string_body> beast;
  beast.eager(true);
  beast.header_limit(static_cast<uint32_t>(limits.header_bytes_max));
  beast.body_limit(limits.body_bytes_max);
  boost::system::error_code error;
  const size_t taken = beast.put(boost::asio::buffer(input.data(), input.size()), error);
  // Beast wants a sound list there, and a sound Connection behind a chunked body.
  const bool unlooked = ours.wire.headers->Value("transfer-encoding").has_value() ||
                        ours.wire.headers->Value("proxy-connection").has_value();
  if (error == http::error::bad_value && unlooked) return;
  FUZZ_CHECK(!error && beast.is_done());
  FUZZ_CHECK(taken == parser.size());
  CheckSame(ours, beast.get());
}

}  // namespace sqs::fuzz
