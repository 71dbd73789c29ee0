// Many queues and the rules between them: names, URLs, regions and accounts, validation, batches, dead letters, move
// tasks. A state machine like the queue below it: no lock, no clock, no I/O.
//
// One overload of Handle answers each operation; the handlers live in files by topic:
//
//   queues.cc          CreateQueue DeleteQueue GetQueueUrl ListQueues ListDeadLetterSourceQueues PurgeQueue
//   queue_settings.cc  GetQueueAttributes SetQueueAttributes TagQueue UntagQueue ListQueueTags
//   permissions.cc     AddPermission RemovePermission
//   send.cc            SendMessage SendMessageBatch
//   receive.cc         ReceiveMessage
//   delete.cc          DeleteMessage DeleteMessageBatch
//   visibility.cc      ChangeMessageVisibility ChangeMessageVisibilityBatch
//   move_tasks.cc      StartMessageMoveTask CancelMessageMoveTask ListMessageMoveTasks
//   apply.cc           effects -> state, the one place where queues change
//   timers.cc          what is due, over all queues
//   restore.cc         what a store keeps of queues, and the way back
//
// A handler validates first and emits effects last: on an error nothing has changed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "account/access_check.h"
#include "account/content_source.h"
#include "account/faults.h"
#include "account/move_task.h"
#include "account/queue_address.h"
#include "account/throttle.h"
#include "account/url_cache.h"
#include "api/effects.h"
#include "api/errors.h"
#include "api/operations.h"
#include "api/usage.h"
#include "base/digest.h"
#include "base/random.h"
#include "queue/queue.h"

namespace sqs {

// Who calls, and through which address.
struct Caller {
  std::string account = "000000000000";
  std::string region = "us-east-1";
  // Scheme and host of the queue URLs to hand out: "http://localhost:9324". Empty: those of the service itself,
  // "https://sqs.<region>.amazonaws.com".
  std::string url_base;
  // Whether the policy of a queue decides what this caller may do. Without it everybody may use every queue, as far as
  // an operation is open to other accounts at all.
  bool check_access = false;
  std::string principal_arn;      // "": the root of the account.
  std::string source_arn;         // aws:SourceArn: on whose behalf a service calls; "" for none.
  bool secure_transport = false;  // aws:SecureTransport
};

struct CallContext {
  absl::Time now;
  const Caller& caller;
};

// A validated ReceiveMessage, so that a waiting one can be tried again without the request.
struct PreparedReceive {
  QueueNumber queue = 0;
  int max_messages = 1;
  std::optional<absl::Duration> visibility_timeout;  // Absent: the queue's, read at each try.
  absl::Duration wait_time;
  std::string attempt_id;  // FIFO; empty: none.
  // What to return.
  uint32_t system_attributes = 0;  // Bits of SystemAttribute.
  bool all_message_attributes = false;
  StringList message_attribute_names;
  StringList message_attribute_prefixes;
};

struct QueueAddressHash {
  size_t operator()(const QueueAddress& a) const {
    return absl::Hash<std::tuple<absl::string_view, absl::string_view, absl::string_view>>()(
        {a.name, a.account, a.region});
  }
};
struct QueueAddressEq {
  bool operator()(const QueueAddress& a, const QueueAddress& b) const {
    return a.name == b.name && a.account == b.account && a.region == b.region;
  }
};

class Accounts {
 public:
  struct Options {
    uint64_t seed = 0;
    bool strict = false;  // The 60-second rules after DeleteQueue and PurgeQueue.
    int in_flight_max = kInFlightMax;
    bool enforce_policies = false;  // Caller::check_access for every caller.
  };

  explicit Accounts(Options options);

  // --- Operations -------------------------------------------------------------------------------------------------

#define SQS_DECLARE_HANDLE(Name, who) \
  absl::StatusOr<Name##Result> Handle(const Name##Request& request, const CallContext& context);
  SQS_OPERATIONS(SQS_DECLARE_HANDLE)
#undef SQS_DECLARE_HANDLE

  // RequestThrottled, if the fault of that name strikes: to be asked before each operation.
  absl::Status Admit();

  // ReceiveMessage in two steps, for receives that wait: validate once, try as often as need be.
  absl::StatusOr<PreparedReceive> Prepare(const ReceiveMessageRequest& request, const CallContext& context);
  // `last_try` is false while the receive can still wait: an empty answer is then no receive (no ReceivedNothing), and
  // a standard queue at its in-flight limit is no error.
  absl::StatusOr<ReceiveMessageResult> Receive(const PreparedReceive& receive, const CallContext& context,
                                               bool last_try);

  // Whoever owns them; their names may be used again at once, strict or not.
  void DeleteAllQueues(absl::Time now);

  // The answer that held this receipt handle reached nobody: its receive counts as none, if it is still the last one
  // and the message is still in flight.
  void Undeliver(absl::string_view receipt_handle, absl::Time now);

  // --- Time -------------------------------------------------------------------------------------------------------

