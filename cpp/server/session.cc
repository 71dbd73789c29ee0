#include "server/session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/http_answer.h"

namespace sqs::server {
namespace {

bool IsLoopbackName(absl::string_view host) {
  if (absl::StartsWith(host, "[::1]")) return true;
  const absl::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" || absl::EndsWith(name, ".localhost") || absl::StartsWith(name, "127.");
}

// Whether a page of another site in the user's browser is behind a request: it must not reach the queues. A page of
// our own has our address as its origin, and by a name that only this machine can have given us (DNS rebinding).
bool IsFromAnotherSite(const HttpRequest& request) {
  if (request.fetch_site == "cross-site" || request.fetch_site == "same-site") return true;
  if (request.origin.empty()) return false;
  return !IsLoopbackName(request.wire.host) || !absl::EndsWith(request.origin, absl::StrCat("://", request.wire.host));
}

}  // namespace

Session::~Session() {
  if (is_parked_) context_.engine.CancelReceive(outcome_.waiter);
}

void Session::End(bool unread) {
  if (std::exchange(is_parked_, false)) {
    context_.counters.OnPoll(-1);
    context_.engine.CancelReceive(outcome_.waiter);
  }
  if (unread && !unconfirmed_handles_.empty()) context_.engine.Undeliver(unconfirmed_handles_);
}

wire::Answer& Session::NewAnswer() {
  context_.answer.Clear();
  return context_.answer;
}

void Session::Perform(const HttpRequest& request, absl::FunctionRef<Engine::ReceiveDone()> make_done,
                      std::string* out) {
  if (context_.log != nullptr) began_ = std::chrono::steady_clock::now();
  out_ = out;
  keep_alive_ = request.keep_alive;
  request_ = request.wire;
  const absl::string_view method = request_.method;
  const bool control = IsControlPath(request_.target);
  if (method == "POST" || method == "GET" || (control && (method == "PUT" || method == "DELETE"))) {
    PerformRequest(request, make_done);
  } else if (method == "HEAD") {
    AppendEmptyHttpAnswer(200, keep_alive_, out_);
  } else if (method == "OPTIONS") {
    AppendEmptyHttpAnswer(204, keep_alive_, out_);
  } else {
    Refuse(405, ErrorCode::kUnknownOperation, "Use GET or POST.");
  }
  request_ = {.method = method == "POST" ? "POST" : "GET"};  // What a parked receive is logged with.
}

void Session::PerformRequest(const HttpRequest& request, absl::FunctionRef<Engine::ReceiveDone()> make_done) {
  if (IsFromAnotherSite(request)) {
    return Refuse(403, ErrorCode::kAccessDenied, "Requests from pages of other sites are refused.");
  }
  if (IsControlPath(request_.target)) {
    PerformControl();
  } else {
    PerformOperation(make_done);
  }
}

void Session::PerformOperation(absl::FunctionRef<Engine::ReceiveDone()> make_done) {
  exchange_.emplace(request_);
  outcome_ = Dispatcher::Outcome();
  outcome_.wants_queue = context_.log != nullptr;
  wire::Answer& answer = NewAnswer();
  context_.dispatcher.Perform(*exchange_, request_, &context_.memory, &answer, &outcome_, make_done);
  is_parked_ = outcome_.parked;
  if (outcome_.commit != nullptr) {
    context_.held.CommitSoon(outcome_.commit);
    commits_.push_back(std::move(outcome_.commit));
  }
  if (is_parked_) {
    context_.counters.OnPoll(+1);
  } else {
    AppendOperationAnswer(answer);
  }
}

void Session::PerformControl() {
  const absl::Status signed_by_a_key = context_.dispatcher.CheckSigned(request_);
  if (!signed_by_a_key.ok()) {
    return Refuse(InfoOf(signed_by_a_key).http_status, InfoOf(signed_by_a_key).code, signed_by_a_key.message());
  }
  ControlAnswer page = context_.control.Answer({request_.method, request_.target, request_.body});
  if (CommitPointPtr commit = context_.engine.UncommittedPoint(); commit != nullptr) commits_.push_back(commit);
  wire::Answer& answer = NewAnswer();
  context_.dispatcher.SetRequestId(&answer);
  answer.status = page.status;
  answer.content_type = page.content_type;
  answer.body = std::move(page.body);
  context_.counters.OnControl(answer.status);
  AppendAnswer(answer);
  LogAnswer("control", answer);
}

bool Session::Finish(absl::StatusOr<ReceiveMessageResult> result, std::string* out) {
  if (!std::exchange(is_parked_, false)) {
    // Ended since the engine called: nobody is there to read it.
    if (!result.ok()) return false;
    std::vector<HandleText> handles;
    for (const ReceivedMessage& message : result->messages) handles.push_back(message.receipt_handle);
    if (!outcome_.repeatable && !handles.empty()) context_.engine.Undeliver(handles);
    return false;
  }
  out_ = out;
  context_.counters.OnPoll(-1);
  wire::Answer& answer = NewAnswer();
  context_.dispatcher.Finish(*exchange_, std::move(result), &answer, &outcome_);
  AppendOperationAnswer(answer);
  return true;
}

void Session::OnCommitted(std::string* out) {
  const std::vector<CommitPointPtr> commits = std::exchange(commits_, {});
  const auto failed =
      std::find_if(commits.begin(), commits.end(), [](const CommitPointPtr& commit) { return !commit->status().ok(); });
  if (failed == commits.end()) return;
  out->clear();
  out_ = out;
  keep_alive_ = false;
  Refuse(InfoOf((*failed)->status()).http_status, ErrorCode::kInternalFailure, (*failed)->status().message());
  context_.engine.Undeliver(std::exchange(unconfirmed_handles_, {}));
}

// In the form of the service's errors.
void Session::Refuse(int status, ErrorCode code, absl::string_view text) {
  const wire::Request as_json{.amz_target = "AmazonSQS.ListQueues"};
  wire::Answer& answer = NewAnswer();
  context_.dispatcher.SetRequestId(&answer);
  wire::Exchange(as_json).WriteError(SqsError(code, text), answer.request_id, &answer);
  answer.status = status;
  context_.counters.OnRefused(status);
  AppendAnswer(answer);
  LogAnswer("", answer);
}

void Session::RefuseBytes(int status, absl::string_view why, std::string* out) {
  out_ = out;
  keep_alive_ = false;
  request_ = wire::Request();
  Refuse(status, ErrorCode::kSerialization, why);
}

void Session::AppendOperationAnswer(const wire::Answer& answer) {
  unconfirmed_handles_.insert(unconfirmed_handles_.end(), outcome_.receipt_handles.begin(),
                              outcome_.receipt_handles.end());
  outcome_.receipt_handles.clear();
  AppendAnswer(answer);
  if (exchange_->error().ok()) {
    context_.counters.OnRequest(exchange_->operation(), answer.status);
    LogAnswer(kOperationNames[static_cast<int>(exchange_->operation())], answer);
  } else {
    context_.counters.OnRefused(answer.status);
    LogAnswer("", answer);
  }
}

void Session::AppendAnswer(const wire::Answer& answer) { AppendHttpAnswer(answer, keep_alive_, out_); }

void Session::LogAnswer(absl::string_view operation, const wire::Answer& answer) {
  if (context_.log == nullptr) return;
  context_.log->Write(SystemClock().Now(), {.client = client_,
                                            .method = request_.method,
                                            .operation = operation,
                                            .queue = outcome_.queue,
                                            .status = answer.status,
                                            .body_bytes = answer.body.size(),
                                            .took = absl::FromChrono(std::chrono::steady_clock::now() - began_),
                                            .request_id = answer.request_id});
}

}  // namespace sqs::server
