// Two hex digits for each byte value: ids and digests in text are on the path of every send and receive.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

namespace sqs {

constexpr std::array<std::array<char, 2>, 256> MakeHexPairs() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (int i = 0; i < 256; ++i) pairs[i] = {kDigits[i >> 4], kDigits[i & 15]};
  return pairs;
}
inline constexpr auto kHexPairs = MakeHexPairs();

// Writes two digits; returns what follows them.
inline char* PutHex(uint8_t byte, char* out) {
  std::memcpy(out, kHexPairs[byte].data(), 2);
  return out + 2;
}

}  // namespace sqs
