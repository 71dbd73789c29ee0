// What is due, over all queues, each event at its own instant.
//
// `timer_index_` holds each queue under a bound of its next timer that may be early but is never late. A queue enters
// it, or moves forward in it, when something earlier is scheduled; when its turn comes and the bound turns out to be
// early, it is put back under the exact instant. So an operation seldom touches the index: in steady state a queue's
// bound is earlier than what the operation schedules.
//
// At one instant the timers of all queues come before the steps of move tasks: a replay, which passes the timers up to
// an effect before it applies it, then sees the same order.

#include <algorithm>

#include "account/accounts.h"

namespace sqs {

void Accounts::Reindex(QueueRecord& record) {
  const QueueNumber number = record.queue->number();
  const absl::Time bound = record.queue->NextEventBound();
  if (bound < record.indexed_at) {
    timer_index_.erase({record.indexed_at, number});
    timer_index_.insert({bound, number});
    record.indexed_at = bound;
  }
  if (record.tasks.empty()) return;
  const absl::Time step_at = NextStepAt(record);
  if (step_at == record.step_at) return;
  task_index_.erase({record.step_at, number});
  if (step_at != absl::InfiniteFuture()) task_index_.insert({step_at, number});
  record.step_at = step_at;
}

// Exact; the queue it belongs to is then the first of the index.
absl::Time Accounts::NextTimerAt() {
  while (!timer_index_.empty()) {
    const auto [bound, number] = *timer_index_.begin();
    QueueRecord& record = records_.at(number);
    const absl::Time exact = record.queue->NextEventAt();
    if (exact <= bound) return bound;
    timer_index_.erase(timer_index_.begin());
    record.indexed_at = exact;
    if (exact != absl::InfiniteFuture()) timer_index_.insert({exact, number});
  }
  return absl::InfiniteFuture();
}

absl::Time Accounts::NextEventAt() {
  const absl::Time timer_at = NextTimerAt();
  return task_index_.empty() ? timer_at : std::min(timer_at, task_index_.begin()->first);
}

void Accounts::PassEvents(absl::Time now) {
  for (;;) {
    const absl::Time timer_at = NextTimerAt();
    const absl::Time task_at = task_index_.empty() ? absl::InfiniteFuture() : task_index_.begin()->first;
    const absl::Time at = std::min(timer_at, task_at);
    if (at > now) return;
    time_ = std::max(time_, at);
    if (timer_at <= task_at) {
      PassTimer(records_.at(timer_index_.begin()->second), time_);
    } else {
      StepMoveTask(records_.at(task_index_.begin()->second), time_);
    }
  }
}

// Passes the one timer of `record` that is due first.
void Accounts::PassTimer(QueueRecord& record, absl::Time at) {
  timer_index_.erase({record.indexed_at, record.queue->number()});
  record.indexed_at = absl::InfiniteFuture();
  const std::optional<DueTimer> timer = record.queue->NextTimer(at);
  if (timer.has_value() && timer->kind == DueTimer::kVisible) {
    record.queue->PassTimer(*timer);
    became_visible_.push_back({record.queue->number(), timer->place});
  } else if (timer.has_value()) {
    const Message* message = record.queue->Find(timer->place);
    Emit(record.queue->number(), at, Expired{timer->place, message->payload});
  }
  Reindex(record);
}

}  // namespace sqs
