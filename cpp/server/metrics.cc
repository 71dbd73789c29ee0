#include "server/metrics.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/process_info.h"
#include "server/version.h"

namespace sqs::server {
namespace {

enum class Type { kCounter, kGauge };

// Samples of one metric stand together, under its HELP and TYPE.
void OpenMetric(absl::string_view name, Type type, absl::string_view help, std::string* out) {
  absl::StrAppend(out, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type == Type::kCounter ? "counter" : "gauge",
                  "\n");
}

void AddMetric(absl::string_view name, Type type, absl::string_view help, int64_t value, std::string* out) {
  OpenMetric(name, type, help, out);
  absl::StrAppend(out, name, " ", value, "\n");
}

void AddIfKnown(absl::string_view name, absl::string_view help, std::optional<int64_t> value, std::string* out) {
  if (value.has_value()) AddMetric(name, Type::kGauge, help, *value, out);
}

struct QueueCounts {
  QueueName name;
  int64_t visible;
  int64_t in_flight;
  int64_t delayed;
};

std::vector<QueueCounts> CountQueues(Engine& engine) {
  std::vector<QueueCounts> counts;
  engine.Look([&counts](const Accounts& accounts, absl::Time) {
    for (const Queue* queue : accounts.queues()) {
      counts.push_back({queue->name(), queue->visible_count(), queue->in_flight_count(), queue->delayed_count()});
    }
  });
  return counts;
}

void AddQueues(const std::vector<QueueCounts>& queues, std::string* out) {
  AddMetric("localsqs_queues", Type::kGauge, "Queues.", static_cast<int64_t>(queues.size()), out);
  OpenMetric("localsqs_queue_messages", Type::kGauge, "Messages in a queue, by state.", out);
  for (const QueueCounts& queue : queues) {
    const std::string labels =
        absl::StrCat("localsqs_queue_messages{queue=\"", EscapeLabel(queue.name.name), "\",account=\"",
                     EscapeLabel(queue.name.account), "\",region=\"", EscapeLabel(queue.name.region), "\",state=\"");
    absl::StrAppend(out, labels, "visible\"} ", queue.visible, "\n");
    absl::StrAppend(out, labels, "in_flight\"} ", queue.in_flight, "\n");
    absl::StrAppend(out, labels, "delayed\"} ", queue.delayed, "\n");
  }
}

void AddMemory(const std::optional<MemoryLimit::Counts>& memory, std::string* out) {
  if (!memory.has_value()) return;
  AddMetric("localsqs_memory_limit_bytes", Type::kGauge, "Bodies and attributes of messages to be kept in memory.",
            memory->limit_bytes, out);
  AddMetric("localsqs_memory_bytes", Type::kGauge, "Bodies and attributes of messages in memory.", memory->memory_bytes,
            out);
  AddMetric("localsqs_stored_bytes", Type::kGauge, "Bodies and attributes of messages that only the file has.",
            memory->stored_bytes, out);
  AddMetric("localsqs_stored_reads_total", Type::kCounter, "Messages whose body was read from the file.", memory->reads,
            out);
}

void AddRequests(const ServerCounters& counters, std::string* out) {
  OpenMetric("localsqs_requests_total", Type::kCounter, "Requests answered, by operation and class of HTTP status.",
             out);
  for (size_t row = 0; row < ServerCounters::kRowCount; ++row) {
    for (size_t status_class = 0; status_class < ServerCounters::kStatusClassCount; ++status_class) {
      const int64_t requests = counters.requests(row, status_class);
      if (requests == 0) continue;
      absl::StrAppend(out, "localsqs_requests_total{operation=\"", ServerCounters::RowName(row), "\",code=\"",
                      status_class + 1, "xx\"} ", requests, "\n");
    }
  }
}

}  // namespace

const char* ServerCounters::RowName(size_t row) {
  if (row == kRefusedRow) return "none";
  if (row == kControlRow) return "control";
  return kOperationNames[row];
}

std::string EscapeLabel(absl::string_view value) {
  return absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}});
}

std::string MetricsPage(Engine& engine, const ServerCounters& counters) {
  std::string page;
  OpenMetric("localsqs_build_info", Type::kGauge, "The version, in a label; always 1.", &page);
  absl::StrAppend(&page, "localsqs_build_info{version=\"", EscapeLabel(Version()), "\"} 1\n");
  AddRequests(counters, &page);
  AddMetric("localsqs_connections", Type::kGauge, "Connections open.", counters.connections(), &page);
  AddMetric("localsqs_connections_total", Type::kCounter, "Connections opened so far.", counters.connections_opened(),
            &page);
  AddMetric("localsqs_received_bytes_total", Type::kCounter, "Bytes read from clients.", counters.bytes_in(), &page);
  AddMetric("localsqs_sent_bytes_total", Type::kCounter, "Bytes written to clients.", counters.bytes_out(), &page);
  AddMetric("localsqs_parked_polls", Type::kGauge, "Long polls that wait at the server.", counters.parked_polls(),
            &page);
  AddMetric("localsqs_waiting_receives", Type::kGauge, "Receives that wait in the engine, through whichever door.",
            static_cast<int64_t>(engine.waiter_count()), &page);
  AddMetric("localsqs_effects_total", Type::kCounter, "Changes of state in the engine.",
            static_cast<int64_t>(engine.effect_count()), &page);
  AddQueues(CountQueues(engine), &page);
  AddMemory(engine.memory(), &page);
  AddIfKnown("process_start_time_seconds", "Start of the process, in seconds since the Unix epoch.",
             ProcessStartSeconds(), &page);
  AddIfKnown("process_resident_memory_bytes", "Resident memory.", ResidentBytes(), &page);
  return page;
}

}  // namespace sqs::server
