// One line a request, for `serve --log`.
//
//   2026-11-24T21:50:00.123Z 127.0.0.1:51234 POST SendMessage orders 200 312 0.041ms 1f0e6c4a-...
//   time, client, method, operation, queue ("-": none), status, bytes of the answer's body, time to answer, request id
#pragma once

#include <cstdio>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sqs::server {

struct AccessLogLine {
  absl::string_view client;
  absl::string_view method;
  absl::string_view operation;
  absl::string_view queue;
  int status = 0;
  size_t body_bytes = 0;
  absl::Duration took;
  absl::string_view request_id;
};

// Thread-safe; lines are written whole.
class AccessLog {
 public:
  explicit AccessLog(FILE* out) : out_(out) {}
  void Write(absl::Time now, const AccessLogLine& line);

 private:
  FILE* const out_;
  std::mutex mutex_;
};

}  // namespace sqs::server
