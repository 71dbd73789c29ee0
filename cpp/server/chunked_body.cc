#include "server/chunked_body.h"

#include <simdjson.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "server/http_text.h"

namespace sqs::server {
namespace {

// Of the line before a chunk, with its extensions, which nobody uses.
constexpr size_t kSizeLineBytesMax = 1024;
// A chunk's size has no more digits: nothing near 2^60 bytes is wanted.
constexpr size_t kSizeDigitsMax = 15;

}  // namespace

ChunkedBody::State ChunkedBody::Parse(absl::string_view bytes, const ServerLimits& limits) {
  for (;;) {
    absl::string_view rest = bytes.substr(parsed_);
    if (next_ == Next::kData) {
      const size_t taken = std::min<uint64_t>(chunk_left_, rest.size());
      if (body_.size() + chunk_left_ > limits.body_bytes_max) return State::kTooLong;
      body_.append(rest.data(), taken);
      parsed_ += taken;
      chunk_left_ -= taken;
      if (chunk_left_ > 0) return State::kIncomplete;
      next_ = Next::kDataEnd;
      continue;
    }
    // What is kept besides the body itself: a client that sends byte by byte may send as much again.
    if (parsed_ - body_.size() > limits.body_bytes_max) return State::kTooLong;
    absl::string_view line;
    const LineState taken = TakeLine(&rest, &line);
    if (taken == LineState::kBad) return State::kBad;
    if (taken == LineState::kIncomplete) {
      const size_t line_max = next_ == Next::kTrailer ? limits.header_bytes_max : kSizeLineBytesMax;
      return rest.size() > line_max ? State::kBad : State::kIncomplete;
    }
    parsed_ = bytes.size() - rest.size();
    const State state = next_ == Next::kSize      ? ParseSize(line)
                        : next_ == Next::kTrailer ? ParseTrailer(line)
                        : line.empty()            ? State::kIncomplete
                                                  : State::kBad;
    if (next_ == Next::kDataEnd) next_ = Next::kSize;
    if (state != State::kIncomplete) return state;
    if (trailer_bytes_ > limits.header_bytes_max) return State::kBad;
  }
}

ChunkedBody::State ChunkedBody::ParseSize(absl::string_view line) {
  if (line.size() > kSizeLineBytesMax) return State::kBad;
  const absl::string_view digits = TrimSpace(line.substr(0, line.find(';')));
  if (digits.empty() || digits.size() > kSizeDigitsMax || digits.data() != line.data()) return State::kBad;
  if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit)) return State::kBad;
  if (!absl::SimpleHexAtoi(digits, &chunk_left_)) return State::kBad;
  next_ = chunk_left_ == 0 ? Next::kTrailer : Next::kData;
  return State::kIncomplete;
}

// Trailing fields are checked and passed over; none of them may tell another length.
ChunkedBody::State ChunkedBody::ParseTrailer(absl::string_view line) {
  if (line.empty()) return State::kComplete;
  trailer_bytes_ += line.size() + 2;
  absl::string_view name;
  absl::string_view value;
  if (!SplitField(line, &name, &value)) return State::kBad;
  return IsName(name, "content-length") || IsName(name, "transfer-encoding") ? State::kBad : State::kIncomplete;
}

absl::string_view ChunkedBody::body() {
  body_.reserve(body_.size() + simdjson::SIMDJSON_PADDING);
  return body_;
}

void ChunkedBody::Reset() { *this = ChunkedBody(); }

}  // namespace sqs::server
