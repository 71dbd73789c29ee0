// Numbers as bytes, the highest first, so that texts made of them do not depend on the machine.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace sqs {

inline void PutBigEndian(uint64_t word, uint8_t* out) {
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  std::memcpy(out, &word, sizeof(word));
}

inline uint64_t GetBigEndian(const uint8_t* in) {
  uint64_t word;
  std::memcpy(&word, in, sizeof(word));
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

}  // namespace sqs
