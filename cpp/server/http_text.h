// The letters of HTTP (RFC 9110, 5.5 and 5.6): lines, tokens, field values, names in any case.
#pragma once

#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace sqs::server {

// One or more characters of a token: a method, the name of a field.
bool IsToken(absl::string_view text);
absl::string_view TrimSpace(absl::string_view text);

// Whether `text` is `lower` but for the case of its letters. `lower` is in lower case and, as `text`, a token of four
// characters or more.
template <size_t kSize>
bool IsName(absl::string_view text, const char (&lower)[kSize]) {
  constexpr size_t kLength = kSize - 1;
  static_assert(kLength >= 4);
  if (text.size() != kLength) return false;
  // Among the characters of tokens, this bit tells only the cases of letters, and '^' from '~'. Words may overlap.
  using Word = std::conditional_t<(kLength >= 8), uint64_t, uint32_t>;
  constexpr Word kCaseBit = static_cast<Word>(0x2020202020202020);
  for (size_t i = 0; i < kLength; i += sizeof(Word)) {
    const size_t at = i + sizeof(Word) <= kLength ? i : kLength - sizeof(Word);
    Word given;
    Word wanted;
    std::memcpy(&given, text.data() + at, sizeof(Word));
    std::memcpy(&wanted, lower + at, sizeof(Word));
    if ((given | kCaseBit) != wanted) return false;
  }
  return true;
}

enum class LineState { kIncomplete, kComplete, kBad };

// Takes a line with its CR LF from the front of `*bytes`, and gives it without. A line holds no other control character
// than tabs.
LineState TakeLine(absl::string_view* bytes, absl::string_view* line);

// Takes "name: value" apart. False if it is none.
bool SplitField(absl::string_view line, absl::string_view* name, absl::string_view* value);

}  // namespace sqs::server
