#include "base/uuid.h"

#include <cstring>

#include "base/big_endian.h"
#include "base/hex.h"

namespace sqs {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

Uuid Version4(uint64_t high, uint64_t low) {
  return {(high & ~uint64_t{0xf000}) | 0x4000, (low & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62)};
}

// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

Uuid Uuid::Random(sqs::Random& random) {
  const uint64_t high = random.Next();
  return Version4(high, random.Next());
}

Uuid Uuid::OfNumber(uint64_t seed, uint64_t number) {
  return Version4(Mix(seed ^ Mix(2 * number)), Mix(seed ^ Mix(2 * number + 1)));
}

std::string Uuid::ToString() const {
  std::string text(kTextBytes, '\0');
  Print(text.data());
  return text;
}

UuidText Uuid::ToText() const {
  UuidText text;
  Print(text.Resize(kTextBytes));
  return text;
}

void Uuid::Print(char* out) const {
  uint8_t bytes[16];
  PutBigEndian(high, bytes);
  PutBigEndian(low, bytes + 8);
  char digits[32];
  PutHex16(bytes, digits);
  std::memcpy(out, digits, 8);
  std::memcpy(out + 9, digits + 8, 4);
  std::memcpy(out + 14, digits + 12, 4);
  std::memcpy(out + 19, digits + 16, 4);
  std::memcpy(out + 24, digits + 20, 12);
  out[8] = out[13] = out[18] = out[23] = '-';
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
