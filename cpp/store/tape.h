// Statements with what is bound to them, as bytes: they can be run later, by another process (FORMAT.md, "The
// journal").
#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sqs {

class Statement;

// What a statement that records itself writes to (Statement::RecordOn).
class Tape {
 public:
  void Begin(int statement);  // 1 to kStatementMax
  void Int(int64_t value);
  void Text(absl::string_view text);
  void Blob(absl::string_view bytes);
  void Null();
  void Seal();

  absl::string_view bytes() const { return bytes_; }
  void Clear() { bytes_.clear(); }

  static constexpr int kStatementMax = 200;

 private:
  std::string bytes_;
};

// Runs the statements of a tape one after the other. `statement` finds one by its number: null if there is none.
// DataLoss if `bytes` are no tape, which is found before the statement it is in has run.
absl::Status RunTape(absl::string_view bytes, absl::FunctionRef<Statement*(int)> statement);

}  // namespace sqs
