// The body of a request in chunks (RFC 9112, 7.1), put together as it comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/limits.h"

namespace sqs::server {

class ChunkedBody {
 public:
  enum class State { kIncomplete, kComplete, kBad, kTooLong };

  // What there is of it in `bytes`, which begin where it begins; they may have moved since the last call.
  State Parse(absl::string_view bytes, const ServerLimits& limits);

  // How many bytes it took, with all that is around the chunks.
  size_t size() const { return parsed_; }
  // What was in the chunks, with room for simdjson::SIMDJSON_PADDING bytes behind it.
  absl::string_view body();

  void Reset();

 private:
  enum class Next { kSize, kData, kDataEnd, kTrailer };

  State ParseSize(absl::string_view line);
  State ParseTrailer(absl::string_view line);

  Next next_ = Next::kSize;
  size_t parsed_ = 0;
  uint64_t chunk_left_ = 0;
  size_t trailer_bytes_ = 0;
  std::string body_;
};

}  // namespace sqs::server
