// Receipt handles: whatever is accepted is what Encode makes, and what Encode makes is accepted, until one character
// changes.
#include <cstring>

#include "fuzz.h"
#include "queue/receipt_handle.h"

namespace sqs::fuzz {
namespace {

constexpr SipHashKey kKey = {0x0123456789abcdef, 0xfedcba9876543210};
constexpr SipHashKey kOtherKey = {1, 2};

void DecodeText(absl::string_view text) {
  ReceiptHandle handle;
  if (ReceiptHandle::Decode(text, kKey, &handle)) FUZZ_EQ(std::string(handle.Encode(kKey)), std::string(text));
}

template <class T>
T Take(absl::string_view* bytes) {
  T value{};
  const size_t size = std::min(sizeof(T), bytes->size());
  std::memcpy(&value, bytes->data(), size);
  bytes->remove_prefix(size);
  return value;
}

void EncodeFields(absl::string_view bytes) {
  ReceiptHandle made;
  made.queue = Take<decltype(made.queue)>(&bytes);
  made.place.sequence = Take<decltype(made.place.sequence)>(&bytes);
  made.place.slot = Take<decltype(made.place.slot)>(&bytes);
  made.receive_count = Take<uint32_t>(&bytes);
  std::string text(made.Encode(kKey));
  ReceiptHandle read;
  FUZZ_CHECK(ReceiptHandle::Decode(text, kKey, &read));
  FUZZ_CHECK(read.queue == made.queue && read.place.sequence == made.place.sequence &&
             read.place.slot == made.place.slot && read.receive_count == made.receive_count);
  FUZZ_CHECK(!ReceiptHandle::Decode(text, kOtherKey, &read));

  const size_t at = Take<uint8_t>(&bytes) % text.size();
  const char other = static_cast<char>(Take<uint8_t>(&bytes));
  if (text[at] == other) return;
  text[at] = other;
  FUZZ_CHECK(!ReceiptHandle::Decode(text, kKey, &read));
}

}  // namespace

void Run(absl::string_view input) {
  DecodeText(input);
  EncodeFields(input);
}

}  // namespace sqs::fuzz
