// The metrics of AWS/SQS as Python rows. localsqs.cloudwatch asks for them.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "binding/engine_handle.h"
#include "binding/register.h"
#include "engine/queue_metrics.h"

namespace py = pybind11;

namespace sqs::binding {
namespace {

using Unlocked = py::call_guard<py::gil_scoped_release>;

// Values of one metric in one minute, and how often each. Empty: no datapoint.
using Values = std::vector<std::pair<double, int64_t>>;
using Datapoint = std::pair<int64_t, Values>;
// Region, account, name, and of each metric with data its name and its last minute.
using SeriesRow = std::tuple<std::string, std::string, std::string, std::vector<std::pair<std::string, int64_t>>>;

// Counters are there where something happened, and 0 in the other minutes of an active queue.
Values Counter(const MetricMinute& minute, int64_t count) {
  if (count == 0 && !minute.sampled) return {};
  return {{static_cast<double>(count), 1}};
}

Values Gauge(const MetricMinute& minute, int64_t value) {
  if (!minute.sampled || value == MetricMinute::kNone) return {};
  return {{static_cast<double>(value), 1}};
}

Values FairGauge(const MetricMinute& minute, int64_t value) {
  return minute.noisy_groups == MetricMinute::kNone ? Values() : Gauge(minute, value);
}

// Whole seconds, as the service has them.
Values Age(const MetricMinute& minute, int64_t age_ns) {
  return age_ns == MetricMinute::kNone ? Values() : Gauge(minute, age_ns / 1'000'000'000);
}

Values Sizes(const MetricMinute& minute) {
  Values values;
  if (minute.sizes == nullptr) return values;
  for (const auto& [bytes, count] : *minute.sizes) values.emplace_back(static_cast<double>(bytes), count);
  return values;
}

struct Metric {
  const char* name;
  Values (*read)(const MetricMinute& minute, bool fifo);
};

constexpr Metric kMetrics[] = {
    {"ApproximateAgeOfOldestMessage", [](const MetricMinute& m, bool) { return Age(m, m.oldest_age_ns); }},
    {"ApproximateAgeOfOldestMessageInQuietGroups",
     [](const MetricMinute& m, bool) { return Age(m, m.oldest_age_quiet_ns); }},
    {"ApproximateNumberOfGroupsWithInflightMessages",
     [](const MetricMinute& m, bool fifo) { return fifo ? Gauge(m, m.groups_in_flight) : Values(); }},
    {"ApproximateNumberOfMessagesDelayed", [](const MetricMinute& m, bool) { return Gauge(m, m.delayed); }},
    {"ApproximateNumberOfMessagesDelayedInQuietGroups",
     [](const MetricMinute& m, bool) { return FairGauge(m, m.delayed_quiet); }},
    {"ApproximateNumberOfMessagesNotVisible", [](const MetricMinute& m, bool) { return Gauge(m, m.in_flight); }},
    {"ApproximateNumberOfMessagesNotVisibleInQuietGroups",
     [](const MetricMinute& m, bool) { return FairGauge(m, m.in_flight_quiet); }},
    {"ApproximateNumberOfMessagesVisible", [](const MetricMinute& m, bool) { return Gauge(m, m.visible); }},
    {"ApproximateNumberOfMessagesVisibleInQuietGroups",
     [](const MetricMinute& m, bool) { return FairGauge(m, m.visible_quiet); }},
    {"ApproximateNumberOfNoisyGroups", [](const MetricMinute& m, bool) { return FairGauge(m, m.noisy_groups); }},
    {"NumberOfDeduplicatedSentMessages",
     [](const MetricMinute& m, bool fifo) { return fifo ? Counter(m, m.duplicates) : Values(); }},
    {"NumberOfEmptyReceives", [](const MetricMinute& m, bool) { return Counter(m, m.empty_receives); }},
    {"NumberOfMessagesDeleted", [](const MetricMinute& m, bool) { return Counter(m, m.deleted); }},
    {"NumberOfMessagesReceived", [](const MetricMinute& m, bool) { return Counter(m, m.received); }},
    {"NumberOfMessagesSent", [](const MetricMinute& m, bool) { return Counter(m, m.sent); }},
    {"SentMessageSize", [](const MetricMinute& m, bool) { return Sizes(m); }},
};

const Metric* FindMetric(absl::string_view name) {
  const auto* found =
      std::find_if(std::begin(kMetrics), std::end(kMetrics), [&](const Metric& metric) { return name == metric.name; });
  return found == std::end(kMetrics) ? nullptr : found;
}

std::vector<Datapoint> Read(const MetricSeries& series, const Metric& metric, int64_t start_ns, int64_t end_ns) {
  std::vector<Datapoint> datapoints;
  auto minute = std::lower_bound(series.minutes.begin(), series.minutes.end(), start_ns,
                                 [](const MetricMinute& m, int64_t at_ns) { return m.start_ns < at_ns; });
  for (; minute != series.minutes.end() && minute->start_ns < end_ns; ++minute) {
    Values values = metric.read(*minute, series.fifo);
    if (!values.empty()) datapoints.emplace_back(minute->start_ns, std::move(values));
  }
  return datapoints;
}

std::vector<Datapoint> QueueMetric(EngineHandle& self, const std::string& region, const std::string& account,
                                   const std::string& name, const std::string& metric_name, int64_t start_ns,
                                   int64_t end_ns) {
  std::vector<Datapoint> datapoints;
  const Metric* metric = FindMetric(metric_name);
  if (metric == nullptr) return datapoints;
  self.engine.LookAtMetrics([&](const QueueMetrics& metrics) {
    const auto found = metrics.series().find(QueueName{region, account, name});
    if (found != metrics.series().end()) datapoints = Read(found->second, *metric, start_ns, end_ns);
  });
  return datapoints;
}

// The last minute with data, looking no further back than `since_ns`.
std::optional<int64_t> LastMinute(const MetricSeries& series, const Metric& metric, int64_t since_ns) {
  for (auto minute = series.minutes.rbegin(); minute != series.minutes.rend(); ++minute) {
    if (minute->start_ns < since_ns) return std::nullopt;
    if (!metric.read(*minute, series.fifo).empty()) return minute->start_ns;
  }
  return std::nullopt;
}

std::vector<SeriesRow> QueueMetricSeries(EngineHandle& self, int64_t since_ns) {
  std::vector<SeriesRow> rows;
  self.engine.LookAtMetrics([&](const QueueMetrics& metrics) {
    for (const auto& [name, series] : metrics.series()) {
      std::vector<std::pair<std::string, int64_t>> with_data;
      for (const Metric& metric : kMetrics) {
        const std::optional<int64_t> last_ns = LastMinute(series, metric, since_ns);
        if (last_ns.has_value()) with_data.emplace_back(metric.name, *last_ns);
      }
      rows.emplace_back(name.region, name.account, name.name, std::move(with_data));
    }
  });
  return rows;
}

}  // namespace

void RegisterMetrics(py::module_& m) {
  m.def(
      "start_metrics", [](EngineHandle& engine) { return engine.engine.StartMetrics(); }, py::arg("engine"), Unlocked(),
      "Keeps the metrics of AWS/SQS from now on. False if what happened before is not known.");
  m.def("queue_metric", &QueueMetric, py::arg("engine"), py::arg("region"), py::arg("account"), py::arg("name"),
        py::arg("metric"), py::arg("start_ns"), py::arg("end_ns"), Unlocked(),
        "[(start of the minute in ns, [(value, count), ...]), ...]");
  m.def("queue_metric_series", &QueueMetricSeries, py::arg("engine"), py::arg("since_ns"), Unlocked(),
        "[(region, account, name, [(metric, its last minute with data), ...]), ...]");
}

}  // namespace sqs::binding
