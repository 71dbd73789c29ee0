// Values of the engine as JSON, for the control pages. Not for the wire: the AWS protocols have writers of their own.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "account/json.h"
#include "api/types.h"

namespace sqs::server {

Json JsonText(absl::string_view text);
// Null for empty text: for what is absent when it is empty.
Json JsonTextOrNull(absl::string_view text);
// "2026-01-01T00:00:00.000Z", UTC, cut to milliseconds; null for an instant that never comes.
Json JsonTime(absl::Time at);
// {"<name>": {"StringValue" | "BinaryValue" (base64): ..., "DataType": ...}}
Json JsonAttributes(const AttributeValueMap& attributes);

// Whether JSON can say `text`.
bool IsUtf8(absl::string_view text);

}  // namespace sqs::server
