// The one place for JSON documents: policies, redrive policies. Their texts come from strangers, so parsing never
// throws and never recurses deeper than a fixed limit.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace sqs {

// Members keep the order in which they were written.
using Json = nlohmann::ordered_json;

inline constexpr int kJsonDepthMax = 64;

// Nothing if `text` is no JSON: invalid UTF-8, NaN, a number beyond a double, more than kJsonDepthMax levels of arrays
// and objects, or anything after the value. Of a repeated member the last one counts.
std::optional<Json> ParseJson(absl::string_view text);

// Without white space, members in their order. Never throws.
std::string CompactJson(const Json& value);

// Equal as values: the order of members does not count, that of elements does; 1 equals 1.0.
bool SameJson(const Json& a, const Json& b);

}  // namespace sqs
