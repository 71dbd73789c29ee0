#include "base/utf8.h"

#include <cstdint>

namespace sqs {

std::optional<char32_t> NextCodePoint(absl::string_view* text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>((*text)[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) {
    text->remove_prefix(1);
    return first;
  }
  // Length by the first byte, and the smallest code point that needs it.
  size_t length;
  char32_t c;
  char32_t smallest;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2, c = first & 0x1F, smallest = 0x80;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3, c = first & 0x0F, smallest = 0x800;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4, c = first & 0x07, smallest = 0x10000;
  } else {
    return std::nullopt;
  }
  if (text->size() < length) return std::nullopt;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return std::nullopt;
    c = c << 6 | (byte(i) & 0x3F);
  }
  if (c < smallest || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return std::nullopt;
  text->remove_prefix(length);
  return c;
}

int CountCodePoints(absl::string_view text) {
  int count = 0;
  for (; !text.empty(); ++count) {
    if (!NextCodePoint(&text).has_value()) return -1;
  }
  return count;
}

bool IsLetter(char32_t c) {
  if (c == 0xAA || c == 0xB5 || c == 0xBA) return true;
  if (c < 0xC0 || c == 0xD7 || c == 0xF7) return false;  // Latin-1 controls, symbols, multiplication, division.
  if (c >= 0x2000 && c <= 0x2BFF) return false;          // Punctuation, arrows, mathematics, symbols, dingbats.
  if (c >= 0x2E00 && c <= 0x2E7F) return false;          // Supplemental punctuation.
  if (c >= 0x2FF0 && c <= 0x3004) return false;          // Ideographic description, CJK punctuation.
  if (c >= 0x3008 && c <= 0x3020) return false;
  if (c >= 0xE000 && c <= 0xF8FF) return false;          // Private use.
  if (c >= 0xFE00 && c <= 0xFE6F) return false;          // Variation selectors, small forms.
  if (c >= 0xFF00 && c <= 0xFF20) return false;          // Full-width punctuation and digits.
  if (c >= 0xFFE0 && c <= 0xFFFF) return false;          // Full-width signs, specials.
  return c < 0x1F000 || (c >= 0x20000 && c <= 0x3FFFF);  // Beyond: emoji and symbols; then ideographs.
}

}  // namespace sqs
