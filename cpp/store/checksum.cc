#include "store/checksum.h"

#include <algorithm>
#include <cstring>

#include "absl/types/span.h"
#include "base/siphash.h"

namespace sqs {
namespace {

// The kinds of column, so that 1, "1" and an absent value differ.
enum Tag : uint8_t { kInt = 1, kText = 2, kNull = 3 };

// No secret: the checksum tells damage, not forgery.
constexpr SipHashKey kKey = {0x6c6f63616c737173, 0x726f772063686563};

}  // namespace

void Checksum::Append(const void* bytes, size_t count) {
  const size_t end = bytes_ + count;
  if (words_.size() * sizeof(uint64_t) < end + sizeof(uint64_t)) {
    words_.resize(std::max(2 * words_.size(), end / sizeof(uint64_t) + 2));
  }
  std::memcpy(reinterpret_cast<char*>(words_.data()) + bytes_, bytes, count);
  bytes_ = end;
}

void Checksum::Start(absl::string_view table) {
  bytes_ = 0;
  AddText(table);
}

void Checksum::AddInt(int64_t value) {
  const uint8_t tag = kInt;
  Append(&tag, 1);
  Append(&value, sizeof(value));
}

void Checksum::AddText(absl::string_view text) {
  const uint8_t tag = kText;
  const uint64_t size = text.size();
  Append(&tag, 1);
  Append(&size, sizeof(size));
  Append(text.data(), text.size());
}

void Checksum::AddNull() {
  const uint8_t tag = kNull;
  Append(&tag, 1);
}

int64_t Checksum::Value() {
  // What an earlier, longer row left behind the end is no part of the last word. Append keeps a word to spare.
  std::memset(reinterpret_cast<char*>(words_.data()) + bytes_, 0, sizeof(uint64_t));
  const size_t words = (bytes_ + sizeof(uint64_t) - 1) / sizeof(uint64_t);
  return static_cast<int64_t>(SipHash(kKey, absl::MakeConstSpan(words_).first(words)));
}

}  // namespace sqs
