// A batch on its way to the store, for those whose answers wait for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace sqs {

// Thread-safe.
class CommitPoint {
 public:
  using Then = absl::AnyInvocable<void(const absl::Status&)>;

  bool done() const { return done_.load(std::memory_order_acquire); }
  // How it ended: OK once what it holds is as safe as the durability says. Requires done().
  const absl::Status& status() const { return status_; }

  // Blocks until it is done.
  const absl::Status& Wait();
  // Calls `then` once it is done, from the thread that commits, with no lock held. False, and `then` is untouched, if
  // it is done already.
  bool WhenDone(Then&& then);

  // By the committer, once; again it does nothing.
  void Finish(const absl::Status& status);

 private:
  std::atomic<bool> done_{false};
  absl::Status status_;
  std::mutex mutex_;
  std::condition_variable condition_;
  std::vector<Then> thens_;
};

// Null: there is nothing to wait for.
using CommitPointPtr = std::shared_ptr<CommitPoint>;

}  // namespace sqs
