// A clock that follows Python's own time.
#pragma once

#include "absl/time/time.h"
#include "base/clock.h"

namespace sqs::binding {

// Follows time.time_ns() of Python, looked up at each call, so that freezegun and time-machine drive the engine. A wait
// looks at it every 5 ms of real time; if it has stood still for a slice (100 ms), nobody is moving it and the wait is
// given up.
//
// Takes the GIL in both calls, so the engine must not make them under its lock, nor a thread that holds the GIL wait
// for that lock.
class PythonClock : public Clock {
 public:
  absl::Time Now() override;
  bool WaitUntil(Notification& notification, absl::Time at) override;
};

}  // namespace sqs::binding
