// HTTP/1.1, the way in: bytes -> requests.
//
//   RequestParser parser(limits);
//   switch (parser.Parse(bytes)) { ... }   // again and again, with all that has come since the request began
//   Use(parser.request());                 // then drop parser.size() bytes, parser.Reset()
#pragma once

#include <boost/beast/http.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/limits.h"
#include "wire/protocol.h"

namespace sqs::server {

// A whole request. The views live as long as its bytes stay where they are, and the parser as it is.
struct HttpRequest {
  wire::Request wire;
  absl::string_view origin;
  absl::string_view fetch_site;  // Sec-Fetch-Site
  bool keep_alive = true;
};

class RequestParser {
 public:
  explicit RequestParser(const ServerLimits& limits) : limits_(limits) {}

  enum class State { kIncomplete, kComplete, kBad };
  // What there is of a request in `bytes`, which begin where it begins; they may have moved since the last call. Once
  // it is kBad, where the next request would begin is not known any more: `status()` and `error()` say why.
  State Parse(absl::string_view bytes);

  // Of a complete request. `bytes` as of the last call, followed by simdjson::SIMDJSON_PADDING readable bytes.
  const HttpRequest& Finish(absl::string_view bytes);
  // How many bytes it took.
  size_t size() const { return parsed_; }

  // Whether the client waits to be told to send the body. Once for each request.
  bool TakeContinue();

  int status() const { return status_; }
  const std::string& error() const { return error_; }

  // To the next request.
  void Reset();

 private:
  using BeastParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  class Fields : public wire::HeaderFields {
   public:
    std::optional<std::string> Value(absl::string_view name) const override;
    const boost::beast::http::fields* fields = nullptr;
  };

  const ServerLimits& limits_;
  std::optional<BeastParser> parser_;
  size_t parsed_ = 0;
  bool asked_to_continue_ = false;
  Fields fields_;
  HttpRequest request_;
  int status_ = 400;
  std::string error_;
};

}  // namespace sqs::server
