// What a control page is given: parameters of the query string and the members of a JSON body, checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "account/faults.h"
#include "account/json.h"
#include "wire/query_request.h"

namespace sqs::server {

class Parameters {
 public:
  // False if `query_string` has more parameters than any page.
  bool Parse(absl::string_view query_string) { return wire::ParseForm(query_string, &root_); }

  // InvalidArgument for a parameter that is none of `names`.
  absl::Status CheckNames(const std::vector<absl::string_view>& names) const;
  // Absent also if it is empty: "?queue=&limit=5".
  std::optional<std::string> Text(absl::string_view name) const;
  // `value` stays as it is if the parameter is absent.
  absl::Status Number(absl::string_view name, uint64_t low, uint64_t high, uint64_t* value) const;

 private:
  wire::QueryNode root_;
};

// The object that `body` holds.
absl::StatusOr<Json> ParseObject(absl::string_view body);

// {"seconds": 1.5, "minutes": 2}: the sum, which is not negative.
absl::StatusOr<absl::Duration> ReadSpan(const Json& object);
// {"to": ...}: a text in RFC 3339 or milliseconds since the epoch.
absl::StatusOr<absl::Time> ReadInstant(const Json& object);
// Sets the members of `*faults` that `object` names. On an error `*faults` may be half set.
absl::Status ReadFaults(const Json& object, FaultOptions* faults);
Json FaultsJson(const FaultOptions& faults);

// The last instant that a clock can show.
absl::Time LatestInstant();

}  // namespace sqs::server
