// What the connections of one server thread share.
#pragma once

#include <boost/asio.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <string>

#include "server/access_log.h"
#include "server/control.h"
#include "server/dispatcher.h"
#include "server/metrics.h"

namespace sqs::server {

struct ServerLimits {
  size_t header_bytes_max = 16 * 1024;
  // A message of 1 MiB grows by JSON escapes and base64 (shared/spec/sqs.md, 5.2).
  size_t body_bytes_max = 8 * 1024 * 1024;
  size_t connections_max = 20000;
  std::chrono::seconds request_time{30};  // From the first byte of a request to its last; and for one write.
};

struct ServerContext {
  boost::asio::io_context& io;
  Dispatcher& dispatcher;
  Control& control;
  ServerCounters& counters;
  Engine& engine;
  const ServerLimits& limits;
  boost::asio::ssl::context* tls;  // Null: plain HTTP.
  AccessLog* log;                  // Null: none is kept.
  wire::JsonReader json;
};

}  // namespace sqs::server
