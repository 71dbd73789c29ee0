// The one door to all queues: lock, clock, decide -> apply -> wake waiters -> history.
//
//   Engine engine({.clock = std::make_shared<ManualClock>(t0), .seed = 7});
//   Caller caller;
//   auto created = engine.Call(CreateQueueRequest{.queue_name = "orders"}, caller);
//   auto sent = engine.Call(SendMessageRequest{created->queue_url, {.message_body = "42"}}, caller);
//
// Thread-safe. One state machine under one mutex; an operation holds it for about a microsecond. Parsing, encoding,
// waiting and completions happen outside it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "account/accounts.h"
#include "api/usage.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "engine/commit_point.h"
#include "engine/committer.h"
#include "engine/history.h"
#include "engine/memory_limit.h"
#include "engine/queue_metrics.h"
#include "engine/store_feed.h"
#include "store/store.h"

namespace sqs {

// Somebody who wakes the engine for those who wait without a thread: the server.
class EventListener {
 public:
  virtual ~EventListener() = default;
  // The next event of the engine has become earlier than the last one announced, and somebody waits. Called with no
  // lock held, from any thread; to be answered by OnTimePassed at NextEventAt.
  virtual void OnEarlierEvent() = 0;
};

class Engine : public ClockListener, public Committer::Source {
 public:
  struct Options {
    std::shared_ptr<Clock> clock;  // Null: a SystemClock.
    std::optional<uint64_t> seed;  // Absent: from the operating system.
    bool strict = false;           // See Accounts::Options.
    int in_flight_max = kInFlightMax;
    bool enforce_policies = false;  // See Accounts::Options.
    HistoryLimits history;
    // Open only: the file of a durable engine, made if it is not there; "": in memory.
    std::string path;
    Durability durability = Durability::kCommit;
    // Bytes of body and message attributes to be kept in memory, about; beyond it those of committed messages are in
    // the file only. With a path alone. See engine/memory_limit.h.
    std::optional<int64_t> memory_limit;
  };

  // In memory.
  explicit Engine(Options options);
  // On `options.path`, if it names a file: with the queues in it, as they were when the last answer was given.
  //
  // A file goes on with its own seed unless one is given; either is mixed with the number of times that the file was
  // opened, so that no id is drawn twice. Errors: see OpenSqliteStore.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(Options options);
  ~Engine() override;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- Operations -------------------------------------------------------------------------------------------------

  // Performs an operation. A ReceiveMessage with a wait time blocks the calling thread, on this engine's clock.
  //
  // On a durable engine it returns once what it did, and what it shows, is committed. With `commit` it does not wait:
  // the answer must not be given before that point is done, and not at all if it ends in a failure. Null: at once. Such
  // a caller says BeginCommit once it has made all its calls: they are one batch then.
  template <class Request>
  absl::StatusOr<typename OperationOf<Request>::Result> Call(const Request& request, const Caller& caller,
                                                             CommitPointPtr* commit = nullptr);

  // The same for a ReceiveMessage in a thread that may have to stop waiting: `interrupted` is asked every 100 ms of
  // real time, without a lock; once it says true, the wait ends with kCancelled and takes no message.
  absl::StatusOr<ReceiveMessageResult> Receive(const ReceiveMessageRequest& request, const Caller& caller,
                                               absl::FunctionRef<bool()> interrupted);

  // A ReceiveMessage that parks instead of blocking. `done` is called once, with no lock held, perhaps before this
  // returns: with messages, with the error, or empty when the wait is over. Waiters of a queue are served in order of
  // arrival.
  using ReceiveDone = absl::AnyInvocable<void(absl::StatusOr<ReceiveMessageResult>)>;
  using WaiterId = uint64_t;
  WaiterId ReceiveAsync(const ReceiveMessageRequest& request, const Caller& caller, ReceiveDone done);
  // The same, except that an answer given at once is returned, with its `commit` as Call has it. Else absent: the
  // receive is parked as `*id` with what `make_done` returned, which is called only then, and with the lock held.
  std::optional<absl::StatusOr<ReceiveMessageResult>> ReceiveOrPark(const ReceiveMessageRequest& request,
                                                                    const Caller& caller,
                                                                    absl::FunctionRef<ReceiveDone()> make_done,
                                                                    WaiterId* id, CommitPointPtr* commit = nullptr);
  // The client went away: frees the waiter, which takes no message and is not called. False if it was called already.
  bool CancelReceive(WaiterId id);

