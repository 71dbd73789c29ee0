#include "engine/commit_point.h"

#include <utility>

namespace sqs {

const absl::Status& CommitPoint::Wait() {
  if (!done()) {
    std::unique_lock<std::mutex> lock(mutex_);
    condition_.wait(lock, [this] { return done(); });
  }
  return status_;
}

bool CommitPoint::WhenDone(Then&& then) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (done()) return false;
  thens_.push_back(std::move(then));
  return true;
}

void CommitPoint::Finish(const absl::Status& status) {
  std::vector<Then> thens;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (done()) return;
    status_ = status;
    done_.store(true, std::memory_order_release);
    thens.swap(thens_);
    condition_.notify_all();
  }
  for (Then& then : thens) then(status_);
}

}  // namespace sqs
