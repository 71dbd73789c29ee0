#include "queue/receipt_handle.h"

#include <array>

#include "base/big_endian.h"

namespace sqs {
namespace {

constexpr int kRawBytes = 33;
constexpr int kTextBytes = 44;
constexpr uint8_t kVersion = 1;
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The words that are signed: everything a handle says.
std::array<uint64_t, 3> Words(const ReceiptHandle& handle) {
  return {handle.queue, handle.place.sequence, uint64_t{handle.place.slot} << 32 | handle.receive_count};
}

constexpr std::array<int8_t, 256> MakeValues() {
  std::array<int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (int i = 0; i < 64; ++i) values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
  return values;
}
constexpr auto kValues = MakeValues();

// False for text that is no handle of this version.
bool DecodeBase64(absl::string_view text, uint8_t* raw) {
  if (text.size() != kTextBytes) return false;
  int32_t invalid = 0;  // Negative once a character is outside the alphabet.
  const auto value = [&text](int i) { return int32_t{kValues[static_cast<uint8_t>(text[i])]}; };
  for (int i = 0, o = 0; i < kTextBytes; i += 4, o += 3) {
    const int32_t a = value(i), b = value(i + 1), c = value(i + 2), d = value(i + 3);
    invalid |= a | b | c | d;
    raw[o] = static_cast<uint8_t>(a << 2 | b >> 4);
    raw[o + 1] = static_cast<uint8_t>(b << 4 | c >> 2);
    raw[o + 2] = static_cast<uint8_t>(c << 6 | d);
  }
  return invalid >= 0 && raw[0] == kVersion;
}

}  // namespace

HandleText ReceiptHandle::Encode(const SipHashKey& key) const {
  uint8_t raw[kRawBytes];
  raw[0] = kVersion;
  const auto words = Words(*this);
  for (int i = 0; i < 3; ++i) PutBigEndian(words[i], raw + 1 + 8 * i);
  PutBigEndian(SipHash(key, words), raw + 25);

  HandleText handle;
  char* const text = handle.Resize(kTextBytes);
  for (int i = 0, o = 0; i < kRawBytes; i += 3, o += 4) {
    const uint32_t bits = uint32_t{raw[i]} << 16 | uint32_t{raw[i + 1]} << 8 | raw[i + 2];
    text[o] = kAlphabet[bits >> 18];
    text[o + 1] = kAlphabet[bits >> 12 & 63];
    text[o + 2] = kAlphabet[bits >> 6 & 63];
    text[o + 3] = kAlphabet[bits & 63];
  }
  return handle;
}

QueueNumber ReceiptHandle::QueueOf(absl::string_view text) {
  uint8_t raw[kRawBytes];
  return DecodeBase64(text, raw) ? GetBigEndian(raw + 1) : 0;
}

bool ReceiptHandle::Decode(absl::string_view text, const SipHashKey& key, ReceiptHandle* handle) {
  uint8_t raw[kRawBytes];
  if (!DecodeBase64(text, raw)) return false;
  const std::array<uint64_t, 3> words = {GetBigEndian(raw + 1), GetBigEndian(raw + 9), GetBigEndian(raw + 17)};
  if (SipHash(key, words) != GetBigEndian(raw + 25)) return false;
  handle->queue = words[0];
  handle->place = {static_cast<uint32_t>(words[2] >> 32), words[1]};
  handle->receive_count = static_cast<uint32_t>(words[2]);
  return true;
}

}  // namespace sqs
