// What one client asks, request by request: has it performed, appends the answers in order. Knows no socket.
//
// A receive that must wait parks: nothing further is performed until Finish. A receive whose answer reaches nobody
// counts as none: the session keeps the receipt handles of its answers until the client says something further, and
// gives them back if it ends before.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "server/http_request.h"
#include "server/server_context.h"

namespace sqs::server {

// To be used from the thread of its context.
class Session {
 public:
  // `client`: its address, for the log.
  Session(ServerContext& context, std::string client) : context_(context), client_(std::move(client)) {}
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Appends the answer to `*out`, or parks; then the engine calls what `make_done` returned, perhaps from another
  // thread, with what is to be given to Finish. Nothing of the request is looked at any more after it.
  void Perform(const HttpRequest& request, absl::FunctionRef<Engine::ReceiveDone()> make_done, std::string* out);
  // Refuses what never became a request, and with it all that would follow.
  void RefuseBytes(int status, absl::string_view why, std::string* out);

  // Appends the parked receive's answer. False if there is none any more: then its messages are given back.
  bool Finish(absl::StatusOr<ReceiveMessageResult> result, std::string* out);
  // Whether the parked receive will not be answered by the engine any more.
  bool CancelParked() { return is_parked_ && context_.engine.CancelReceive(outcome_.waiter); }

  bool is_parked() const { return is_parked_; }
  // Whether the client may ask further once it has its answer.
  bool keep_alive() const { return keep_alive_; }
  void EndAfterAnswer() { keep_alive_ = false; }

  // What the answers appended so far wait for, null for nothing: they must not be written before it is done and
  // OnCommitted was called.
  CommitPointPtr awaited_commit() const { return commits_.empty() ? nullptr : commits_.back(); }
  // If a commit failed, nothing of `*out` is told to the client: one refusal takes its place, and the connection ends.
  void OnCommitted(std::string* out);

  // The client said something: it has read what it was answered.
  void OnHeard() { unconfirmed_handles_.clear(); }
  bool has_unconfirmed() const { return !unconfirmed_handles_.empty(); }
  // The connection ends. `unread`: the last answers have not been read.
  void End(bool unread);

 private:
  wire::Answer& NewAnswer();
  void PerformRequest(const HttpRequest& request, absl::FunctionRef<Engine::ReceiveDone()> make_done);
  void PerformOperation(absl::FunctionRef<Engine::ReceiveDone()> make_done);
  void PerformControl();
  void Refuse(int status, ErrorCode code, absl::string_view text);
  void AppendOperationAnswer(const wire::Answer& answer);
  void AppendAnswer(const wire::Answer& answer);
  void LogAnswer(absl::string_view operation, const wire::Answer& answer);

  ServerContext& context_;
  const std::string client_;
  std::string* out_ = nullptr;  // During a call.
  bool keep_alive_ = true;

  // The request being performed; views into its bytes, which are gone once it is parked.
  wire::Request request_;
  std::optional<wire::Exchange> exchange_;
  Dispatcher::Outcome outcome_;
  std::chrono::steady_clock::time_point began_;  // Only if a log is kept.
  bool is_parked_ = false;
  // Of the receives that were answered since the client last said anything: it may be gone without having read them.
  std::vector<HandleText> unconfirmed_handles_;
  std::vector<CommitPointPtr> commits_;  // In order: the last is done last.
};

}  // namespace sqs::server
