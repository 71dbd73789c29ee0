#include "server/control_input.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sqs::server {
namespace {

constexpr double kLatencySecondsMax = 86'400;  // As in localsqs.faults.
constexpr int64_t kIntMax = std::numeric_limits<int>::max();

absl::Status Bad(absl::string_view a, absl::string_view b = "", absl::string_view c = "", absl::string_view d = "") {
  return absl::InvalidArgumentError(absl::StrCat(a, b, c, d));
}

absl::Status CheckMembers(const Json& object, const std::vector<absl::string_view>& names) {
  for (const auto& [name, value] : object.items()) {
    if (std::find(names.begin(), names.end(), absl::string_view(name)) == names.end()) {
      return Bad("unknown member ", name, "; there are: ", absl::StrJoin(names, ", "));
    }
  }
  return absl::OkStatus();
}

// Exact for whole numbers; infinite where a Duration ends.
absl::Duration Scaled(const Json& number, absl::Duration unit) {
  constexpr double kInt64End = 9223372036854775808.0;
  const double amount = number.get<double>();
  if (!(amount > -kInt64End && amount < kInt64End)) return unit * amount;
  if (number.is_number_integer()) return unit * number.get<int64_t>();
  // Apart, since a product of doubles has no nanoseconds left for the milliseconds since the epoch.
  const double whole = std::trunc(amount);
  return unit * static_cast<int64_t>(whole) + unit * (amount - whole);
}

// Reads a fault's value by the type of its member.
class FaultReader {
 public:
  explicit FaultReader(const Json& object) : object_(object) {}

  void operator()(absl::string_view name, double& member) {
    const double largest = name == "latency_seconds" ? kLatencySecondsMax : 1;
    const Json* value = Find(name);
    if (value == nullptr) return;
    if (!value->is_number()) return Refuse(name, "must be a number");
    const double number = value->get<double>();
    if (!(number >= 0 && number <= largest)) return Refuse(name, absl::StrCat("must be from 0 to ", largest));
    member = number;
  }
  void operator()(absl::string_view name, std::optional<int>& member) {
    const Json* value = Find(name);
    if (value == nullptr) return;
    if (value->is_null()) {
      member.reset();
      return;
    }
    if (!value->is_number_integer()) return Refuse(name, "must be an integer or null");
    if (value->get<double>() < 0 || value->get<double>() > static_cast<double>(kIntMax)) {
      return Refuse(name, absl::StrCat("must be from 0 to ", kIntMax));
    }
    member = value->get<int>();
  }
  void operator()(absl::string_view name, bool& member) {
    const Json* value = Find(name);
    if (value == nullptr) return;
    if (!value->is_boolean()) return Refuse(name, "must be true or false");
    member = value->get<bool>();
  }

  absl::Status status;

 private:
  const Json* Find(absl::string_view name) const {
    const auto found = object_.find(std::string(name));
    return found == object_.end() ? nullptr : &*found;
  }
  void Refuse(absl::string_view name, absl::string_view what) {
    if (status.ok()) status = Bad(name, " ", what);
  }

  const Json& object_;
};

}  // namespace

absl::Status Parameters::CheckNames(const std::vector<absl::string_view>& names) const {
  for (const auto& [name, node] : root_.children) {
    const bool known = std::find(names.begin(), names.end(), absl::string_view(name)) != names.end();
    if (known && node.children.empty()) continue;
    if (names.empty()) return Bad("unknown parameter ", name, "; there are none");
    return Bad("unknown parameter ", name, "; there are: ", absl::StrJoin(names, ", "));
  }
  return absl::OkStatus();
}

std::optional<std::string> Parameters::Text(absl::string_view name) const {
  std::string text = root_.Text(name);
  if (text.empty()) return std::nullopt;
  return text;
}

absl::Status Parameters::Number(absl::string_view name, uint64_t low, uint64_t high, uint64_t* value) const {
  const std::optional<std::string> text = Text(name);
  if (!text.has_value()) return absl::OkStatus();
  uint64_t number = 0;
  if (!absl::SimpleAtoi(*text, &number) || number < low || number > high) {
    return Bad(name, " must be an integer from ", absl::StrCat(low, " to ", high));
  }
  *value = number;
  return absl::OkStatus();
}

absl::StatusOr<Json> ParseObject(absl::string_view body) {
  std::optional<Json> value = ParseJson(body);
  if (!value.has_value() || !value->is_object()) return Bad("the body must be a JSON object");
  return *std::move(value);
}

absl::StatusOr<absl::Duration> ReadSpan(const Json& object) {
  SQS_RETURN_IF_ERROR(CheckMembers(object, {"milliseconds", "seconds", "minutes", "hours", "days"}));
  if (object.empty()) return Bad("say how far: {\"seconds\": 30}");
  absl::Duration span;
  for (const auto& [name, value] : object.items()) {
    if (!value.is_number()) return Bad(name, " must be a number");
    span += Scaled(value, name == "milliseconds" ? absl::Milliseconds(1)
                          : name == "seconds"    ? absl::Seconds(1)
                          : name == "minutes"    ? absl::Minutes(1)
                          : name == "hours"      ? absl::Hours(1)
                                                 : absl::Hours(24));
  }
  if (span < absl::ZeroDuration()) return Bad("a clock does not go back");
  return span;
}

absl::StatusOr<absl::Time> ReadInstant(const Json& object) {
  SQS_RETURN_IF_ERROR(CheckMembers(object, {"to"}));
  const auto to = object.find("to");
  if (to == object.end()) return Bad("say where: {\"to\": \"2026-01-01T00:00:30Z\"}");
  if (to->is_number()) return absl::UnixEpoch() + Scaled(*to, absl::Milliseconds(1));
  absl::Time at;
  std::string error;
  if (!to->is_string() || !absl::ParseTime(absl::RFC3339_full, to->get_ref<const std::string&>(), &at, &error)) {
    return Bad("to must be an instant in RFC 3339, with its offset from UTC, or milliseconds since the epoch");
  }
  return at;
}

absl::Status ReadFaults(const Json& object, FaultOptions* faults) {
  std::vector<absl::string_view> names;
  FaultMembers([&names](const char* name, const auto&) { names.push_back(name); }, *faults);
  SQS_RETURN_IF_ERROR(CheckMembers(object, names));
  FaultReader reader(object);
  FaultMembers(reader, *faults);
  return reader.status;
}

Json FaultsJson(const FaultOptions& faults) {
  Json json = Json::object();
  FaultMembers(
      [&json](const char* name, const auto& value) {
        if constexpr (requires { value.has_value(); }) {
          json[name] = value.has_value() ? Json(*value) : Json();
        } else {
          json[name] = value;
        }
      },
      faults);
  return json;
}

absl::Time LatestInstant() { return absl::FromUnixNanos(std::numeric_limits<int64_t>::max()); }

}  // namespace sqs::server
