#include "base/uuid.h"

#include "base/hex.h"

namespace sqs {
namespace {

char* AppendBytes(uint64_t word, int first_byte, int count, char* out) {
  for (int i = first_byte; i < first_byte + count; ++i) {
    const auto& pair = kHexPairs[(word >> (56 - 8 * i)) & 0xff];
    *out++ = pair[0];
    *out++ = pair[1];
  }
  return out;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Uuid Uuid::Random(sqs::Random& random) {
  Uuid uuid{random.Next(), random.Next()};
  uuid.high = (uuid.high & ~uint64_t{0xf000}) | 0x4000;                  // Version 4.
  uuid.low = (uuid.low & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);    // Variant 10.
  return uuid;
}

std::string Uuid::ToString() const {
  std::string text(36, '-');
  char* out = text.data();
  out = AppendBytes(high, 0, 4, out) + 1;
  out = AppendBytes(high, 4, 2, out) + 1;
  out = AppendBytes(high, 6, 2, out) + 1;
  out = AppendBytes(low, 0, 2, out) + 1;
  AppendBytes(low, 2, 6, out);
  return text;
}

bool Uuid::Parse(absl::string_view text, Uuid* uuid) {
  if (text.size() != 36) return false;
  uint64_t words[2] = {0, 0};
  int digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return false;
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return false;
    words[digits / 16] = words[digits / 16] << 4 | static_cast<uint64_t>(value);
    ++digits;
  }
  *uuid = {words[0], words[1]};
  return true;
}

}  // namespace sqs
