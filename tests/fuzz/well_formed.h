// Whether an answer is what its protocol promises: JSON that another parser takes, XML whose elements close.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/utf8.h"

namespace sqs::fuzz {

// As far as our own writer goes: no comments, no CDATA, attributes without '>' in them.
class XmlCheck {
 public:
  explicit XmlCheck(absl::string_view xml) : rest_(xml) {}

  // Empty, or what is wrong.
  std::string Fault() {
    if (!IsUtf8(rest_)) return "no UTF-8";
    if (absl::ConsumePrefix(&rest_, "<?") && !SkipPast("?>")) return "the prologue does not end";
    rest_ = absl::StripAsciiWhitespace(rest_);
    do {
      const std::string fault = absl::StartsWith(rest_, "<") ? Tag() : Text();
      if (!fault.empty()) return fault;
      if (open_.empty() && rest_.empty()) return "";
    } while (!open_.empty());
    return "something follows the root";
  }

 private:
  static bool IsUtf8(absl::string_view text) {
    while (!text.empty()) {
      if (!NextCodePoint(&text).has_value()) return false;
    }
    return true;
  }

  bool SkipPast(absl::string_view mark) {
    const size_t at = rest_.find(mark);
    if (at == absl::string_view::npos) return false;
    rest_.remove_prefix(at + mark.size());
    return true;
  }

  std::string Tag() {
    const size_t end = rest_.find('>');
    if (end == absl::string_view::npos) return "a tag does not end";
    absl::string_view tag = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    if (absl::ConsumePrefix(&tag, "/")) {
      if (open_.empty() || open_.back() != tag) return "</" + std::string(tag) + "> closes nothing";
      open_.pop_back();
      return "";
    }
    const bool is_empty = absl::ConsumeSuffix(&tag, "/");
    const absl::string_view name = tag.substr(0, tag.find(' '));
    if (name.empty()) return "an element without a name";
    for (const char c : name) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) return "no element name: " + std::string(name);
    }
    if (!is_empty) open_.emplace_back(name);
    return "";
  }

  std::string Text() {
    if (open_.empty()) return "text outside the root";
    const absl::string_view text = rest_.substr(0, rest_.find('<'));
    rest_.remove_prefix(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c < 0x20 && c != '\t' && c != '\n') return "a character that XML has not";
      if (c == '&' && !IsReference(text.substr(i))) return "a bare ampersand";
    }
    return rest_.empty() ? "an element does not close" : "";
  }

  static bool IsReference(absl::string_view text) {
    for (const absl::string_view known : {"&amp;", "&lt;", "&gt;", "&quot;", "&#13;"}) {
      if (absl::StartsWith(text, known)) return true;
    }
    return false;
  }

  absl::string_view rest_;
  std::vector<std::string> open_;
};

}  // namespace sqs::fuzz
