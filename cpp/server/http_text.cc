#include "server/http_text.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace sqs::server {
namespace {

constexpr std::array<bool, 256> MakeTokenTable() {
  std::array<bool, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (const char* c = "!#$%&'*+-.^_`|~"; *c != '\0'; ++c) table[static_cast<uint8_t>(*c)] = true;
  return table;
}
constexpr auto kToken = MakeTokenTable();

bool IsControl(char c) { return (static_cast<uint8_t>(c) < 0x20 && c != '\t') || c == 0x7f; }
bool IsSpace(char c) { return c == ' ' || c == '\t'; }

// Whether one of eight bytes may be a control character: exact but for tabs.
bool MayHoldControl(uint64_t word) {
  constexpr uint64_t kOnes = ~uint64_t{0} / 255;
  constexpr uint64_t kHighs = kOnes << 7;
  const uint64_t del = word ^ (kOnes * 0x7f);
  return ((((word - kOnes * 0x20) & ~word) | ((del - kOnes) & ~del)) & kHighs) != 0;
}

}  // namespace

bool IsToken(absl::string_view text) {
  for (char c : text) {
    if (!kToken[static_cast<uint8_t>(c)]) return false;
  }
  return !text.empty();
}

bool IsFieldValue(absl::string_view text) {
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    if (!MayHoldControl(word)) continue;
    for (size_t j = i; j < i + 8; ++j) {
      if (IsControl(text[j])) return false;
    }
  }
  for (; i < text.size(); ++i) {
    if (IsControl(text[i])) return false;
  }
  return true;
}

absl::string_view TrimSpace(absl::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// Among the characters of tokens, setting this bit changes letters only, but for '^' and '~'.
bool IsName(absl::string_view text, absl::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

bool TakeLine(absl::string_view* bytes, absl::string_view* line, bool* sound) {
  const void* end = std::memchr(bytes->data(), '\n', bytes->size());
  if (end == nullptr) return false;
  const size_t length = static_cast<size_t>(static_cast<const char*>(end) - bytes->data());
  *sound = length > 0 && bytes->data()[length - 1] == '\r';
  *line = bytes->substr(0, *sound ? length - 1 : length);
  bytes->remove_prefix(length + 1);
  return true;
}

bool SplitField(absl::string_view line, absl::string_view* name, absl::string_view* value) {
  const void* colon = std::memchr(line.data(), ':', line.size());
  if (colon == nullptr) return false;
  const size_t length = static_cast<size_t>(static_cast<const char*>(colon) - line.data());
  *name = line.substr(0, length);
  *value = TrimSpace(line.substr(length + 1));
  return IsToken(*name) && IsFieldValue(*value);
}

}  // namespace sqs::server