  // An answer with these receipt handles reached nobody: its messages are visible again, and the receive counts as
  // none.
  void Undeliver(absl::Span<const HandleText> receipt_handles);

  // --- Durability -------------------------------------------------------------------------------------------------

  bool is_durable() const { return committer_ != nullptr; }
  // Has what gathered committed. Cheap, and waits for nothing. For those who take their `commit`.
  void BeginCommit();
  // The point at which all that has happened so far is committed; null if it is.
  CommitPointPtr UncommittedPoint();
  // A consistent copy of the engine's file, while it is in use, to a new file. See Store::Backup.
  absl::Status Backup(const std::string& path);
  // Absent without a limit on memory.
  std::optional<MemoryLimit::Counts> memory();
  // An effect of the history, with the content of its message if that can be had: if the message is still there.
  Effect WithContent(Effect effect);

  // --- Time -------------------------------------------------------------------------------------------------------

  Clock& clock() { return *clock_; }
  absl::Time Now();
  // The next timer or end of a wait, or InfiniteFuture.
  absl::Time NextEventAt() override;
  // Lets everything due at the clock's time happen: timers pass, waiters are served or end empty.
  void OnTimePassed() override;

  // --- Looking ----------------------------------------------------------------------------------------------------

  // Applies a recorded history, from effect 0 on, complete and with all contents, to an engine that has done nothing
  // yet: its queues are then those of the recorded engine, and its history is that history.
  void Replay(const std::vector<HistoryEntry>& entries);

  size_t waiter_count();
  // NextEventAt, for a listener that now waits for exactly that: only what is earlier will be announced.
  absl::Time AwaitNextEvent();
  void AddEventListener(std::shared_ptr<EventListener> listener);
  void RemoveEventListener(const std::shared_ptr<EventListener>& listener);

  // Every effect from number `since` on (the first is number 0), oldest first, as far as the history reaches back; at
  // most `limit` of them.
  std::vector<HistoryEntry> HistorySince(uint64_t since, size_t limit = SIZE_MAX);
  // The name of a queue that is or was there; null if the history does not know its creation.
  std::shared_ptr<const QueueName> QueueNameOf(QueueNumber queue);
  // Begins to keep the metrics of AWS/SQS, with all that the history tells if it reaches back to the first effect; else
  // they begin now, and the answer is false. Does nothing if they are kept already.
  bool StartMetrics();
  // Calls `visit` with the metrics up to now and the lock held, as Look does. Only after StartMetrics.
  void LookAtMetrics(absl::FunctionRef<void(const QueueMetrics&)> visit);

  // Effects so far, those no longer kept included.
  uint64_t effect_count();
  Usage usage();
  uint64_t seed() const { return seed_; }

  // Calls `visit` with the lock held, so it must be short and must not call the engine.
  void Look(absl::FunctionRef<void(const Accounts&, absl::Time now)> visit);
  FaultOptions faults();
  void set_faults(const FaultOptions& faults);
  // The same, if they are still `expected`; else false. For who changes some of them and leaves the others.
  bool ReplaceFaults(const FaultOptions& expected, const FaultOptions& faults);
  // The whole state as text. See Accounts::Dump.
  std::string Dump();

  // Deletes every queue of every account and region and switches the faults off. Waits end empty; clock, seed and
  // history go on, and names may be used again at once.
  void Reset();
  // Ends all waits with an empty answer; later calls fail with InternalFailure. A durable engine commits what is left
  // and gives up its file: an error says that it could not.
  absl::Status Close();

 private:
  struct Waiter {
    PreparedReceive receive;
    Caller caller;
    absl::Time deadline;
    ReceiveDone done;
  };
  // What a blocked caller and whoever completes its waiter share.
  struct BlockedReceive {
    Notification notification;
    absl::StatusOr<ReceiveMessageResult> result;
  };
  // What is to be called once the lock is released.
  struct Completions {
    std::vector<std::pair<ReceiveDone, absl::StatusOr<ReceiveMessageResult>>> answers;
    std::vector<std::shared_ptr<EventListener>> listeners;
    CommitPointPtr commit;  // What the answers wait for.
    bool has_work = false;  // The committer has something to take.
  };

  using ChangedQueues = absl::InlinedVector<QueueNumber, 4>;

