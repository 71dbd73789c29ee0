// The checksum of a row: SipHash of its table's name and its columns, so that a flipped bit, a torn page or a row that
// got into another's place is found when it is read. SQLite has none.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace sqs {

class Checksum {
 public:
  void Start(absl::string_view table);
  void AddInt(int64_t value);
  void AddText(absl::string_view text);  // Also bytes.
  void AddNull();
  // Of what was added since Start. As SQLite's integers are: signed.
  int64_t Value();

 private:
  void Append(const void* bytes, size_t count);

  std::vector<uint64_t> words_;
  size_t bytes_ = 0;
};

}  // namespace sqs
