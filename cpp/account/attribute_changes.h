// Attributes of a request, applied to a configuration: the rows of api/attributes.h one by one, the documents among
// them, and the rules between attributes (shared/spec/sqs.md, 3.1, 4.1 and 4.3). Looks at no other queue.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/attributes.h"
#include "api/fields.h"
#include "api/queue_config.h"

namespace sqs {

// Sets each of `attributes` in `*config`. The queue's type is `config->fifo` and stays.
//
// Errors: InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue, OverLimit; the first fault in the order
// of `attributes`, faults between attributes last. On error `*config` is in any state.
absl::Status ApplyAttributes(const StringMap& attributes, QueueConfig* config);

// The first of `attributes` whose value differs in the two, or null.
const AttributeInfo* FirstDifference(const StringMap& attributes, const QueueConfig& a, const QueueConfig& b);

// The value of `name`, or null if it is not among them; the last one, if it is repeated.
const std::string* FindValue(const StringMap& attributes, absl::string_view name);

}  // namespace sqs
