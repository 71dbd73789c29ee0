#include "server/http_request.h"

#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/http_text.h"

namespace sqs::server {
namespace {

// Keeps the first of several fields of one name.
bool Keep(absl::string_view value, absl::string_view* kept) {
  if (kept->data() == nullptr) *kept = value;
  return true;
}

}  // namespace

RequestParser::State RequestParser::Bad(int status, const char* why) {
  status_ = status;
  error_ = why;
  return State::kBad;
}

RequestParser::State RequestParser::Parse(absl::string_view bytes) {
  if (head_bytes_ == 0) {
    const State head = ParseHead(bytes);
    if (head != State::kComplete) return head;
    if (content_length_ > limits_.body_bytes_max) return Bad(413, "The body is too long.");
  }
  return ParseBody(bytes);
}

RequestParser::State RequestParser::ParseBody(absl::string_view bytes) {
  if (!chunked_) return bytes.size() >= size() ? State::kComplete : State::kIncomplete;
  switch (chunks_.Parse(bytes.substr(head_bytes_), limits_)) {
    case ChunkedBody::State::kComplete:
      return State::kComplete;
    case ChunkedBody::State::kIncomplete:
      return State::kIncomplete;
    case ChunkedBody::State::kTooLong:
      return Bad(413, "The body is too long.");
    case ChunkedBody::State::kBad:
      break;
  }
  return Bad(400, "The chunks of the body are malformed.");
}

const HttpRequest& RequestParser::Finish(absl::string_view bytes) {
  if (bytes.data() != head_at_) ParseHead(bytes);  // For the views.
  request_.wire.body = chunked_ ? chunks_.body() : bytes.substr(head_bytes_, content_length_);
  request_.wire.headers = &fields_;
  request_.keep_alive = !closes_ && (!http_1_0_ || keeps_alive_);
  return request_;
}

bool RequestParser::TakeContinue() { return head_bytes_ != 0 && std::exchange(expects_continue_, false); }

void RequestParser::Reset() {
  head_bytes_ = 0;
  if (chunked_) chunks_.Reset();
}

// --- The head -------------------------------------------------------------------------------------------------------

// From the start: one that has not come whole is read again with its next bytes.
RequestParser::State RequestParser::ParseHead(absl::string_view bytes) {
  request_ = HttpRequest();
  http_1_0_ = closes_ = keeps_alive_ = has_length_ = chunked_ = expects_continue_ = false;
  content_length_ = 0;
  if (!bytes.empty() && !IsToken(bytes.substr(0, 1))) return Bad(400, "The request line is malformed.");

  absl::string_view rest = bytes.substr(0, limits_.header_bytes_max);
  absl::string_view line;
  bool is_first = true;
  LineState state;
  while ((state = TakeLine(&rest, &line)) == LineState::kComplete) {
    if (is_first) {
      if (!ParseRequestLine(line)) return Bad(400, "The request line is malformed.");
      fields_.lines = rest;
      is_first = false;
    } else if (line.empty()) {
      return EndHead(bytes, rest.data());
    } else if (!ParseField(line)) {
      return Bad(400, "A header field is malformed.");
    }
  }
  if (state == LineState::kBad) return Bad(400, "A line of the header is malformed.");
  if (bytes.size() < limits_.header_bytes_max) return State::kIncomplete;
  return Bad(431, "The header is too long.");
}

RequestParser::State RequestParser::EndHead(absl::string_view bytes, const char* end) {
  if (chunked_ && (has_length_ || http_1_0_)) return Bad(400, "The length of the body is told in two ways.");
  head_at_ = bytes.data();
  head_bytes_ = static_cast<size_t>(end - bytes.data());
  fields_.lines = absl::string_view(fields_.lines.data(), static_cast<size_t>(end - fields_.lines.data()));
  return State::kComplete;
}

// "POST / HTTP/1.1"
bool RequestParser::ParseRequestLine(absl::string_view line) {
  constexpr size_t kVersionBytes = 9;  // With the space before it.
  if (line.size() < kVersionBytes) return false;
  const absl::string_view version = line.substr(line.size() - kVersionBytes);
  http_1_0_ = version == " HTTP/1.0";
  if (!http_1_0_ && version != " HTTP/1.1") return false;
  line.remove_suffix(kVersionBytes);
  const size_t space = line.find(' ');
  if (space == absl::string_view::npos) return false;
  request_.wire.method = line.substr(0, space);
  request_.wire.target = line.substr(space + 1);
  const absl::string_view target = request_.wire.target;
  return IsToken(request_.wire.method) && !target.empty() && !absl::StrContains(target, ' ') &&
         !absl::StrContains(target, '\t');
}

bool RequestParser::ParseField(absl::string_view line) {
  absl::string_view name;
  absl::string_view value;
  return SplitField(line, &name, &value) && UseField(name, value);
}

// By length first: most names that are not wanted are told by it.
bool RequestParser::UseField(absl::string_view name, absl::string_view value) {
  wire::Request& wire = request_.wire;
  switch (name.size()) {
    case 4:
      return !IsName(name, "host") || Keep(value, &wire.host);
    case 6:
      if (IsName(name, "expect")) expects_continue_ = absl::EqualsIgnoreCase(value, "100-continue");
      if (IsName(name, "accept")) return Keep(value, &wire.accept);
      return !IsName(name, "origin") || Keep(value, &request_.origin);
    case 10:
      return !IsName(name, "connection") || UseConnection(value);
    case 12:
      if (IsName(name, "x-amz-target")) return Keep(value, &wire.amz_target);
      return !IsName(name, "content-type") || Keep(value, &wire.content_type);
    case 13:
      return !IsName(name, "authorization") || Keep(value, &wire.authorization);
    case 14:
      if (IsName(name, "content-length")) return UseContentLength(value);
      return !IsName(name, "sec-fetch-site") || Keep(value, &request_.fetch_site);
    case 15:
      return !IsName(name, "x-amzn-trace-id") || Keep(value, &wire.trace_id);
    case 17:
      if (!IsName(name, "transfer-encoding")) return true;
      return absl::EqualsIgnoreCase(value, "chunked") && !std::exchange(chunked_, true);
    default:
      return true;
  }
}

// Once, in digits.
bool RequestParser::UseContentLength(absl::string_view value) {
  if (std::exchange(has_length_, true) || value.empty()) return false;
  for (char c : value) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
    // Enough for any limit, and nothing overflows.
    if (content_length_ > std::numeric_limits<uint32_t>::max()) continue;
    content_length_ = content_length_ * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}

// A list of options.
bool RequestParser::UseConnection(absl::string_view value) {
  while (!value.empty()) {
    const size_t comma = value.find(',');
    const absl::string_view option = TrimSpace(value.substr(0, comma));
    if (!option.empty() && !IsToken(option)) return false;
    if (absl::EqualsIgnoreCase(option, "close")) closes_ = true;
    if (absl::EqualsIgnoreCase(option, "keep-alive")) keeps_alive_ = true;
    value = comma == absl::string_view::npos ? absl::string_view() : value.substr(comma + 1);
  }
  return true;
}

std::optional<std::string> RequestParser::Fields::Value(absl::string_view name) const {
  std::optional<std::string> joined;
  absl::string_view rest = lines;
  absl::string_view line;
  while (TakeLine(&rest, &line) == LineState::kComplete) {
    absl::string_view field;
    absl::string_view value;
    if (!SplitField(line, &field, &value) || !absl::EqualsIgnoreCase(field, name)) continue;
    if (joined.has_value()) {
      absl::StrAppend(&*joined, ",", value);
    } else {
      joined.emplace(value);
    }
  }
  return joined;
}

}  // namespace sqs::server
