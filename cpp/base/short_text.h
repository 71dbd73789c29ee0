// Short texts in place: what the service makes itself, ids, digests, numbers, receipt handles.
//
// As std::string each was a block of memory to be taken and given back: with those of the caller's texts (api/text.h)
// 13 blocks a send, a tenth of its instructions (callgrind).
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace sqs {

// At most `kMax` characters, of which none needs an escape in JSON or XML. Empty: absent.
template <size_t kMax>
class ShortText {
 public:
  static_assert(kMax < 256);

  ShortText() = default;
  // Requires that it fits.
  ShortText(absl::string_view text) : size_(static_cast<uint8_t>(text.size())) {  // NOLINT: as std::string from it.
    assert(text.size() <= kMax);
    std::memcpy(text_, text.data(), text.size());
  }
  ShortText(const std::string& text) : ShortText(absl::string_view(text)) {}  // NOLINT: as above.
  ShortText(const char* text) : ShortText(absl::string_view(text)) {}         // NOLINT: as above.

  // Makes it `size` characters, to be written at the address returned.
  char* Resize(size_t size) {
    assert(size <= kMax);
    size_ = static_cast<uint8_t>(size);
    return text_;
  }

  absl::string_view view() const { return {text_, size_}; }
  operator absl::string_view() const { return view(); }  // NOLINT: a text is read as one.
  explicit operator std::string() const { return std::string(text_, size_); }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  template <class T>
    requires std::is_convertible_v<const T&, absl::string_view>
  friend bool operator==(const ShortText& a, const T& b) {
    return a.view() == absl::string_view(b);
  }
  friend std::ostream& operator<<(std::ostream& out, const ShortText& text) { return out << std::string(text); }

 private:
  uint8_t size_ = 0;
  char text_[kMax] = {};
};

using Md5Text = ShortText<32>;
using UuidText = ShortText<36>;

}  // namespace sqs
