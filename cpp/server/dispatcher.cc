#include "server/dispatcher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "account/queue_address.h"
#include "wire/credential_scope.h"

namespace sqs::server {

namespace {

// "" for a request that names no queue by URL.
template <class RequestStruct>
absl::string_view QueueUrlOf(const RequestStruct& request) {
  if constexpr (requires { request.queue_url; }) {
    return request.queue_url;
  } else {
    return "";
  }
}

}  // namespace

struct Dispatcher::Call {
  const wire::Exchange& exchange;
  const wire::Request& request;
  wire::JsonReader* reader;
  wire::Answer* answer;
  Outcome* outcome;
  absl::FunctionRef<Engine::ReceiveDone()> make_done;
  std::optional<Principal> principal;  // Verified.
};

// The engine's answer; absent for a receive that is parked now.
template <class RequestStruct>
auto Dispatcher::CallEngine(Call& call, const RequestStruct& request, const Caller& caller) {
  using Answer = std::optional<absl::StatusOr<typename OperationOf<RequestStruct>::Result>>;
  if constexpr (std::is_same_v<RequestStruct, ReceiveMessageRequest>) {
    call.outcome->repeatable = request.receive_request_attempt_id.has_value();
    if (!engine_.clock().moves_itself()) {  // Else it waits no real time.
      return engine_.ReceiveOrPark(request, caller, call.make_done, &call.outcome->waiter, &call.outcome->commit);
    }
  }
  return Answer(engine_.Call(request, caller, &call.outcome->commit));
}

template <class RequestStruct>
void Dispatcher::PerformAs(Call& call) {
  RequestStruct request;
  const absl::Status status = call.exchange.Read(call.reader, &request);
  if (!status.ok()) return WriteError(status, call.exchange, call.answer);
  const absl::string_view queue_url = QueueUrlOf(request);
  if (call.outcome->wants_queue) call.outcome->queue = std::string(queue_url.substr(queue_url.rfind('/') + 1));
  auto result = CallEngine(call, request, CallerOf(call, queue_url));
  call.outcome->parked = !result.has_value();
  if (call.outcome->parked) return;
  if constexpr (std::is_same_v<RequestStruct, ReceiveMessageRequest>) {
    Finish(call.exchange, *std::move(result), call.answer, call.outcome);
  } else if (result->ok()) {
    call.answer->request_id = NewRequestId();
    call.exchange.WriteResult(**result, call.answer->request_id, call.answer);
  } else {
    WriteError(result->status(), call.exchange, call.answer);
  }
}

void Dispatcher::Perform(const wire::Exchange& exchange, const wire::Request& request, wire::JsonReader* reader,
                         wire::Answer* answer, Outcome* outcome, absl::FunctionRef<Engine::ReceiveDone()> make_done) {
  Call call{exchange, request, reader, answer, outcome, make_done, std::nullopt};
  if (credentials_ != nullptr) {
    absl::StatusOr<Principal> principal = Authenticate(request, *credentials_, SystemClock().Now());
    if (!principal.ok()) return WriteError(principal.status(), exchange, answer);
    call.principal = *std::move(principal);
  }
  if (!exchange.error().ok()) return WriteError(exchange.error(), exchange, answer);
  using Performer = void (Dispatcher::*)(Call&);
  static constexpr Performer kPerformers[kOperationCount] = {
#define SQS_PERFORMER(Name, who) &Dispatcher::PerformAs<Name##Request>,
      SQS_OPERATIONS(SQS_PERFORMER)
#undef SQS_PERFORMER
  };
  (this->*kPerformers[static_cast<int>(exchange.operation())])(call);
}

void Dispatcher::Finish(const wire::Exchange& exchange, absl::StatusOr<ReceiveMessageResult> result,
                        wire::Answer* answer, Outcome* outcome) {
  if (!result.ok()) return WriteError(result.status(), exchange, answer);
  answer->request_id = NewRequestId();
  exchange.WriteResult(*result, answer->request_id, answer);
  if (outcome->repeatable) return;
  for (ReceivedMessage& message : result->messages) {
    outcome->receipt_handles.push_back(std::move(message.receipt_handle));
  }
}

void Dispatcher::WriteError(const absl::Status& status, const wire::Exchange& exchange, wire::Answer* answer) {
  answer->request_id = NewRequestId();
  exchange.WriteError(status, answer->request_id, answer);
}

absl::Status Dispatcher::CheckSigned(const wire::Request& request) const {
  return credentials_ == nullptr ? absl::OkStatus()
                                 : Authenticate(request, *credentials_, SystemClock().Now()).status();
}

// A hash of the request's number, as the Python client's ids are: a seed gives the same ids again and the engine's own
// draws are left alone.
std::string Dispatcher::NewRequestId() {
  return Uuid::OfNumber(engine_.seed(), requests_.fetch_add(1, std::memory_order_relaxed)).ToString();
}

Caller Dispatcher::CallerOf(const Call& call, absl::string_view queue_url) const {
  Caller caller;
  if (call.principal.has_value()) {
    caller.account = call.principal->account;
    caller.region = call.principal->region;
    caller.principal_arn = call.principal->arn;
    caller.check_access = true;
  } else {
    caller = UnverifiedCallerOf(call.exchange, call.request, queue_url);
  }
  caller.secure_transport = identity_.scheme == "https";
  caller.url_base = identity_.external_url;
  if (caller.url_base.empty()) {
    const absl::string_view host = call.request.host.empty() ? absl::string_view(own_host_) : call.request.host;
    caller.url_base = absl::StrCat(identity_.scheme, "://", host);
  }
  return caller;
}

// Credentials name region and account; without any, the queue URL does, or the host (1.6).
Caller Dispatcher::UnverifiedCallerOf(const wire::Exchange& exchange, const wire::Request& request,
                                      absl::string_view queue_url) const {
  Caller caller{.account = identity_.account, .region = identity_.region};
  auto scope = wire::ScopeOfAuthorization(request.authorization);
  if (!scope.has_value()) scope = wire::ScopeOfCredential(exchange.query_credential());
  if (scope.has_value()) {
    caller.region = scope->region;
    if (wire::NamesAnAccount(scope->access_key)) caller.account = scope->access_key;
    return caller;
  }
  const std::string at_host = absl::StrCat("http://", request.host, "/", caller.account, "/any");
  QueueAddress address;
  if (ParseQueueUrl(queue_url, caller.region, caller.account, &address) ||
      ParseQueueUrl(at_host, caller.region, caller.account, &address)) {
    return {.account = std::string(address.account), .region = std::string(address.region)};
  }
  return caller;
}

}  // namespace sqs::server
