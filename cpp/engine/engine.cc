#include "engine/engine.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/status.h"

namespace sqs {
namespace {

// DeadlineExceeded, which nothing else here is: the Python client makes its own report of it.
absl::Status WaitsForEver() {
  return absl::DeadlineExceededError(
      "localsqs: waits have moved the manual clock as far as they may, and nobody else has moved it: a loop that never "
      "ends? ManualClock(limit=...) raises the limit.");
}

}  // namespace

Engine::Engine(Options options) : Engine(std::move(options), Progress()) {}

Engine::Engine(Options options, const Progress& progress)
    : clock_(options.clock != nullptr ? options.clock : std::make_shared<SystemClock>()),
      seed_(options.seed.has_value() ? *options.seed : Random::SeedFromSystem()),
      accounts_({.seed = seed_,
                 .strict = options.strict,
                 .in_flight_max = options.in_flight_max,
                 .enforce_policies = options.enforce_policies}),
      history_(options.history, progress.effect_count) {
  clock_->Attach(this);
}

Engine::~Engine() {
  clock_->Detach(this);
  Close().IgnoreError();
}

// --- Operations -----------------------------------------------------------------------------------------------------

template <class Request>
absl::StatusOr<typename OperationOf<Request>::Result> Engine::Call(const Request& request, const Caller& caller,
                                                                   CommitPointPtr* commit) {
  if constexpr (std::is_same_v<Request, ReceiveMessageRequest>) {
    return Receive(request, caller, [] { return false; });
  } else {
    SpendLatency();
    if (committer_ != nullptr) committer_->RetryIfFull();
    Completions completions;
    const absl::Time clock_now = clock_->Now();
    auto result = [&]() -> absl::StatusOr<typename OperationOf<Request>::Result> {
      MutexLock lock(mutex_);
      SQS_RETURN_IF_ERROR(CheckOpen());
      return CallLocked(request, caller, clock_now, completions);
    }();
    Run(completions, /*begin_commit=*/commit == nullptr);
    if (completions.commit != nullptr) SQS_RETURN_IF_ERROR(AwaitCommit(std::move(completions.commit), commit));
    return result;
  }
}

template <class Request>
absl::StatusOr<typename OperationOf<Request>::Result> Engine::CallLocked(const Request& request, const Caller& caller,
                                                                         absl::Time clock_now,
                                                                         Completions& completions) {
  using Answer = absl::StatusOr<typename OperationOf<Request>::Result>;
  const absl::Time now = Tick(clock_now);
  const absl::Status admitted = accounts_.Admit();
  Answer answer = admitted.ok() ? accounts_.Handle(request, {now, caller}) : Answer(admitted);
  usage_.Add(OperationOf<Request>::kOperation, accounts_.TakeCallCost());
  AfterChange(completions);
  return answer;
}

#define SQS_INSTANTIATE_CALL(Name, who)                                                                  \
  template absl::StatusOr<Name##Result> Engine::Call(const Name##Request& request, const Caller& caller, \
                                                     CommitPointPtr* commit);
SQS_OPERATIONS(SQS_INSTANTIATE_CALL)
#undef SQS_INSTANTIATE_CALL

absl::StatusOr<ReceiveMessageResult> Engine::Try(const PreparedReceive& receive, const Caller& caller, bool last_try) {
  if (!refusal_.ok()) return refusal_;
  auto answer = accounts_.Receive(receive, {now_, caller}, last_try);
  CheckContentsWereRead();
  const CallCost cost = accounts_.TakeCallCost();
  if (last_try || !answer.ok() || !answer->messages.empty()) usage_.Add(Operation::kReceiveMessage, cost);
  return answer;
}

// The answer, if there is one at once; else `deadline` is set and the receive is to be parked.
std::optional<absl::StatusOr<ReceiveMessageResult>> Engine::TryFirst(const ReceiveMessageRequest& request,
                                                                     const Caller& caller, absl::Time clock_now,
                                                                     PreparedReceive* receive, absl::Time* deadline) {
  if (absl::Status open = CheckOpen(); !open.ok()) return open;
  const absl::Time now = Tick(clock_now);
  const absl::Status admitted = accounts_.Admit();
  auto prepared = admitted.ok() ? accounts_.Prepare(request, {now, caller}) : absl::StatusOr<PreparedReceive>(admitted);
  const CallCost cost = accounts_.TakeCallCost();
  if (!prepared.ok()) {
    usage_.Add(Operation::kReceiveMessage, cost);
    return prepared.status();
  }
  *receive = *std::move(prepared);
  const bool waits = receive->wait_time > absl::ZeroDuration();
  auto answer = Try(*receive, caller, /*last_try=*/!waits);
  if (!waits || !answer.ok() || !answer->messages.empty()) return answer;
  *deadline = now + receive->wait_time;
  return std::nullopt;
}

