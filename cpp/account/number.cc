#include "account/number.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace sqs {
namespace {

constexpr int kSignificantDigitsMax = 38;
constexpr int64_t kExponentMin = -128;
constexpr int64_t kExponentMax = 126;

void SkipSign(absl::string_view* text) {
  if (!text->empty() && (text->front() == '+' || text->front() == '-')) text->remove_prefix(1);
}

// "", or "e" and a number small enough that adding to it cannot overflow.
bool ParseExponent(absl::string_view text, int64_t* exponent) {
  *exponent = 0;
  if (text.empty()) return true;
  if (absl::ascii_tolower(static_cast<unsigned char>(text.front())) != 'e') return false;
  text.remove_prefix(1);
  absl::string_view digits = text;
  SkipSign(&digits);
  if (digits.empty() || digits.size() > 9) return false;
  for (char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return absl::SimpleAtoi(text, exponent);
}

}  // namespace

bool IsNumber(absl::string_view text) {
  SkipSign(&text);
  int64_t digits = 0;             // Seen at all.
  int64_t leading = -1;           // Digits before the first that is not zero, counted from the start.
  int64_t last_significant = -1;  // Of the last that is not zero.
  int64_t point = -1;             // Digits before the full stop.
  size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && point < 0) {
      point = digits;
    } else if (absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      if (c != '0') {
        if (leading < 0) leading = digits;
        last_significant = digits;
      }
      ++digits;
    } else {
      break;
    }
  }
  int64_t exponent;
  if (digits == 0 || !ParseExponent(text.substr(i), &exponent)) return false;
  if (leading < 0) return true;  // Zero.
  if (last_significant - leading + 1 > kSignificantDigitsMax) return false;
  const int64_t magnitude = (point < 0 ? digits : point) - leading - 1 + exponent;
  return magnitude >= kExponentMin && magnitude <= kExponentMax;
}

}  // namespace sqs
