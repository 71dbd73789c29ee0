// What the connections of one server thread share.
#pragma once

#include <boost/asio.hpp>
#include <boost/asio/ssl/context.hpp>

#include "server/access_log.h"
#include "server/control.h"
#include "server/dispatcher.h"
#include "server/held_answers.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/socket_poll.h"

namespace sqs::server {

struct ServerContext {
  boost::asio::io_context& io;
  Dispatcher& dispatcher;
  Control& control;
  ServerCounters& counters;
  Engine& engine;
  const ServerLimits& limits;
  boost::asio::ssl::context* tls;  // Null: plain HTTP.
  AccessLog* log;                  // Null: none is kept.
  Dispatcher::Memory memory;
  wire::Answer answer;  // Of one request after the other: its memory is kept.
  SocketPoll poll{io};
  HeldAnswers held{io, [&engine = engine] { engine.BeginCommit(); }};
};

}  // namespace sqs::server
