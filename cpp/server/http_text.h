// The letters of HTTP (RFC 9110, 5.5 and 5.6): tokens, field values, names in any case.
#pragma once

#include "absl/strings/string_view.h"

namespace sqs::server {

// One or more characters of a token: a method, the name of a field.
bool IsToken(absl::string_view text);
// No control characters, but tabs; also what the target of a request and the extension of a chunk are made of.
bool IsFieldValue(absl::string_view text);
absl::string_view TrimSpace(absl::string_view text);
// `lower` is in lower case and a token, as `text` is.
bool IsName(absl::string_view text, absl::string_view lower);

// Takes a line with its CR LF from the front of `*bytes`, and gives it without. Incomplete: false, and nothing is
// taken.
// `*sound` becomes false for one that ends without CR.
bool TakeLine(absl::string_view* bytes, absl::string_view* line, bool* sound);

// Takes "name: value" apart. False if it is none.
bool SplitField(absl::string_view line, absl::string_view* name, absl::string_view* value);

}  // namespace sqs::server
