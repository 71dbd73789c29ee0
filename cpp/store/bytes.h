// Numbers and texts in a row of bytes, for the few columns that hold a list (FORMAT.md, "Lists in a column").
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace sqs {

// Seven bits a byte, the lowest first; the top bit says that more follow.
inline void AppendNumber(uint64_t number, std::string* bytes) {
  for (; number >= 0x80; number >>= 7) bytes->push_back(static_cast<char>(number | 0x80));
  bytes->push_back(static_cast<char>(number));
}

// False if `*bytes` does not begin with a number. What was read is taken off.
inline bool TakeNumber(absl::string_view* bytes, uint64_t* number) {
  *number = 0;
  for (int shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    *number |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// A text with its size before it.
inline void AppendSized(absl::string_view text, std::string* bytes) {
  AppendNumber(text.size(), bytes);
  bytes->append(text.data(), text.size());
}

inline bool TakeSized(absl::string_view* bytes, absl::string_view* text) {
  uint64_t size = 0;
  if (!TakeNumber(bytes, &size) || size > bytes->size()) return false;
  *text = bytes->substr(0, size);
  bytes->remove_prefix(size);
  return true;
}

inline void AppendBigEndian(uint64_t word, std::string* bytes) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes->push_back(static_cast<char>(word >> shift));
}

inline bool TakeBigEndian(absl::string_view* bytes, uint64_t* word) {
  if (bytes->size() < 8) return false;
  *word = 0;
  for (int i = 0; i < 8; ++i) *word = *word << 8 | static_cast<uint8_t>((*bytes)[i]);
  bytes->remove_prefix(8);
  return true;
}

}  // namespace sqs
