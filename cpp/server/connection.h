// One HTTP/1.1 connection: reads requests, has them performed, writes the answers in order.
//
// The read loop is our own around Beast's parser: bytes are read into one buffer, every complete request in it is
// performed at once, and the answers of all of them go out in one write that is tried before anything waits
// (shared/measured.md, "HTTP libraries"). While a long poll is parked, the connection holds no thread and waits only
// to notice that its client went away.
#pragma once

#include <boost/asio.hpp>
#include <memory>

#include "server/server_context.h"

namespace sqs::server {

// To be used from the thread of its context.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void Start() = 0;
  // Answers a parked poll and closes.
  virtual void Stop() = 0;
};

// Speaks TLS if the context says so. Holds itself until it is closed.
std::shared_ptr<Connection> MakeConnection(boost::asio::ip::tcp::socket socket, ServerContext& context);

}  // namespace sqs::server
