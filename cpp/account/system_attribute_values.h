// The values of a message's system attributes, as a receive answers them (shared/spec/sqs.md, 5.5).
#pragma once

#include "absl/strings/string_view.h"
#include "api/fields.h"
#include "api/system_attributes.h"
#include "queue/message.h"

namespace sqs {

// Those of `wanted` that apply to a message of a queue of `account`, in the order of their table.
StringMap SystemAttributesOf(const Message& message, absl::string_view account, bool fifo, SystemAttributeSet wanted);

}  // namespace sqs
