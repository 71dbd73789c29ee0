// What the server counts about itself, and the page that Prometheus reads.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "api/operations.h"
#include "engine/engine.h"

namespace sqs::server {

// Counted by the connections of all threads, read by nobody but the metrics page: relaxed atomics, no lock. The fields
// of one page may be a moment apart.
class ServerCounters {
 public:
  // A request that was answered; once, also for a poll that was parked.
  void OnRequest(Operation operation, int status) { Count(static_cast<size_t>(operation), status); }
  // One that never became an operation: malformed, too large, refused.
  void OnRefused(int status) { Count(kRefusedRow, status); }
  // A page of Control.
  void OnControl(int status) { Count(kControlRow, status); }

  // +1: a connection was opened, -1: closed.
  void OnConnection(int change) {
    connections_.fetch_add(change, std::memory_order_relaxed);
    if (change > 0) connections_opened_.fetch_add(change, std::memory_order_relaxed);
  }
  // +1: a poll was parked, -1: it was answered or its client went away.
  void OnPoll(int change) { parked_polls_.fetch_add(change, std::memory_order_relaxed); }
  void OnBytesIn(size_t bytes) { bytes_in_.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed); }
  void OnBytesOut(size_t bytes) { bytes_out_.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed); }

  // Rows are operations, then the two that are none.
  static constexpr size_t kRefusedRow = kOperationCount;
  static constexpr size_t kControlRow = kOperationCount + 1;
  static constexpr size_t kRowCount = kOperationCount + 2;
  static constexpr size_t kStatusClassCount = 5;  // 1xx to 5xx.

  static const char* RowName(size_t row);
  int64_t requests(size_t row, size_t status_class) const { return Read(requests_[row][status_class]); }
  int64_t connections() const { return Read(connections_); }
  int64_t connections_opened() const { return Read(connections_opened_); }
  int64_t parked_polls() const { return Read(parked_polls_); }
  int64_t bytes_in() const { return Read(bytes_in_); }
  int64_t bytes_out() const { return Read(bytes_out_); }

 private:
  using Counter = std::atomic<int64_t>;

  static int64_t Read(const Counter& counter) { return counter.load(std::memory_order_relaxed); }
  void Count(size_t row, int status) {
    const int status_class = status < 100 ? 0 : status >= 600 ? 4 : status / 100 - 1;
    requests_[row][static_cast<size_t>(status_class)].fetch_add(1, std::memory_order_relaxed);
  }

  std::array<std::array<Counter, kStatusClassCount>, kRowCount> requests_{};
  Counter connections_{0};
  Counter connections_opened_{0};
  Counter parked_polls_{0};
  Counter bytes_in_{0};
  Counter bytes_out_{0};
};

inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// The page, in Prometheus' text format 0.0.4:
//
//   localsqs_queue_messages{queue,account,region,state}   messages; state is visible, in_flight or delayed
//   localsqs_requests_total{operation,code}               code is 2xx, 4xx, ...; control and none beside the 23
//   localsqs_connections, localsqs_connections_total      open now; opened so far
//   localsqs_received_bytes_total, localsqs_sent_bytes_total
//   localsqs_parked_polls                                 long polls that wait at the server
//   localsqs_waiting_receives                             the same, those in process included
//   localsqs_queues, localsqs_effects_total               of the engine
//   localsqs_memory_limit_bytes, localsqs_memory_bytes, localsqs_stored_bytes, localsqs_stored_reads_total
//                                                         only with a limit on memory
//   localsqs_build_info{version}
//   process_start_time_seconds, process_resident_memory_bytes   where /proc tells them
std::string MetricsPage(Engine& engine, const ServerCounters& counters);

// The value of a label: backslash, quotation mark and line feed escaped.
std::string EscapeLabel(absl::string_view value);

}  // namespace sqs::server
