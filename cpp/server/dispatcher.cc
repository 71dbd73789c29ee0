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
  Parked* parked;
  absl::FunctionRef<Engine::ReceiveDone()> make_done;
};

template <class RequestStruct>
bool Dispatcher::PerformAs(Call& call) {
  using Result = typename OperationOf<RequestStruct>::Result;
  RequestStruct request;
  absl::Status status = call.exchange.Read(call.reader, &request);
  absl::StatusOr<Result> result = absl::UnknownError("not performed");
  if (status.ok()) {
    const Caller caller = CallerOf(call.exchange, call.request, QueueUrlOf(request));
    if constexpr (std::is_same_v<RequestStruct, ReceiveMessageRequest>) {
      if (engine_.clock().moves_itself()) {
        result = engine_.Call(request, caller);  // Waits no real time.
      } else {
        auto answered = engine_.ReceiveOrPark(request, caller, call.make_done, &call.parked->waiter);
        if (!answered.has_value()) return false;
        result = *std::move(answered);
      }
    } else {
      result = engine_.Call(request, caller);
    }
    status = result.status();
  }
  const std::string request_id = NewRequestId();
  if (status.ok()) {
    call.exchange.WriteResult(*result, request_id, call.answer);
  } else {
    call.exchange.WriteError(status, request_id, call.answer);
  }
  call.answer->request_id = request_id;
  return true;
}

bool Dispatcher::Perform(const wire::Exchange& exchange, const wire::Request& request, wire::JsonReader* reader,
                         wire::Answer* answer, Parked* parked, absl::FunctionRef<Engine::ReceiveDone()> make_done) {
  if (!exchange.error().ok()) {
    answer->request_id = NewRequestId();
    exchange.WriteError(exchange.error(), answer->request_id, answer);
    return true;
  }
  using Performer = bool (Dispatcher::*)(Call&);
  static constexpr Performer kPerformers[kOperationCount] = {
#define SQS_PERFORMER(Name, who) &Dispatcher::PerformAs<Name##Request>,
      SQS_OPERATIONS(SQS_PERFORMER)
#undef SQS_PERFORMER
  };
  Call call{exchange, request, reader, answer, parked, make_done};
  return (this->*kPerformers[static_cast<int>(exchange.operation())])(call);
}

void Dispatcher::Finish(const wire::Exchange& exchange, const absl::StatusOr<ReceiveMessageResult>& result,
                        wire::Answer* answer) {
  answer->request_id = NewRequestId();
  if (result.ok()) {
    exchange.WriteResult(*result, answer->request_id, answer);
  } else {
    exchange.WriteError(result.status(), answer->request_id, answer);
  }
}

// A hash of the request's number, as the Python client's ids are: a seed gives the same ids again and the engine's own
// draws are left alone.
std::string Dispatcher::NewRequestId() {
  return Uuid::OfNumber(engine_.seed(), requests_.fetch_add(1, std::memory_order_relaxed)).ToString();
}

// Credentials name region and account; without any, the queue URL does, or the host (1.6).
Caller Dispatcher::CallerOf(const wire::Exchange& exchange, const wire::Request& request,
                            absl::string_view queue_url) const {
  Caller caller{identity_.account, identity_.region, identity_.external_url};
  auto scope = wire::ScopeOfAuthorization(request.authorization);
  if (!scope.has_value()) scope = wire::ScopeOfCredential(exchange.query_credential());
  if (scope.has_value()) {
    caller.region = scope->region;
    if (wire::NamesAnAccount(scope->access_key)) caller.account = scope->access_key;
  } else {
    const std::string at_host = absl::StrCat("http://", request.host, "/", caller.account, "/any");
    QueueAddress address;
    if (ParseQueueUrl(queue_url, caller.region, caller.account, &address) ||
        ParseQueueUrl(at_host, caller.region, caller.account, &address)) {
      caller = {std::string(address.account), std::string(address.region), caller.url_base};
    }
  }
  const absl::string_view host = request.host.empty() ? absl::string_view(own_host_) : request.host;
  if (caller.url_base.empty()) caller.url_base = absl::StrCat(identity_.scheme, "://", host);
  return caller;
}

}  // namespace sqs::server
