// Time as an input. An engine asks its clock for the time and, where a call waits, waits on its clock; nothing else in
// the project reads or sleeps.
//
//   SystemClock   real time.
//   ManualClock   moves only when told to (tests, simulation), through every event on the way.
//   PythonClock   (cpp/binding) follows Python's time.time(), so that freezegun and time-machine drive the engine.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "absl/time/time.h"

namespace sqs {

// One thread's wait, ended from another.
class Notification {
 public:
  void Notify();
  bool notified() const { return notified_.load(std::memory_order_acquire); }
  // Real time. True once notified.
  bool WaitFor(absl::Duration real_time);

 private:
  std::atomic<bool> notified_{false};
  std::mutex mutex_;
  std::condition_variable condition_;
};

// An engine, as its clock sees it.
class ClockListener {
 public:
  virtual ~ClockListener() = default;
  // The next instant at which something will happen, or InfiniteFuture.
  virtual absl::Time NextEventAt() = 0;
  // The clock has moved: let everything due happen.
  virtual void OnTimePassed() = 0;
};

class Clock {
 public:
  static constexpr absl::Duration kWaitSlice = absl::Milliseconds(100);

  virtual ~Clock() = default;

  virtual absl::Time Now() = 0;

  // Returns when `notification` is notified or the clock reaches `at`, and early after kWaitSlice of real time, so that
  // the caller can look after other things (Ctrl-C) and ask again.
  // False if the clock stands still and nobody seems about to move it (a frozen PythonClock): waiting on is in vain.
  virtual bool WaitUntil(Notification& notification, absl::Time at) = 0;

  // Asked before a wait begins. False: it must not, since waits alone have moved this clock as far as they may.
  virtual bool BeginWait() { return true; }

  // Whether its instants pass by themselves as real time does: then a wait can be left to a timer of the system.
  virtual bool runs_in_real_time() const { return false; }
  // Whether a call that waits moves it: then nobody need wait in real time.
  virtual bool moves_itself() const { return false; }

  // An engine that goes on from a file was at `at` when it was left. A clock that shows what it is told to moves there,
  // unless it is further already; others show their own time whatever the file says.
  virtual void CatchUp(absl::Time /*at*/) {}

  // Engines that this clock tells of its moves. Only a ManualClock does.
  virtual void Attach(ClockListener*) {}
  virtual void Detach(ClockListener*) {}
};

class SystemClock : public Clock {
 public:
  bool runs_in_real_time() const override { return true; }
  absl::Time Now() override;
  bool WaitUntil(Notification& notification, absl::Time at) override;
};

// Thread-safe. Usually belongs to one engine; engines that share one see the same instants.
class ManualClock : public Clock {
 public:
  // With `auto_advance`, a call that would wait moves the clock itself, to the next event or its own deadline; without,
  // it waits until somebody else moves the clock.
  explicit ManualClock(absl::Time start, bool auto_advance = true);

  // What a wait counts beside the time it takes, so that a loop of short waits reaches the limit as well.
  static constexpr absl::Duration kWaitCost = absl::Seconds(20);

  absl::Time Now() override { return absl::FromUnixNanos(now_ns_.load(std::memory_order_acquire)); }
  bool WaitUntil(Notification& notification, absl::Time at) override;
  bool BeginWait() override { return !auto_advance_ || CountWait(); }
  void Attach(ClockListener* listener) override;
  void Detach(ClockListener* listener) override;

  // Moves to `at`, stopping at every event due on the way so that each happens at its own instant. A time before now
  // moves nothing: time does not go back.
  void MoveTo(absl::Time at);
  void Advance(absl::Duration duration) { MoveTo(Now() + duration); }

  // A caller's own wait, a sleep: moves by `duration` whatever auto_advance says. At the limit: false, nothing moves.
  bool Sleep(absl::Duration duration);

  // Ends loops that wait for ever: how far waits may move the clock before somebody else moves it again. No limit at
  // first.
  void LimitWaits(absl::Duration limit);
  absl::Duration wait_limit();
  bool wait_limit_reached();

  bool moves_itself() const override { return auto_advance_; }
  void CatchUp(absl::Time at) override { MoveTo(at); }

 private:
  bool CountWait();
  void WaitTo(absl::Time at);
  void StepTo(absl::Time at);  // Requires moving_, as the next two.
  absl::Time NextEventAt();
  void SetAndTell(absl::Time at);

  std::atomic<int64_t> now_ns_;
  const bool auto_advance_;
  std::recursive_mutex moving_;  // One mover at a time; recursive, since what happens on the way may move on.
  std::vector<ClockListener*> listeners_;
  absl::Duration wait_limit_ = absl::InfiniteDuration();
  absl::Duration waited_;  // Since somebody moved the clock.
};

}  // namespace sqs
