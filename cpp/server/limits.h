// What a client may ask of the server before it is refused.
#pragma once

#include <chrono>
#include <cstddef>

namespace sqs::server {

struct ServerLimits {
  size_t header_bytes_max = 16 * 1024;
  // A message of 1 MiB grows by JSON escapes and base64 (shared/spec/sqs.md, 5.2).
  size_t body_bytes_max = 8 * 1024 * 1024;
  size_t connections_max = 20000;
  std::chrono::seconds request_time{30};  // From the first byte of a request to its last; and for one write.
};

}  // namespace sqs::server
