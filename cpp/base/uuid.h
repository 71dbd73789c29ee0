// A version 4 UUID as two words, and its text: message ids, task ids, request ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/random.h"
#include "base/short_text.h"

namespace sqs {

struct Uuid {
  uint64_t high = 0;
  uint64_t low = 0;

  static Uuid Random(sqs::Random& random);

  // The id number `number` of a series: a hash, so that equal seeds give equal series without drawing anything.
  static Uuid OfNumber(uint64_t seed, uint64_t number);

  // "0f1e2d3c-4b5a-4678-9abc-def012345678", lower case, 36 characters.
  std::string ToString() const;
  UuidText ToText() const;
  // The same, into kTextBytes characters at `out`.
  static constexpr size_t kTextBytes = 36;
  void Print(char* out) const;

  // False, and `*uuid` untouched, unless `text` is in the form that ToString writes.
  static bool Parse(absl::string_view text, Uuid* uuid);

  bool is_nil() const { return high == 0 && low == 0; }
  friend bool operator==(const Uuid& a, const Uuid& b) = default;
};

}  // namespace sqs
