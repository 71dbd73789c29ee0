#include "base/clock.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace sqs {

void Notification::Notify() {
  std::lock_guard<std::mutex> lock(mutex_);
  notified_.store(true, std::memory_order_release);
  condition_.notify_all();
}

bool Notification::WaitFor(absl::Duration real_time) {
  std::unique_lock<std::mutex> lock(mutex_);
  return condition_.wait_for(lock, absl::ToChronoNanoseconds(real_time), [this] { return notified(); });
}

absl::Time SystemClock::Now() { return absl::Now(); }

bool SystemClock::WaitUntil(Notification& notification, absl::Time at) {
  notification.WaitFor(std::min(at - absl::Now(), kWaitSlice));
  return true;
}

ManualClock::ManualClock(absl::Time start, bool auto_advance)
    : now_ns_(absl::ToUnixNanos(start)), auto_advance_(auto_advance) {}

bool ManualClock::WaitUntil(Notification& notification, absl::Time at) {
  if (auto_advance_) {
    if (!notification.notified()) WaitTo(at);
  } else {
    notification.WaitFor(kWaitSlice);
  }
  return true;
}

void ManualClock::Attach(ClockListener* listener) {
  std::lock_guard<std::recursive_mutex> lock(moving_);
  listeners_.push_back(listener);
}

void ManualClock::Detach(ClockListener* listener) {
  std::lock_guard<std::recursive_mutex> lock(moving_);
  listeners_.erase(std::remove(listeners_.begin(), listeners_.end(), listener), listeners_.end());
}

void ManualClock::MoveTo(absl::Time at) {
  std::lock_guard<std::recursive_mutex> lock(moving_);
  waited_ = absl::ZeroDuration();
  StepTo(at);
}

bool ManualClock::Sleep(absl::Duration duration) {
  if (!CountWait()) return false;
  WaitTo(Now() + duration);
  return true;
}

void ManualClock::WaitTo(absl::Time at) {
  std::lock_guard<std::recursive_mutex> lock(moving_);
  const absl::Time before = Now();
  StepTo(at);
  waited_ += Now() - before;
}

bool ManualClock::CountWait() {
  std::lock_guard<std::recursive_mutex> lock(moving_);
  if (waited_ >= wait_limit_) return false;
  waited_ += kWaitCost;
  return true;
}

void ManualClock::LimitWaits(absl::Duration limit) {
  std::lock_guard<std::recursive_mutex> lock(moving_);
  wait_limit_ = limit;
}

absl::Duration ManualClock::wait_limit() {
  std::lock_guard<std::recursive_mutex> lock(moving_);
  return wait_limit_;
}

bool ManualClock::wait_limit_reached() {
  std::lock_guard<std::recursive_mutex> lock(moving_);
  return waited_ >= wait_limit_;
}

void ManualClock::StepTo(absl::Time at) {
  for (absl::Time next = NextEventAt(); next <= at; next = NextEventAt()) SetAndTell(next);
  SetAndTell(at);
}

absl::Time ManualClock::NextEventAt() {
  absl::Time next = absl::InfiniteFuture();
  for (ClockListener* listener : listeners_) next = std::min(next, listener->NextEventAt());
  return next;
}

void ManualClock::SetAndTell(absl::Time at) {
  now_ns_.store(std::max(absl::ToUnixNanos(at), now_ns_.load()), std::memory_order_release);
  for (size_t i = 0; i < listeners_.size(); ++i) listeners_[i]->OnTimePassed();
}

}  // namespace sqs
