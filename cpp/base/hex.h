// Two hex digits for each byte value: ids and digests in text are on the path of every send and receive.
#pragma once

#include <array>

namespace sqs {

constexpr std::array<std::array<char, 2>, 256> MakeHexPairs() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (int i = 0; i < 256; ++i) pairs[i] = {kDigits[i >> 4], kDigits[i & 15]};
  return pairs;
}
inline constexpr auto kHexPairs = MakeHexPairs();

}  // namespace sqs