std::optional<absl::StatusOr<ReceiveMessageResult>> Engine::ReceiveOrPark(const ReceiveMessageRequest& request,
                                                                          const Caller& caller,
                                                                          absl::FunctionRef<ReceiveDone()> make_done,
                                                                          WaiterId* id, CommitPointPtr* commit) {
  SpendLatency();
  if (committer_ != nullptr) committer_->RetryIfFull();
  Completions completions;
  const absl::Time clock_now = clock_->Now();
  std::optional<absl::StatusOr<ReceiveMessageResult>> answer;
  {
    MutexLock lock(mutex_);
    PreparedReceive receive;
    absl::Time deadline;
    answer = TryFirst(request, caller, clock_now, &receive, &deadline);
    if (!answer.has_value()) *id = Park({std::move(receive), caller, deadline, make_done()});
    AfterChange(completions);
  }
  Run(completions, /*begin_commit=*/commit == nullptr || !answer.has_value());
  if (answer.has_value() && completions.commit != nullptr) {
    if (absl::Status failed = AwaitCommit(std::move(completions.commit), commit); !failed.ok()) return failed;
  }
  return answer;
}

Engine::WaiterId Engine::ReceiveAsync(const ReceiveMessageRequest& request, const Caller& caller, ReceiveDone done) {
  WaiterId id = 0;
  auto answer = ReceiveOrPark(request, caller, [&done] { return std::move(done); }, &id);
  if (answer.has_value()) done(*std::move(answer));
  return id;
}

bool Engine::CancelReceive(WaiterId id) {
  MutexLock lock(mutex_);
  if (!waiters_.contains(id)) return false;
  Unpark(id);
  return true;
}

absl::StatusOr<ReceiveMessageResult> Engine::Receive(const ReceiveMessageRequest& request, const Caller& caller,
                                                     absl::FunctionRef<bool()> interrupted) {
  std::shared_ptr<BlockedReceive> blocked;
  WaiterId id = 0;
  auto answer = ReceiveOrPark(
      request, caller,
      [&blocked]() -> ReceiveDone {
        blocked = std::make_shared<BlockedReceive>();
        return [blocked](absl::StatusOr<ReceiveMessageResult> result) {
          blocked->result = std::move(result);
          blocked->notification.Notify();
        };
      },
      &id);
  if (answer.has_value()) return *std::move(answer);
  return Wait(id, *blocked, interrupted);
}

// Blocks until the waiter `id` is served, its time is over, or the caller wants no more.
absl::StatusOr<ReceiveMessageResult> Engine::Wait(WaiterId id, BlockedReceive& blocked,
                                                  absl::FunctionRef<bool()> interrupted) {
  if (!clock_->BeginWait() && CancelReceive(id)) return WaitsForEver();
  while (!blocked.notification.notified()) {
    // Served, and not yet committed: no time of the engine's passes.
    if (committer_ != nullptr && !IsParked(id)) {
      blocked.notification.WaitFor(Clock::kWaitSlice);
      continue;
    }
    const bool clock_runs = clock_->WaitUntil(blocked.notification, NextEventAt());
    OnTimePassed();
    if (blocked.notification.notified()) break;
    const bool stop = interrupted();
    if (!stop && clock_runs) continue;
    // From here on nobody else completes the waiter, unless somebody is doing so right now.
    if (!CancelReceive(id)) {
      blocked.notification.WaitFor(Clock::kWaitSlice);
      continue;
    }
    if (stop) return absl::CancelledError("interrupted");
    return ReceiveMessageResult();  // Time stands still: end empty rather than wait for ever.
  }
  return std::move(blocked.result);
}

void Engine::Undeliver(absl::Span<const HandleText> receipt_handles) {
  Completions completions;
  const absl::Time clock_now = clock_->Now();
  {
    MutexLock lock(mutex_);
    const absl::Time now = Tick(clock_now);
    for (const HandleText& handle : receipt_handles) accounts_.Undeliver(handle, now);
    AfterChange(completions);
  }
  Run(completions);
}

// --- Time -----------------------------------------------------------------------------------------------------------

absl::Time Engine::Tick(absl::Time clock_now) {
  now_ = std::max(now_, clock_now);
  accounts_.AdvanceTo(now_);
  return now_;
}

absl::Time Engine::Now() {
  const absl::Time clock_now = clock_->Now();
  MutexLock lock(mutex_);
  return std::max(now_, clock_now);
}

absl::Time Engine::NextEventLocked() {
  const absl::Time next = accounts_.NextEventAt();
  return waiters_by_deadline_.empty() ? next : std::min(next, waiters_by_deadline_.begin()->first);
}