  // Passes every timer due at `now`, each at its own instant, over all queues in order.
  void AdvanceTo(absl::Time now) {
    if (!timer_index_.empty() && timer_index_.begin()->first <= now) PassEvents(now);
    if (!task_index_.empty() && task_index_.begin()->first <= now) PassEvents(now);
    if (time_ < now) time_ = now;
  }
  // The instant of the next timer of any queue or move task, or InfiniteFuture. Exact.
  absl::Time NextEventAt();
  // An active task always has a next step.
  bool HasActiveMoveTasks() const { return !task_index_.empty(); }

  // --- Effects ----------------------------------------------------------------------------------------------------

  // What has been emitted since the last call of this, in order; already applied.
  std::vector<Effect>& pending_effects() { return pending_; }

  // What a timer made visible since the last call of this; for those who wait there.
  struct BecameVisible {
    QueueNumber queue;
    MessagePlace place;
  };
  std::vector<BecameVisible>& became_visible() { return became_visible_; }

  // Applies an effect of a history. `effects` of one engine in order rebuild all its queues.
  void Replay(const Effect& effect);

  // --- Storing and restoring --------------------------------------------------------------------------------------

  // What move tasks brought to a queue at the last instant at which they brought anything.
  struct Redrive {
    absl::Time at = absl::InfinitePast();
    uint64_t from_sequence = 0;
  };
  Redrive RedriveOf(QueueNumber queue) const;
  // Oldest first.
  std::vector<const MoveTask*> TasksOf(QueueNumber queue) const;
  // When a queue of this name was deleted, if that still matters (strict).
  std::optional<absl::Time> DeletedAt(const QueueName& name) const;
  QueueNumber next_number() const { return next_number_; }

  // Into an engine that has done nothing yet: first how far it was, then queues with all their messages.
  void RestoreTime(absl::Time time, QueueNumber next_number);
  Queue& RestoreQueue(QueueNumber number, const QueueCreated& created, absl::Time created_at);
  void RestoreRedrive(QueueNumber queue, const Redrive& redrive);
  void RestoreTask(QueueNumber queue, MoveTask task);
  void RestoreDeletedName(const QueueName& name, absl::Time at) { deleted_at_[name] = at; }
  // Once everything is back.
  void FinishRestore();

  // --- Contents ---------------------------------------------------------------------------------------------------

  // Null, which it is at first: every message has its content.
  void SetContentSource(ContentSource* source) { content_source_ = source; }
  // Payloads with the content of the messages in `places`; none, where every message has its content.
  absl::Status LoadContents(const Queue& queue, absl::Span<const MessagePlace> places, Contents* contents) const {
    return content_source_ == nullptr ? absl::OkStatus() : content_source_->Load(queue, places, contents);
  }

  // --- Looking ----------------------------------------------------------------------------------------------------

  Queue* FindQueue(QueueNumber number);
  const Queue* FindQueue(QueueNumber number) const;
  const Queue* FindQueue(const QueueName& name) const;
  // All queues in order of number.
  std::vector<const Queue*> queues() const;
  // The whole state as text; equal for equal states.
  std::string Dump(absl::Time now) const;

  FaultOptions& faults() { return faults_; }
  // What the last Handle or Receive came to, on failure too; starts the next one's account.
  CallCost TakeCallCost() { return std::exchange(call_cost_, CallCost()); }
  Random& random() { return random_; }

 private:
  // A queue and what the account keeps beside it.
  struct QueueRecord {
    std::unique_ptr<Queue> queue;
    absl::Time indexed_at = absl::InfiniteFuture();  // Its key in timer_index_.
    absl::Time step_at = absl::InfiniteFuture();     // Its key in task_index_: what its active move task does next.
    // What move tasks brought at the last instant at which they brought anything: from this sequence on.
    absl::Time redriven_at = absl::InfinitePast();
    uint64_t redriven_from = 0;
    std::vector<std::unique_ptr<MoveTask>> tasks;  // With this queue as source, oldest first; at most one active.
    FifoThrottle throttle;
    std::unique_ptr<const AccessPolicy> policy;  // The queue's own, as it was when it was last asked.
  };

  // --- Shared by the handlers (accounts.cc) ---

  // The queue that `queue_url` names, with the checks of 1.7 up to the permission: exists, may be used by the caller
  // for this operation.
  absl::StatusOr<Queue*> Open(absl::string_view queue_url, Operation operation, CrossAccountUse use,
                              const CallContext& context);
  template <class Request>
  absl::StatusOr<Queue*> Open(const Request& request, const CallContext& context) {
    return Open(request.queue_url, OperationOf<Request>::kOperation, OperationOf<Request>::kCrossAccountUse, context);
  }
  // AccessDenied unless the caller may perform the operation on the queue.
  absl::Status Permit(const Queue& queue, Operation operation, CrossAccountUse use, const Caller& caller);
  QueueRecord& RecordOf(const Queue& queue) { return records_.at(queue.number()); }

  // Applies and keeps for pending_effects(). The only way in which anything changes.
  void Emit(QueueNumber queue, absl::Time at, EffectKinds kind);
  void Apply(const Effect& effect);

  // The queue of `arn`, or null.
  Queue* FindByArn(absl::string_view arn);

