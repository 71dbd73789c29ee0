#include "wire/text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/utf8.h"

namespace sqs::wire {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

// What a byte needs: to be copied as it is, to be escaped, or to be looked at with its followers.
enum Need : uint8_t { kCopy, kEscape, kDecode };

constexpr std::array<Need, 256> MakeNeeds(bool json) {
  std::array<Need, 256> needs{};
  for (int byte = 0; byte < 0x20; ++byte) needs[byte] = kEscape;
  for (int byte = 0x80; byte < 0x100; ++byte) needs[byte] = kDecode;
  needs['"'] = kEscape;
  if (json) {
    needs['\\'] = kEscape;
  } else {
    needs['\t'] = needs['\n'] = kCopy;
    needs['&'] = needs['<'] = needs['>'] = kEscape;
  }
  return needs;
}
constexpr auto kJsonNeeds = MakeNeeds(true);
constexpr auto kXmlNeeds = MakeNeeds(false);

void AppendJsonEscape(char c, std::string* out) {
  switch (c) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      break;
  }
  static constexpr char kHexDigits[] = "0123456789abcdef";
  out->append("\\u00");
  out->push_back(kHexDigits[static_cast<uint8_t>(c) >> 4]);
  out->push_back(kHexDigits[static_cast<uint8_t>(c) & 15]);
}

// XML 1.0 has no way to say most control characters: they become U+FFFD.
void AppendXmlEscape(char c, std::string* out) {
  switch (c) {
    case '"':
      out->append("&quot;");
      return;
    case '&':
      out->append("&amp;");
      return;
    case '<':
      out->append("&lt;");
      return;
    case '>':
      out->append("&gt;");
      return;
    case '\r':
      out->append("&#13;");
      return;
    default:
      out->append(kReplacement.data(), kReplacement.size());
      return;
  }
}

template <class Escape>
void AppendText(absl::string_view text, const std::array<Need, 256>& needs, Escape escape, std::string* out) {
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && needs[static_cast<uint8_t>(text[plain])] == kCopy) ++plain;
    out->append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    if (needs[static_cast<uint8_t>(text[0])] == kEscape) {
      escape(text[0], out);
      text.remove_prefix(1);
      continue;
    }
    absl::string_view rest = text;
    if (NextCodePoint(&rest).has_value()) {
      out->append(text.data(), text.size() - rest.size());
      text = rest;
    } else {
      out->append(kReplacement.data(), kReplacement.size());
      text.remove_prefix(1);
    }
  }
}

// How many characters from the start are surely to be copied: nearly all text is that to its end.
size_t PlainJsonPrefix(absl::string_view text) {
  size_t i = 0;
#ifdef __SSE2__
  for (; text.size() - i >= 16; i += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    const __m128i below_space = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    // The block itself: beyond ASCII.
    const __m128i special = _mm_or_si128(_mm_or_si128(below_space, quote), _mm_or_si128(backslash, block));
    if (_mm_movemask_epi8(special) != 0) break;
  }
#endif
  while (i < text.size() && kJsonNeeds[static_cast<uint8_t>(text[i])] == kCopy) ++i;
  return i;
}

}  // namespace

void AppendJsonString(absl::string_view text, std::string* out) {
  out->push_back('"');
  const size_t plain = PlainJsonPrefix(text);
  out->append(text.data(), plain);
  if (plain < text.size()) AppendText(text.substr(plain), kJsonNeeds, AppendJsonEscape, out);
  out->push_back('"');
}

void AppendXmlText(absl::string_view text, std::string* out) { AppendText(text, kXmlNeeds, AppendXmlEscape, out); }

}  // namespace sqs::wire
