// Values of message attributes of type Number.
#pragma once

#include "absl/strings/string_view.h"

namespace sqs {

// Decimal text, with sign, fraction and exponent as one likes: up to 38 significant digits, and zero or a magnitude
// from 10^-128 to 10^126 (5.3).
bool IsNumber(absl::string_view text);

}  // namespace sqs
