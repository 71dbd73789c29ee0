// Keeping the metrics of AWS/SQS, from when somebody wants them.
#include <memory>
#include <utility>

#include "engine/engine.h"

namespace sqs {

bool Engine::StartMetrics() {
  bool complete = true;
  Look([&](const Accounts&, absl::Time) {});  // What is due has happened and is in the history.
  MutexLock lock(mutex_);
  if (metrics_ != nullptr) return true;
  metrics_ = std::make_unique<QueueMetrics>();
  complete = history_.first_number() == 0;
  if (complete) {
    for (const HistoryEntry& entry : history_.Since(0)) metrics_->Add(entry.effect);
  } else {
    for (const Queue* queue : accounts_.queues()) metrics_->Begin(*queue, now_);
  }
  history_.FeedTo(metrics_.get());
  return complete;
}

void Engine::LookAtMetrics(absl::FunctionRef<void(const QueueMetrics&)> visit) {
  Look([&](const Accounts&, absl::Time) {});
  MutexLock lock(mutex_);
  metrics_->AdvanceTo(now_);
  visit(*metrics_);
}

}  // namespace sqs
