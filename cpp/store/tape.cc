#include "store/tape.h"

#include "base/status.h"
#include "store/bytes.h"
#include "store/sqlite.h"

namespace sqs {
namespace {

// A byte says what follows: a value, or, from kFirstStatement on, the statement that the next values belong to.
enum Mark : uint8_t { kInt = 1, kText = 2, kBlob = 3, kNull = 4, kSeal = 5, kFirstStatement = 16 };

// Small numbers of either sign are short.
uint64_t Folded(int64_t value) { return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63); }
int64_t Unfolded(uint64_t folded) { return static_cast<int64_t>(folded >> 1) ^ -static_cast<int64_t>(folded & 1); }

absl::Status NoTape() { return absl::DataLossError("statements that cannot be read"); }

// Binds the values up to the next statement or the end, and takes them off.
bool BindValues(absl::string_view* bytes, Statement& to) {
  for (; !bytes->empty() && static_cast<uint8_t>(bytes->front()) < kFirstStatement;) {
    const auto mark = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    uint64_t number = 0;
    absl::string_view text;
    if (mark == kInt && TakeNumber(bytes, &number)) {
      to.Int(Unfolded(number));
    } else if (mark == kText && TakeSized(bytes, &text)) {
      to.Text(text);
    } else if (mark == kBlob && TakeSized(bytes, &text)) {
      to.Blob(text);
    } else if (mark == kNull) {
      to.Null();
    } else if (mark == kSeal) {
      to.Seal();
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

void Tape::Begin(int statement) { bytes_.push_back(static_cast<char>(kFirstStatement + statement)); }

void Tape::Int(int64_t value) {
  bytes_.push_back(kInt);
  AppendNumber(Folded(value), &bytes_);
}

void Tape::Text(absl::string_view text) {
  bytes_.push_back(kText);
  AppendSized(text, &bytes_);
}

void Tape::Blob(absl::string_view bytes) {
  bytes_.push_back(kBlob);
  AppendSized(bytes, &bytes_);
}

void Tape::Null() { bytes_.push_back(kNull); }
void Tape::Seal() { bytes_.push_back(kSeal); }

absl::Status RunTape(absl::string_view bytes, absl::FunctionRef<Statement*(int)> statement) {
  while (!bytes.empty()) {
    Statement* const next = statement(static_cast<uint8_t>(bytes.front()) - kFirstStatement);
    if (next == nullptr) return NoTape();
    bytes.remove_prefix(1);
    if (!BindValues(&bytes, *next)) {
      next->Reset();
      return NoTape();
    }
    SQS_RETURN_IF_ERROR(next->Run());
  }
  return absl::OkStatus();
}

}  // namespace sqs