  std::string QueueUrl(const Queue& queue, const Caller& caller) const;
  static std::string DumpSettings(const Queue& queue);

  // --- By topic; see the files named above ---

  // queues.cc
  absl::StatusOr<std::string> ExistingQueueUrl(const Queue& queue, const StringMap& attributes,
                                               const CallContext& context);

  // queue_settings.cc: the redrive policy's target exists, has the same type, and allows `source_arn`.
  absl::Status CheckRedriveTarget(const RedrivePolicy& policy, absl::string_view policy_text,
                                  absl::string_view source_arn, bool source_is_fifo, const QueueName& source) const;

  // send.cc
  SentMessage Send(Queue& queue, const MessageToSend& message, const Md5Digest& md5, const CallContext& context);
  absl::Status AdmitSendBatch(const Queue& queue, const std::vector<SendMessageBatchRequestEntry>& entries,
                              absl::Time now);

  // receive.cc
  int InFlightRoom(const Queue& queue) const;
  SelectOptions SelectionFor(const Queue& queue, int max_messages, absl::Time now, Queue** dead_letter_queue);
  Selection Choose(const Queue& queue, const PreparedReceive& receive, SelectOptions options);
  void MoveToDeadLetterQueue(Queue& source, Queue& target, uint32_t slot, absl::Time now);
  void Deliver(Queue& queue, MessagePlace place, const PayloadPtr& content, const PreparedReceive& receive,
               absl::Time now, ReceivedMessage* received);
  static void Render(const Queue& queue, const Message& message, MessagePlace place, const PayloadPtr& content,
                     const PreparedReceive& receive, ReceivedMessage* received);
  absl::StatusOr<ReceiveMessageResult> RepeatAttempt(Queue& queue, const PreparedReceive& receive,
                                                     const ReceiveAttempts::Attempt& attempt, absl::Time now);

  // delete.cc, visibility.cc
  absl::Status Delete(Queue& queue, absl::string_view receipt_handle, absl::Time now);
  absl::Status ChangeVisibility(Queue& queue, absl::string_view receipt_handle, int64_t timeout_seconds,
                                absl::Time now);

  // move_tasks.cc
  absl::StatusOr<Queue*> OpenArn(absl::string_view parameter, absl::string_view arn, Operation operation,
                                 const CallContext& context);
  static ListMessageMoveTasksResultEntry Describe(const MoveTask& task, absl::string_view source_arn);
  bool IsDeadLetterQueue(const Queue& queue) const;
  int CountActiveTasks(absl::string_view account) const;
  absl::Time NextStepAt(const QueueRecord& source) const;
  void StepMoveTask(QueueRecord& source, absl::Time now);
  void MoveOne(QueueRecord& source, MoveTask& task, MessagePlace place, absl::Time now);
  MoveTask* ActiveTask(const QueueRecord& source) const;

  // throttle.cc: RequestThrottled if the quotas of a FIFO queue are enforced and used up. A call that sends says the
  // group of each of its messages.
  absl::Status AdmitFifo(const Queue& queue, Operation operation, int messages, absl::Time now,
                         absl::Span<const absl::string_view> groups = {});

  // apply.cc
  void ApplyKind(const Effect& effect, const QueueCreated& created);
  void ApplyKind(const Effect& effect, const QueueDeleted& deleted);
  void ApplyKind(const Effect& effect, const Moved& moved);
  void ApplyKind(const Effect& effect, const Redriven& redriven);
  void ApplyKind(const Effect& effect, const MoveTaskStarted& started);
  void ApplyKind(const Effect& effect, const MoveTaskChanged& changed);
  template <class Kind>
  void ApplyKind(const Effect& effect, const Kind& kind);

  // timers.cc
  void PassEvents(absl::Time now);
  void Reindex(QueueRecord& record);
  absl::Time NextTimerAt();
  void PassTimer(QueueRecord& record, absl::Time at);

  Options options_;
  FaultOptions faults_;
  ContentSource* content_source_ = nullptr;
  Random random_;
  // By number, so that every walk has one order; a std::map, since its nodes stay where they are.
  std::map<QueueNumber, QueueRecord> records_;
  // The same by name; the keys are parts of the queues' own names. Looked up, never walked.
  absl::flat_hash_map<QueueAddress, QueueRecord*, QueueAddressHash, QueueAddressEq> by_name_;
  absl::btree_map<QueueName, QueueRecord*> in_name_order_;  // The same, for ListQueues.
  UrlCache<QueueRecord> by_url_;
  absl::btree_map<QueueName, absl::Time> deleted_at_;  // Names deleted in the last 60 seconds; strict only.
  // (bound of the next event, queue): bounds may be early, never late. See timers.cc.
  absl::btree_set<std::pair<absl::Time, QueueNumber>> timer_index_;
  absl::btree_set<std::pair<absl::Time, QueueNumber>> task_index_;  // Exact.
  QueueNumber next_number_ = 1;
  std::vector<Effect> pending_;
  std::vector<BecameVisible> became_visible_;
  absl::Time time_ = absl::InfinitePast();  // How far time has passed in here: nothing happens before it.
  CallCost call_cost_;
};

}  // namespace sqs
