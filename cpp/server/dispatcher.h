// From a request's bytes to the engine and back: who calls, which operation, what comes of it.
//
// Thread-safe; holds nothing of a request.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/uuid.h"
#include "engine/engine.h"
#include "server/authenticator.h"
#include "wire/credential_scope.h"
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
  // `credentials` may be null: then anybody may use every queue, under the account that the request names.
  Dispatcher(Engine& engine, Identity identity, std::shared_ptr<const Credentials> credentials)
      : engine_(engine), identity_(std::move(identity)), credentials_(std::move(credentials)) {}

  // What there is to know of a request beside its answer.
  struct Outcome {
    // The receive waits: to be answered when the engine calls back, or cancelled if the client goes away.
    bool parked = false;
    Engine::WaiterId waiter = 0;
    // Of a receive's answer: for Engine::Undeliver, should it reach nobody. None where the client can ask for the same
    // answer again (ReceiveRequestAttemptId).
    std::vector<HandleText> receipt_handles;
    bool repeatable = false;
    // The answer must not be given before this is done, nor if it fails. Null: at once.
    CommitPointPtr commit;
    std::string queue;  // The name of the queue, if `wants_queue` was set.
    bool wants_queue = false;
  };

  // What a thread keeps from one request to the next.
  struct Memory {
    wire::JsonReader json;
    // Of the last request's Authorization, what named its caller; "" if something else did.
    std::string credential;
    Caller caller;
  };

  // Performs the request. Either `*answer` is complete, or the receive is parked: what `make_done` returned will then
  // be called once, perhaps from another thread, with what Finish turns into the answer.
  void Perform(const wire::Exchange& exchange, const wire::Request& request, Memory* memory, wire::Answer* answer,
               Outcome* outcome, absl::FunctionRef<Engine::ReceiveDone()> make_done);
  void Finish(const wire::Exchange& exchange, absl::StatusOr<ReceiveMessageResult> result, wire::Answer* answer,
              Outcome* outcome);

  // Whether requests must be signed, and whether this one is, by a key that is known.
  bool checks_access() const { return credentials_ != nullptr; }
  absl::Status CheckSigned(const wire::Request& request) const;

  void SetRequestId(wire::Answer* answer);

  // The server's own address, for queue URLs to clients that name no host. Before the first request.
  void set_own_host(std::string host) { own_host_ = std::move(host); }

 private:
  struct Call;
  template <class RequestStruct>
  void PerformAs(Call& call);
  template <class RequestStruct>
  auto CallEngine(Call& call, const RequestStruct& request, const Caller& caller);
  void WriteError(const absl::Status& status, const wire::Exchange& exchange, wire::Answer* answer);

  const Caller& CallerOf(Call& call, absl::string_view queue_url, bool wants_urls) const;
  void UseUnverified(const Call& call, absl::string_view queue_url, Caller* caller) const;
  void UseScope(const wire::CredentialScope& scope, Caller* caller) const;

  Engine& engine_;
  const Identity identity_;
  const std::shared_ptr<const Credentials> credentials_;
  std::string own_host_;
  std::atomic<uint64_t> requests_{0};
};

}  // namespace sqs::server
