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

// Whether the answer tells queue URLs.
template <class Result>
constexpr bool kTellsUrls =
    requires(Result result) { result.queue_url; } || requires(Result result) { result.queue_urls; };

}  // namespace

struct Dispatcher::Call {
  const wire::Exchange& exchange;
  const wire::Request& request;
  Memory* memory;
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
  const absl::Status status = call.exchange.Read(&call.memory->json, &request);
  if (!status.ok()) return WriteError(status, call.exchange, call.answer);
  const absl::string_view queue_url = QueueUrlOf(request);
  if (call.outcome->wants_queue) call.outcome->queue = std::string(queue_url.substr(queue_url.rfind('/') + 1));
  auto result =
      CallEngine(call, request, CallerOf(call, queue_url, kTellsUrls<typename OperationOf<RequestStruct>::Result>));
  call.outcome->parked = !result.has_value();
  if (call.outcome->parked) return;
  if constexpr (std::is_same_v<RequestStruct, ReceiveMessageRequest>) {
    Finish(call.exchange, *std::move(result), call.answer, call.outcome);
  } else if (result->ok()) {
    SetRequestId(call.answer);
    call.exchange.WriteResult(**result, call.answer->request_id, call.answer);
  } else {
    WriteError(result->status(), call.exchange, call.answer);
  }
}

void Dispatcher::Perform(const wire::Exchange& exchange, const wire::Request& request, Memory* memory,
                         wire::Answer* answer, Outcome* outcome, absl::FunctionRef<Engine::ReceiveDone()> make_done) {
  Call call{exchange, request, memory, answer, outcome, make_done, std::nullopt};
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
  SetRequestId(answer);
  exchange.WriteResult(*result, answer->request_id, answer);
  if (outcome->repeatable) return;
  for (const ReceivedMessage& message : result->messages) outcome->receipt_handles.push_back(message.receipt_handle);
}

void Dispatcher::WriteError(const absl::Status& status, const wire::Exchange& exchange, wire::Answer* answer) {
  SetRequestId(answer);
  exchange.WriteError(status, answer->request_id, answer);
}

absl::Status Dispatcher::CheckSigned(const wire::Request& request) const {
  return credentials_ == nullptr ? absl::OkStatus()
                                 : Authenticate(request, *credentials_, SystemClock().Now()).status();
}

// A hash of the request's number, as the Python client's ids are: a seed gives the same ids again and the engine's own
// draws are left alone.
void Dispatcher::SetRequestId(wire::Answer* answer) {
  answer->request_id.resize(Uuid::kTextBytes);
  Uuid::OfNumber(engine_.seed(), requests_.fetch_add(1, std::memory_order_relaxed)).Print(answer->request_id.data());
}

// In `memory`. A client signs each request anew, but the credential before the signature stays the same: comparing it
// with the last one's takes a tenth of the 700 instructions of reading it (callgrind).
const Caller& Dispatcher::CallerOf(Call& call, absl::string_view queue_url, bool wants_urls) const {
  Memory& memory = *call.memory;
  Caller& caller = memory.caller;
  const absl::string_view authorization = call.request.authorization;
  const absl::string_view credential = authorization.substr(0, authorization.find(','));
  const bool rememberable = !wants_urls && !call.principal.has_value() && !credential.empty();
  if (rememberable && credential == memory.credential) return caller;

  caller = Caller();
  caller.secure_transport = identity_.scheme == "https";
  memory.credential.clear();
  if (call.principal.has_value()) {
    caller.account = call.principal->account;
    caller.region = call.principal->region;
    caller.principal_arn = call.principal->arn;
    caller.check_access = true;
  } else if (const auto scope = wire::ScopeOfAuthorization(credential); scope.has_value()) {
    UseScope(*scope, &caller);
    if (rememberable) memory.credential.assign(credential.data(), credential.size());
  } else {
    UseUnverified(call, queue_url, &caller);
  }
  if (!wants_urls) return caller;
  caller.url_base = identity_.external_url;
  if (caller.url_base.empty()) {
    const absl::string_view host = call.request.host.empty() ? absl::string_view(own_host_) : call.request.host;
    caller.url_base = absl::StrCat(identity_.scheme, "://", host);
  }
  return caller;
}

// Credentials name region and account; without any, the queue URL does, or the host (1.6).
void Dispatcher::UseUnverified(const Call& call, absl::string_view queue_url, Caller* caller) const {
  const std::string query_credential = call.exchange.query_credential();
  auto scope = wire::ScopeOfAuthorization(call.request.authorization);
  if (!scope.has_value()) scope = wire::ScopeOfCredential(query_credential);
  if (scope.has_value()) return UseScope(*scope, caller);
  caller->account = identity_.account;
  caller->region = identity_.region;
  const std::string at_host = absl::StrCat("http://", call.request.host, "/", caller->account, "/any");
  QueueAddress address;
  if (ParseQueueUrl(queue_url, identity_.region, identity_.account, &address) ||
      ParseQueueUrl(at_host, identity_.region, identity_.account, &address)) {
    caller->account = std::string(address.account);
    caller->region = std::string(address.region);
  }
}

void Dispatcher::UseScope(const wire::CredentialScope& scope, Caller* caller) const {
  caller->region.assign(scope.region.data(), scope.region.size());
  caller->account = wire::NamesAnAccount(scope.access_key) ? std::string(scope.access_key) : identity_.account;
}

}  // namespace sqs::server