  Engine(Options options, const Progress& progress);
  absl::Status Restore(std::unique_ptr<Store> store, const Progress& progress, std::optional<int64_t> memory_limit);
  // Committer::Source
  bool TakeWork(bool last, Committer::Work* work) override;
  void OnCommitted(const Batch& batch) override;
  void OnRefusing(const absl::Status& status, bool for_good) override;
  void OnAccepting() override;
  // Tells the store's feed of the pending effects that it does not know yet. Before the history takes them.
  void NoteForStore() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveEffectsToHistory() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // After every attempt to load contents: a store that cannot be read is at its end.
  void CheckContentsWereRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  CommitPointPtr UncommittedLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckOpen() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits for `point`, or hands it over if there is a `commit`.
  static absl::Status AwaitCommit(CommitPointPtr point, CommitPointPtr* commit);
  bool IsParked(WaiterId id);
  // Close, in a process that was forked from the one with the store's thread and file.
  absl::Status LetGo();

  template <class Request>
  absl::StatusOr<typename OperationOf<Request>::Result> CallLocked(const Request& request, const Caller& caller,
                                                                   absl::Time clock_now, Completions& completions)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Lets time pass up to the clock's; returns now.
  absl::Time Tick(absl::Time clock_now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // After every change: serves waiters, keeps the history.
  void AfterChange(Completions& completions) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ChangedQueues TakeChangedQueues() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ServeWaiters(QueueNumber queue, Completions& completions) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndWaits(absl::Time deadline, Completions& completions) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<ReceiveMessageResult> Try(const PreparedReceive& receive, const Caller& caller, bool last_try)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<absl::StatusOr<ReceiveMessageResult>> TryFirst(const ReceiveMessageRequest& request,
                                                               const Caller& caller, absl::Time clock_now,
                                                               PreparedReceive* receive, absl::Time* deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<ReceiveMessageResult> Wait(WaiterId id, BlockedReceive& blocked,
                                            absl::FunctionRef<bool()> interrupted);
  WaiterId Park(Waiter waiter) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Waiter Unpark(WaiterId id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AnnounceEarlierEvent(Completions& completions) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time NextEventLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetCommit(Completions& completions) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Without `begin_commit` the caller will say BeginCommit.
  void Run(Completions& completions, bool begin_commit = true);
  static void RunAnswers(Completions& completions);

  void SpendLatency();

  const std::shared_ptr<Clock> clock_;
  const uint64_t seed_;

  Mutex mutex_;
  Accounts accounts_ ABSL_GUARDED_BY(mutex_);
  History history_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<QueueMetrics> metrics_ ABSL_GUARDED_BY(mutex_);  // Null until somebody wants them.
  Usage usage_ ABSL_GUARDED_BY(mutex_);
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // Never goes back.
  std::atomic<double> latency_seconds_{0};                         // The fault, read outside the lock.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;

  // Null in memory.
  std::unique_ptr<StoreFeed> feed_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<MemoryLimit> memory_limit_ ABSL_GUARDED_BY(mutex_);  // Null without a limit.
  size_t noted_effects_ ABSL_GUARDED_BY(mutex_) = 0;                   // Of the pending ones.
  CommitPointPtr gathering_ ABSL_GUARDED_BY(mutex_);                   // Of what is noted from now on.
  CommitPointPtr newest_ ABSL_GUARDED_BY(mutex_);                      // Of the last thing noted.
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);  // What everybody gets while the store cannot commit.
  std::unique_ptr<Committer> committer_;
  bool limits_memory_ = false;
  // Waiting receives in order of arrival, and by deadline.
  absl::btree_map<WaiterId, std::unique_ptr<Waiter>> waiters_ ABSL_GUARDED_BY(mutex_);
  absl::btree_set<std::pair<QueueNumber, WaiterId>> waiters_by_queue_ ABSL_GUARDED_BY(mutex_);
  absl::btree_set<std::pair<absl::Time, WaiterId>> waiters_by_deadline_ ABSL_GUARDED_BY(mutex_);
  WaiterId next_waiter_ ABSL_GUARDED_BY(mutex_) = 1;
  std::vector<std::shared_ptr<EventListener>> listeners_ ABSL_GUARDED_BY(mutex_);
  absl::Time announced_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();  // What the listeners wait for.
};

}  // namespace sqs
