// Code points of UTF-8, strictly: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <optional>

#include "absl/strings/string_view.h"

namespace sqs {

// The first code point of `*text`, which is not empty; removes it. Absent, and `*text` untouched, if it is malformed.
std::optional<char32_t> NextCodePoint(absl::string_view* text);

// Number of code points, or -1 for text that is no UTF-8.
int CountCodePoints(absl::string_view text);

// Whether a code point beyond ASCII is a letter. A table of blocks, not the Unicode database: blocks of symbols,
// punctuation, private use and emoji are out, all else that can be a letter is in.
bool IsLetter(char32_t c);

}  // namespace sqs
