// Two hex digits for each byte value: ids and digests in text are on the path of every send and receive.
#pragma once

#ifdef __SSSE3__
#include <tmmintrin.h>
#endif

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

// Writes the 32 digits of 16 bytes.
inline void PutHex16(const uint8_t* bytes, char* out) {
#ifdef __SSSE3__
  const __m128i digits = _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i nibble = _mm_set1_epi8(0x0f);
  const __m128i high = _mm_shuffle_epi8(digits, _mm_and_si128(_mm_srli_epi16(block, 4), nibble));
  const __m128i low = _mm_shuffle_epi8(digits, _mm_and_si128(block, nibble));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi8(high, low));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), _mm_unpackhi_epi8(high, low));
#else
  for (int i = 0; i < 16; ++i) out = PutHex(bytes[i], out);
#endif
}

}  // namespace sqs
