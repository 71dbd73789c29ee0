// The HTTP server: listens, spreads connections over its threads, wakes the engine for parked polls.
//
//   Engine engine({});
//   absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(engine, {.port = 0});
//   (*server)->endpoint_url();  // "http://127.0.0.1:40123"
//
// It has threads of its own and stops when it is destroyed: parked polls are answered, connections closed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "engine/engine.h"
#include "server/dispatcher.h"
#include "server/server_context.h"

namespace sqs::server {

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: a free one.
  int threads = 1;
  // Whether an address that other machines can reach is allowed: anybody there may then use the queues.
  bool beyond_loopback = false;
  // Access keys (server/credentials.h): then requests must be signed by one, and queue policies are enforced. "": no.
  std::string credentials_path;
  // PEM files: then it speaks HTTPS. "": plain HTTP.
  std::string tls_cert_path;
  std::string tls_key_path;
  bool log = false;  // A line a request to standard error.
  Identity identity;
  ServerLimits limits;
};

class Server {
 public:
  // Fails if the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Engine& engine, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;
  std::string endpoint_url() const;
  // Answers parked polls empty, closes all connections, ends the threads. Once.
  void Stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sqs::server
