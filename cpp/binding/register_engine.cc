// Engine: a world of queues. localsqs.engine adds names, defaults and documentation.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "api/effect_details.h"
#include "api/operations.h"
#include "binding/effect_list.h"
#include "binding/engine_handle.h"
#include "binding/register.h"
#include "binding/store_errors.h"
#include "binding/text.h"

namespace py = pybind11;

namespace sqs::binding {
namespace {

// Everything that takes the engine's lock does so without the GIL.
using Unlocked = py::call_guard<py::gil_scoped_release>;

std::shared_ptr<EngineHandle> NewEngine(std::shared_ptr<Clock> clock, std::optional<uint64_t> seed, bool strict,
                                        int in_flight_limit, size_t history_limit, bool enforce_policies,
                                        std::string path, const std::string& durability,
                                        std::optional<int64_t> memory_limit) {
  Engine::Options options;
  options.clock = std::move(clock);
  options.seed = seed;
  options.strict = strict;
  options.in_flight_max = in_flight_limit;
  options.enforce_policies = enforce_policies;
  options.history.effects_max = history_limit;
  options.path = std::move(path);
  options.memory_limit = memory_limit;
  if (!ParseDurability(durability, &options.durability)) {
    throw py::value_error("durability must be 'commit', 'interval' or 'os', not '" + durability + "'");
  }
  absl::StatusOr<std::unique_ptr<Engine>> engine;
  {
    py::gil_scoped_release release;
    engine = Engine::Open(std::move(options));
  }
  ThrowIfStoreFailed(engine.status());
  return std::make_shared<EngineHandle>(*std::move(engine));
}

void Close(EngineHandle& self) {
  absl::Status closed;
  {
    py::gil_scoped_release release;
    closed = self.engine.Close();
  }
  ThrowIfStoreFailed(closed);
}

void Backup(EngineHandle& self, const std::string& path) {
  absl::Status copied;
  {
    py::gil_scoped_release release;
    copied = self.engine.Backup(path);
  }
  ThrowIfStoreFailed(copied);
}

py::object Dump(EngineHandle& self) {
  std::string text;
  {
    py::gil_scoped_release release;
    text = self.engine.Dump();
  }
  PyObject* value = NewText(text);
  if (value == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(value);
}

void Replay(EngineHandle& self, const EffectList& effects) {
  for (const HistoryEntry& entry : *effects.entries) {
    if (LacksContent(entry.effect)) {
      throw py::value_error("a history of an engine with a memory_limit does not hold all bodies: it rebuilds nothing");
    }
  }
  const py::gil_scoped_release release;
  self.engine.Replay(*effects.entries);
}

// --- Usage ----------------------------------------------------------------------------------------------------------

constexpr const char* kQueueTypeNames[kQueueTypeCount] = {"standard", "fifo", "none"};

py::dict UsageRow(int operation, int queue_type, const Usage::Row& row) {
  py::dict dict;
  dict["operation"] = kOperationNames[operation];
  dict["queue_type"] = kQueueTypeNames[queue_type];
  dict["calls"] = row.calls;
  dict["requests"] = row.requests;
  return dict;
}

py::list UsageRows(const Usage& usage) {
  py::list rows;
  for (int operation = 0; operation < kOperationCount; ++operation) {
    for (int queue_type = 0; queue_type < kQueueTypeCount; ++queue_type) {
      const Usage::Row& row = usage.rows[operation][queue_type];
      if (row.calls != 0) rows.append(UsageRow(operation, queue_type, row));
    }
  }
  return rows;
}

// (rows, messages sent with a message group id to standard queues)
py::tuple GetUsage(EngineHandle& self) {
  Usage usage;
  {
    py::gil_scoped_release release;
    usage = self.engine.usage();
  }
  return py::make_tuple(UsageRows(usage), usage.fair_queue_messages);
}

// --- Looking --------------------------------------------------------------------------------------------------------

// When something happens next by itself, nanoseconds since the Unix epoch; None: never.
std::optional<int64_t> NextEventNs(EngineHandle& self) {
  const absl::Time at = self.engine.NextEventAt();
  if (at == absl::InfiniteFuture()) return std::nullopt;
  return absl::ToUnixNanos(at);
}

// (visible, in flight, delayed) of a queue; None if there is no such queue. Looks without receiving.
std::optional<std::tuple<int64_t, int64_t, int64_t>> QueueCounts(EngineHandle& self, const std::string& region,
                                                                 const std::string& account, const std::string& name) {
  std::optional<std::tuple<int64_t, int64_t, int64_t>> counts;
  self.engine.Look([&](const Accounts& accounts, absl::Time) {
    const Queue* queue = accounts.FindQueue(QueueName{region, account, name});
    if (queue == nullptr) return;
    counts.emplace(queue->visible_count(), queue->in_flight_count(), queue->delayed_count());
  });
  return counts;
}

// (visibility timeout in seconds, maxReceiveCount or None) of a queue; None if there is no such queue.
std::optional<std::pair<int64_t, std::optional<int64_t>>> QueueTimes(EngineHandle& self, const std::string& region,
                                                                     const std::string& account,
                                                                     const std::string& name) {
  std::optional<std::pair<int64_t, std::optional<int64_t>>> times;
  self.engine.Look([&](const Accounts& accounts, absl::Time) {
    const Queue* queue = accounts.FindQueue(QueueName{region, account, name});
    if (queue == nullptr) return;
    const RedrivePolicy& redrive = queue->config().redrive_policy;
    times.emplace(queue->config().visibility_timeout, std::nullopt);
    if (!redrive.dead_letter_target_arn.empty()) times->second = redrive.max_receive_count;
  });
  return times;
}

// --- Faults ---------------------------------------------------------------------------------------------------------

FaultOptions ReadFaults(EngineHandle& self) {
  py::gil_scoped_release release;
  return self.engine.faults();
}

py::dict GetFaults(EngineHandle& self) {
  const FaultOptions faults = ReadFaults(self);
  py::dict dict;
  FaultMembers([&dict](const char* name, const auto& value) { dict[name] = value; }, faults);
  return dict;
}

// Sets the members that `changes` names; localsqs.faults has checked the values.
void SetFaults(EngineHandle& self, const py::dict& changes) {
  for (bool done = false; !done;) {
    const FaultOptions before = ReadFaults(self);
    FaultOptions faults = before;
    FaultMembers(
        [&changes](const char* name, auto& value) {
          if (changes.contains(name)) value = py::cast<std::decay_t<decltype(value)>>(changes[name]);
        },
        faults);
    py::gil_scoped_release release;
    done = self.engine.ReplaceFaults(before, faults);  // Another thread may change others meanwhile.
  }
}

}  // namespace

void RegisterEngine(py::module_& m) {
  py::class_<EngineHandle, std::shared_ptr<EngineHandle>>(m, "Engine", "A world of queues. Thread-safe.")
      .def(py::init(&NewEngine), py::arg("clock"), py::arg("seed"), py::arg("strict"), py::arg("in_flight_limit"),
           py::arg("history_limit"), py::arg("enforce_policies"), py::arg("path"), py::arg("durability"),
           py::arg("memory_limit"))
      .def_property_readonly("seed", [](const EngineHandle& self) { return self.engine.seed(); })
      .def(
          "now_ns", [](EngineHandle& self) { return absl::ToUnixNanos(self.engine.Now()); }, Unlocked())
      .def("dump", &Dump)
      .def(
          "effect_count", [](EngineHandle& self) { return self.engine.effect_count(); }, Unlocked())
      .def(
          "effects",
          [](const std::shared_ptr<EngineHandle>& self, uint64_t since) {
            return EffectList::All(self, self->engine.HistorySince(since));
          },
          py::arg("since") = 0, Unlocked(), "Those from number `since` on, as far back as the history reaches.")
      .def("replay", &Replay, py::arg("effects"))
      .def("next_event_ns", &NextEventNs, Unlocked())
      .def("queue_counts", &QueueCounts, py::arg("region"), py::arg("account"), py::arg("name"), Unlocked())
      .def("queue_times", &QueueTimes, py::arg("region"), py::arg("account"), py::arg("name"), Unlocked())
      .def(
          "move_tasks_running",
          [](EngineHandle& self) {
            bool running = false;
            self.engine.Look([&](const Accounts& accounts, absl::Time) { running = accounts.HasActiveMoveTasks(); });
            return running;
          },
          Unlocked())
      .def("usage", &GetUsage)
      .def("faults", &GetFaults)
      .def("set_faults", &SetFaults, py::arg("changes"))
      .def("backup", &Backup, py::arg("path"))
      .def("close", &Close);
}

}  // namespace sqs::binding
