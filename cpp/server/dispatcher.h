// From a request's bytes to the engine and back: who calls, which operation, what comes of it.
//
// Thread-safe; holds nothing of a request.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/uuid.h"
#include "engine/engine.h"
#include "wire/protocol.h"

namespace sqs::server {

struct Identity {
  std::string account = "000000000000";
  std::string region = "us-east-1";
  // Scheme of the queue URLs handed out; the host is the one the client used.
  std::string scheme = "http";
  // Base of the queue URLs handed out instead, "" for none: for clients that reach the server by another name.
  std::string external_url;
};

class Dispatcher {
 public:
  Dispatcher(Engine& engine, Identity identity) : engine_(engine), identity_(std::move(identity)) {}

  // A receive that waits: to be answered when the engine calls back, or cancelled if the client goes away.
  struct Parked {
    Engine::WaiterId waiter = 0;
  };

  // Performs the request. True if `*answer` is complete; else the receive is parked, and what `make_done` returned will
  // be called once, perhaps from another thread, with what Finish turns into the answer.
  bool Perform(const wire::Exchange& exchange, const wire::Request& request, wire::JsonReader* reader,
               wire::Answer* answer, Parked* parked, absl::FunctionRef<Engine::ReceiveDone()> make_done);
  void Finish(const wire::Exchange& exchange, const absl::StatusOr<ReceiveMessageResult>& result, wire::Answer* answer);

  std::string NewRequestId();

  // The server's own address, for queue URLs to clients that name no host. Before the first request.
  void set_own_host(std::string host) { own_host_ = std::move(host); }

 private:
  struct Call;
  template <class RequestStruct>
  bool PerformAs(Call& call);

  Caller CallerOf(const wire::Exchange& exchange, const wire::Request& request, absl::string_view queue_url) const;

  Engine& engine_;
  const Identity identity_;
  std::string own_host_;
  std::atomic<uint64_t> requests_{0};
};

}  // namespace sqs::server
