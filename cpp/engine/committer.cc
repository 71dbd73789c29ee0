#include "engine/committer.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/errors.h"
#include "base/forks.h"

namespace sqs {
namespace {

// After which the store is tidied: longer than the pauses between commits under load.
constexpr absl::Duration kQuiet = absl::Milliseconds(3);

}  // namespace

absl::Status StoreFailure(const absl::Status& status) {
  return SqsError(ErrorCode::kInternalFailure, absl::StrCat("The store failed: ", status.message()));
}

Committer::Committer(std::unique_ptr<Store> store, Source& source)
    : store_(std::move(store)), fork_count_(ForkCount()), source_(source), thread_([this] { Run(); }) {}

Committer::~Committer() { Close().IgnoreError(); }

bool Committer::is_this_process() const { return ForkCount() == fork_count_; }

void Committer::Want() {
  if (wanted_.exchange(true)) return;
  std::lock_guard<std::mutex> lock(mutex_);
  condition_.notify_all();
}

void Committer::Fail(const absl::Status& status) {
  std::lock_guard<std::mutex> lock(mutex_);
  failure_.Update(status);
  wanted_ = true;
  condition_.notify_all();
}

void Committer::RetryIfFull() {
  if (!full_) return;
  std::unique_lock<std::mutex> lock(mutex_);
  const uint64_t next_round = rounds_begun_ + 1;  // The one that ends now may be the one that found the disk full.
  wanted_ = true;
  condition_.notify_all();
  condition_.wait(lock, [&] { return rounds_ended_ >= next_round || stopping_ || !full_; });
}

absl::Status Committer::Close() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    condition_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  return store_->Close();
}

void Committer::Run() {
  for (bool last = false; !last;) {
    absl::Status failure;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      if (!AwaitWork(lock)) {
        lock.unlock();
        Tidy();
        continue;
      }
      wanted_ = false;
      ++rounds_begun_;
      last = stopping_;
      failure = failure_;
    }
    if (!dead_ && !failure.ok()) EnterDead(failure);
    Work work;
    if (!dead_ && source_.TakeWork(last, &work)) pending_.push_back(std::move(work));
    if (!dead_ && !pending_.empty()) CommitPending();
    std::lock_guard<std::mutex> lock(mutex_);
    ++rounds_ended_;
    condition_.notify_all();
  }
  if (may_tidy_) Tidy();
  Refuse(absl::UnavailableError("closed"), /*for_good=*/true);
}

bool Committer::AwaitWork(std::unique_lock<std::mutex>& lock) {
  const auto has_work = [this] { return wanted_ || stopping_; };
  if (may_tidy_ && !store_->is_tidy()) return condition_.wait_for(lock, absl::ToChronoNanoseconds(kQuiet), has_work);
  condition_.wait(lock, has_work);
  return true;
}

// Without room for it, when something has been committed again.
void Committer::Tidy() {
  const absl::Status status = store_->Tidy();
  may_tidy_ = status.ok();
  if (!status.ok() && !absl::IsResourceExhausted(status) && !absl::IsUnavailable(status)) EnterDead(status);
}

void Committer::CommitPending() {
  for (; !pending_.empty(); pending_.pop_front()) {
    const absl::Status status = store_->Commit(pending_.front().batch);
    if (absl::IsResourceExhausted(status)) return EnterFull(status);
    if (!status.ok()) return EnterDead(status);
    source_.OnCommitted(pending_.front().batch);
    pending_.front().point->Finish(absl::OkStatus());
  }
  may_tidy_ = true;
  if (full_) {
    std::fprintf(stderr, "localsqs: there is room on the disk again, requests are accepted\n");
    source_.OnAccepting();
    full_ = false;
  }
  const absl::Status settled = store_->Settle();
  if (!settled.ok()) EnterDead(settled);
}

// What was applied and could not be committed is refused, and kept to be tried again: the callers do not know whether
// it happened, as after any failure of a server; the store does not go out of step with the queues.
void Committer::EnterFull(const absl::Status& status) {
  if (!full_) {
    std::fprintf(stderr, "localsqs: %s\nlocalsqs: every request is refused until there is room\n",
                 std::string(status.message()).c_str());
  }
  full_ = true;
  may_tidy_ = false;
  Refuse(status, /*for_good=*/false);
}

void Committer::EnterDead(const absl::Status& status) {
  dead_ = true;
  may_tidy_ = false;
  std::fprintf(stderr,
               "localsqs: THE STORE HAS FAILED: %s\nlocalsqs: nothing more is acknowledged and every request is "
               "refused; what was acknowledged before is in the file: start again when the cause is gone\n",
               std::string(status.message()).c_str());
  Refuse(status, /*for_good=*/true);
  full_ = false;
}

void Committer::Refuse(const absl::Status& status, bool for_good) {
  const absl::Status refusal = StoreFailure(status);
  source_.OnRefusing(refusal, for_good);
  // What was applied before the engine knew.
  Work work;
  if (source_.TakeWork(/*last=*/false, &work)) pending_.push_back(std::move(work));
  for (Work& refused : pending_) refused.point->Finish(refusal);
}

}  // namespace sqs
