#include "server/http_request.h"

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"

namespace sqs::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

absl::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::optional<std::string> RequestParser::Fields::Value(absl::string_view name) const {
  const auto [first, last] = fields->equal_range(beast::string_view(name.data(), name.size()));
  if (first == last) return std::nullopt;
  return absl::StrJoin(first, last, ",", [](std::string* out, const auto& field) {
    out->append(field.value().data(), field.value().size());
  });
}

RequestParser::State RequestParser::Parse(absl::string_view bytes) {
  if (!parser_.has_value()) {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(static_cast<uint32_t>(limits_.header_bytes_max));
    parser_->body_limit(limits_.body_bytes_max);
  }
  boost::system::error_code error;
  parsed_ += parser_->put(asio::buffer(bytes.data() + parsed_, bytes.size() - parsed_), error);
  if (error && error != http::error::need_more) {
    status_ = error == http::error::body_limit ? 413 : error == http::error::header_limit ? 431 : 400;
    error_ = error.message();
    return State::kBad;
  }
  return parser_->is_done() ? State::kComplete : State::kIncomplete;
}

bool RequestParser::TakeContinue() {
  if (asked_to_continue_ || !parser_->is_header_done()) return false;
  asked_to_continue_ = true;
  return absl::EqualsIgnoreCase(View(parser_->get()[http::field::expect]), "100-continue");
}

const HttpRequest& RequestParser::Finish(absl::string_view) {
  auto& message = parser_->get();
  // The JSON parser reads a little past the end.
  message.body().reserve(message.body().size() + simdjson::SIMDJSON_PADDING);
  fields_.fields = &message.base();
  request_.wire = {.method = View(message.method_string()),
                   .target = View(message.target()),
                   .host = View(message[http::field::host]),
                   .content_type = View(message[http::field::content_type]),
                   .amz_target = View(message["X-Amz-Target"]),
                   .authorization = View(message[http::field::authorization]),
                   .accept = View(message[http::field::accept]),
                   .trace_id = View(message["X-Amzn-Trace-Id"]),
                   .headers = &fields_,
                   .body = message.body()};
  request_.origin = View(message[http::field::origin]);
  request_.fetch_site = View(message["Sec-Fetch-Site"]);
  request_.keep_alive = message.keep_alive();
  return request_;
}

void RequestParser::Reset() {
  parser_.reset();
  parsed_ = 0;
  asked_to_continue_ = false;
}

}  // namespace sqs::server
