// What a caller gave, read where it stands: in the parser's memory or in a Python string.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/short_text.h"

namespace sqs {

using SequenceText = ShortText<20>;
using HandleText = ShortText<44>;

// Owns its characters, unless a codec borrows them: from what the codec keeps until the call has returned. A copy
// always owns.
class Text {
 public:
  Text() = default;
  Text(std::string text) : own_(std::move(text)) {}                 // NOLINT: as a std::string.
  Text(absl::string_view text) : own_(text.data(), text.size()) {}  // NOLINT: as above.
  Text(const char* text) : own_(text) {}                            // NOLINT: as above.
  template <size_t kMax>
  Text(const ShortText<kMax>& text) : Text(text.view()) {}  // NOLINT: as above.
  Text(const Text& other) : Text(other.view()) {}
  Text(Text&& other) noexcept = default;
  Text& operator=(const Text& other) { return *this = Text(other); }
  Text& operator=(Text&& other) noexcept = default;
  ~Text() = default;

  // `text` must stay where it is for as long as this is used.
  static Text Borrow(absl::string_view text) {
    Text borrowed;
    borrowed.borrowed_ = text;
    return borrowed;
  }

  absl::string_view view() const { return borrowed_.data() != nullptr ? borrowed_ : absl::string_view(own_); }
  operator absl::string_view() const { return view(); }  // NOLINT: a text is read as one.
  explicit operator std::string() const { return std::string(view()); }
  bool empty() const { return view().empty(); }
  size_t size() const { return view().size(); }

  template <class T>
    requires std::is_convertible_v<const T&, absl::string_view>
  friend bool operator==(const Text& a, const T& b) {
    return a.view() == absl::string_view(b);
  }
  friend std::ostream& operator<<(std::ostream& out, const Text& text) { return out << std::string(text); }

 private:
  absl::string_view borrowed_;  // Null: it is `own_`.
  std::string own_;
};

}  // namespace sqs