absl::Time Engine::NextEventAt() {
  MutexLock lock(mutex_);
  return NextEventLocked();
}

// What was announced may be gone since: its waiter ended, or its message was deleted. Then the listener waits for
// something later, and what comes before that has to be announced again.
absl::Time Engine::AwaitNextEvent() {
  MutexLock lock(mutex_);
  announced_ = NextEventLocked();
  return announced_;
}

void Engine::OnTimePassed() {
  Completions completions;
  const absl::Time clock_now = clock_->Now();
  {
    MutexLock lock(mutex_);
    Tick(clock_now);
    AfterChange(completions);
    EndWaits(now_, completions);
    // What was announced has come; and what the change above announced may be the end of a wait that is over now.
    announced_ = absl::InfiniteFuture();
    completions.listeners.clear();
    AfterChange(completions);
  }
  Run(completions);
}

// The latency fault: the call's own time on the engine's clock.
void Engine::SpendLatency() {
  const double seconds = latency_seconds_.load(std::memory_order_relaxed);
  if (seconds <= 0) return;
  Notification never;
  const absl::Time until = Now() + absl::Seconds(seconds);
  while (clock_->Now() < until && clock_->WaitUntil(never, until)) {
  }
}

void Engine::AddEventListener(std::shared_ptr<EventListener> listener) {
  MutexLock lock(mutex_);
  listeners_.push_back(std::move(listener));
  announced_ = absl::InfiniteFuture();
}

void Engine::RemoveEventListener(const std::shared_ptr<EventListener>& listener) {
  MutexLock lock(mutex_);
  listeners_.erase(std::remove(listeners_.begin(), listeners_.end(), listener), listeners_.end());
}

// --- Looking --------------------------------------------------------------------------------------------------------

std::vector<HistoryEntry> Engine::HistorySince(uint64_t since, size_t limit) {
  MutexLock lock(mutex_);
  return history_.Since(since, limit);
}

std::shared_ptr<const QueueName> Engine::QueueNameOf(QueueNumber queue) {
  MutexLock lock(mutex_);
  return history_.NameOf(queue);
}

uint64_t Engine::effect_count() {
  MutexLock lock(mutex_);
  return history_.count();
}

bool Engine::IsParked(WaiterId id) {
  MutexLock lock(mutex_);
  return waiters_.contains(id);
}

size_t Engine::waiter_count() {
  MutexLock lock(mutex_);
  return waiters_.size();
}

Usage Engine::usage() {
  MutexLock lock(mutex_);
  return usage_;
}

void Engine::Look(absl::FunctionRef<void(const Accounts&, absl::Time now)> visit) {
  Completions completions;
  const absl::Time clock_now = clock_->Now();
  {
    MutexLock lock(mutex_);
    const absl::Time now = Tick(clock_now);
    AfterChange(completions);
    visit(accounts_, now);
    CheckContentsWereRead();
  }
  Run(completions);
}

FaultOptions Engine::faults() {
  MutexLock lock(mutex_);
  return accounts_.faults();
}

void Engine::set_faults(const FaultOptions& faults) {
  MutexLock lock(mutex_);
  accounts_.faults() = faults;
  latency_seconds_.store(faults.latency_seconds, std::memory_order_relaxed);
}

bool Engine::ReplaceFaults(const FaultOptions& expected, const FaultOptions& faults) {
  MutexLock lock(mutex_);
  if (accounts_.faults() != expected) return false;
  accounts_.faults() = faults;
  latency_seconds_.store(faults.latency_seconds, std::memory_order_relaxed);
  return true;
}

std::string Engine::Dump() {
  std::string text;
  Look([&text](const Accounts& accounts, absl::Time now) { text = accounts.Dump(now); });
  return text;
}

void Engine::Reset() {
  Completions completions;
  const absl::Time clock_now = clock_->Now();
  {
    MutexLock lock(mutex_);
    Tick(clock_now);
    accounts_.faults() = FaultOptions();
    latency_seconds_.store(0, std::memory_order_relaxed);
    accounts_.DeleteAllQueues(now_);
    AfterChange(completions);
  }
  Run(completions);
}

absl::Status Engine::Close() {
  if (committer_ != nullptr && !committer_->is_this_process()) return LetGo();
  Completions completions;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    EndWaits(absl::InfiniteFuture(), completions);
    if (feed_ != nullptr) {
      NoteForStore();
      SetCommit(completions);
    }
    accounts_.became_visible().clear();
    GiveEffectsToHistory();
  }
  Run(completions);
  return committer_ == nullptr ? absl::OkStatus() : committer_->Close();
}

}  // namespace sqs
