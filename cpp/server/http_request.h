// HTTP/1.1, the way in: bytes -> requests (RFC 9112), in one pass over the header and without a copy.
//
//   RequestParser parser(limits);
//   switch (parser.Parse(bytes)) { ... }   // again and again, with all that has come since the request began
//   Use(parser.Finish(bytes));             // then drop parser.size() bytes, parser.Reset()
//
// What may be read in two ways is refused: bare line feeds, folded lines, two lengths, a length and chunks. The known
// headers go straight to their members; the others are looked up only where a signature is verified. Beast's parser,
// which this replaces, took a fifth of a request's user time; tests/fuzz/http_request_fuzz.cc holds the two together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/chunked_body.h"
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

  // Of a complete request. `bytes` as of the last call, though perhaps moved; simdjson::SIMDJSON_PADDING readable bytes
  // follow them.
  const HttpRequest& Finish(absl::string_view bytes);
  // How many bytes it took.
  size_t size() const { return chunked_ ? head_bytes_ + chunks_.size() : head_bytes_ + content_length_; }

  // Whether the client waits to be told to send the body. Once for each request.
  bool TakeContinue();

  int status() const { return status_; }
  const char* error() const { return error_; }

  // To the next request.
  void Reset();

 private:
  // The header fields of a head that was found sound.
  class Fields : public wire::HeaderFields {
   public:
    std::optional<std::string> Value(absl::string_view name) const override;
    absl::string_view lines;
  };

  State ParseHead(absl::string_view bytes);
  State EndHead(absl::string_view bytes, const char* end);
  bool ParseRequestLine(absl::string_view line);
  bool ParseField(absl::string_view line);
  bool UseField(absl::string_view name, absl::string_view value);
  bool UseContentLength(absl::string_view value);
  bool UseConnection(absl::string_view value);
  State ParseBody(absl::string_view bytes);
  State Bad(int status, const char* why);

  const ServerLimits& limits_;
  HttpRequest request_;
  const char* head_at_ = nullptr;  // Where the bytes were when the views were made.
  size_t head_bytes_ = 0;          // 0: the head is not complete.
  bool http_1_0_ = false;
  bool closes_ = false;
  bool keeps_alive_ = false;
  bool has_length_ = false;
  bool chunked_ = false;
  bool expects_continue_ = false;
  uint64_t content_length_ = 0;
  ChunkedBody chunks_;
  Fields fields_;
  int status_ = 400;
  const char* error_ = "";
};

}  // namespace sqs::server
