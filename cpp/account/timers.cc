// What is due, over all queues, each event at its own instant.
//
// `timer_index_` holds each queue under a bound of its next event that may be early but is never late. A queue enters
// it, or moves forward in it, when something earlier is scheduled; when its turn comes and the bound turns out to be
// early, it is put back under the exact instant. So an operation seldom touches the index: in steady state a queue's
// bound is earlier than what the operation schedules.

#include <algorithm>

#include "account/accounts.h"

namespace sqs {

void Accounts::Reindex(QueueRecord& record) {
  absl::Time bound = record.queue->NextEventBound();
  if (!record.tasks.empty()) bound = std::min(bound, NextStepAt(record));
  if (bound >= record.indexed_at) return;
  const QueueNumber number = record.queue->number();
  timer_index_.erase({record.indexed_at, number});
  timer_index_.insert({bound, number});
  record.indexed_at = bound;
}

absl::Time Accounts::ExactNextEventAt(const QueueRecord& record) const {
  const absl::Time next = record.queue->NextEventAt();
  return record.tasks.empty() ? next : std::min(next, NextStepAt(record));
}

absl::Time Accounts::NextEventAt() {
  while (!timer_index_.empty()) {
    const auto [bound, number] = *timer_index_.begin();
    QueueRecord& record = records_.at(number);
    const absl::Time exact = ExactNextEventAt(record);
    if (exact <= bound) return bound;
    timer_index_.erase(timer_index_.begin());
    record.indexed_at = exact;
    if (exact != absl::InfiniteFuture()) timer_index_.insert({exact, number});
  }
  return absl::InfiniteFuture();
}

void Accounts::PassTimers(absl::Time now) {
  while (!timer_index_.empty() && timer_index_.begin()->first <= now) {
    const absl::Time at = NextEventAt();
    if (at > now) break;
    time_ = std::max(time_, at);
    PassOne(records_.at(timer_index_.begin()->second), time_);
  }
}

// Passes the one event of `record` that is due first, at `at`, and indexes the queue anew.
void Accounts::PassOne(QueueRecord& record, absl::Time at) {
  timer_index_.erase({record.indexed_at, record.queue->number()});
  record.indexed_at = absl::InfiniteFuture();
  const std::optional<DueTimer> timer = record.queue->NextTimer(at);
  if (!timer.has_value()) {
    StepMoveTask(record, at);
  } else if (timer->kind == DueTimer::kVisible) {
    record.queue->PassTimer(*timer);
    became_visible_.push_back(record.queue->number());
  } else {
    const Message* message = record.queue->Find(timer->place);
    Emit(record.queue->number(), at, Expired{timer->place, message->payload});
  }
  Reindex(record);
}

}  // namespace sqs
