#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>

#include "binding/python_clock.h"
#include "binding/register.h"

namespace py = pybind11;

namespace sqs::binding {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(5);
constexpr int kPollsInSlice = 20;

// time.time_ns(). Throws what it raises, or that it is no number of 64 bits.
int64_t PythonTimeNs() { return py::cast<int64_t>(py::module_::import("time").attr("time_ns")()); }

int64_t NowNs(Clock& clock) {
  py::gil_scoped_release release;
  return absl::ToUnixNanos(clock.Now());
}

// Through every event on the way: the engines' locks are taken.
void MoveTo(ManualClock& clock, int64_t at_ns) {
  py::gil_scoped_release release;
  clock.MoveTo(absl::FromUnixNanos(at_ns));
}

bool Sleep(ManualClock& clock, int64_t span_ns) {
  py::gil_scoped_release release;
  return clock.Sleep(absl::Nanoseconds(span_ns));
}

std::optional<int64_t> WaitLimitNs(ManualClock& clock) {
  const absl::Duration limit = clock.wait_limit();
  if (limit == absl::InfiniteDuration()) return std::nullopt;
  return absl::ToInt64Nanoseconds(limit);
}

void SetWaitLimitNs(ManualClock& clock, std::optional<int64_t> limit_ns) {
  clock.LimitWaits(limit_ns.has_value() ? absl::Nanoseconds(*limit_ns) : absl::InfiniteDuration());
}

}  // namespace

absl::Time PythonClock::Now() {
  py::gil_scoped_acquire_simple gil;
  const py::error_scope kept;  // The call that asks may have been interrupted: its exception is set already.
  try {
    return absl::FromUnixNanos(PythonTimeNs());
  } catch (py::error_already_set& error) {
    error.discard_as_unraisable("localsqs.PythonClock");
  } catch (const std::exception&) {  // More than 64 bits, or no number.
  }
  return absl::InfinitePast();  // An engine's time never goes back, so this means "no later than before".
}

bool PythonClock::WaitUntil(Notification& notification, absl::Time at) {
  const absl::Time start = Now();
  absl::Time now = start;
  for (int i = 0; i < kPollsInSlice && now < at; ++i) {
    if (notification.WaitFor(kPoll)) return true;
    now = Now();
  }
  return now != start || now >= at;
}

void RegisterClocks(py::module_& m) {
  py::class_<Clock, std::shared_ptr<Clock>>(m, "Clock", "What an engine takes its time from.")
      .def("now_ns", &NowNs, "Nanoseconds since the Unix epoch.");
  py::class_<SystemClock, Clock, std::shared_ptr<SystemClock>>(m, "SystemClock").def(py::init<>());
  py::class_<PythonClock, Clock, std::shared_ptr<PythonClock>>(m, "PythonClock").def(py::init<>());
  py::class_<ManualClock, Clock, std::shared_ptr<ManualClock>>(m, "ManualClock")
      .def(py::init([](int64_t start_ns, bool auto_advance) {
             return std::make_shared<ManualClock>(absl::FromUnixNanos(start_ns), auto_advance);
           }),
           py::arg("start_ns"), py::arg("auto_advance"))
      .def("move_to_ns", &MoveTo, py::arg("at_ns"))
      .def("sleep_ns", &Sleep, py::arg("span_ns"), "Moves it as a wait does. False, and nothing moves, at the limit.")
      .def_property("wait_limit_ns", &WaitLimitNs, &SetWaitLimitNs, "How far waits alone may move it; None: no limit.")
      .def_property_readonly("wait_limit_reached", &ManualClock::wait_limit_reached)
      .def_property_readonly("auto_advance", &ManualClock::moves_itself);
}

}  // namespace sqs::binding
