// Text into answers: JSON strings and XML characters, appended to the output buffer.
//
// What comes from a stranger may be no UTF-8 (an error text that quotes a bad value); what goes out is, with U+FFFD in
// its place.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace sqs::wire {

// With the quotation marks.
void AppendJsonString(absl::string_view text, std::string* out);

// Escapes & < > " and the carriage return, which a parser would otherwise turn into a line feed.
void AppendXmlText(absl::string_view text, std::string* out);

}  // namespace sqs::wire
