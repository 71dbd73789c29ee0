#include "store/journal.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/row_codec.h"

namespace sqs {
namespace {

// More than a send, a receive or a delete of ten: who calls alone finds what he did in the tables when he is answered.
constexpr size_t kMessagesMin = 11;
// Beyond these a commit costs what its rows cost, wherever they are written.
constexpr size_t kMessagesMax = 1000;
constexpr size_t kBytesMax = 256 << 10;
// Commits after which the tables are brought up to date. With 8 it costs as little; more only make the tables later.
constexpr int kRowsMax = 16;

absl::Status DamagedRow(int64_t position, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged: table journal, position ", position, ": ", what));
}

struct JournalRow {
  int64_t position = 0;
  uint64_t follows = 0;  // The effect that the commit before had reached,
  uint64_t reaches = 0;  // and this one.
  absl::string_view changes;
};

// False if the checksum is another.
bool ReadJournalRow(Statement& from, JournalRow* row) {
  row->position = from.ReadInt();
  row->follows = static_cast<uint64_t>(from.ReadInt());
  row->reaches = static_cast<uint64_t>(from.ReadInt());
  row->changes = from.ReadText();
  return from.ReadSeal();
}

// Calls `take` for each row of the journal, with whether it is sound, and empties it.
absl::Status ForEachRow(Database& db, absl::FunctionRef<absl::Status(const JournalRow&, bool)> take) {
  Statement rows;
  SQS_RETURN_IF_ERROR(rows.Prepare(db.handle(), "journal", "SELECT * FROM journal ORDER BY position"));
  for (;;) {
    SQS_ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) break;
    JournalRow row;
    const bool is_sound = ReadJournalRow(rows, &row);
    SQS_RETURN_IF_ERROR(take(row, is_sound));
  }
  rows.Reset();
  return db.Execute("DELETE FROM journal");
}

absl::Status Recover(Database& db) {
  SQS_ASSIGN_OR_RETURN(const int64_t effects, db.QueryInt("SELECT effect_count FROM engine"));
  Statements statements;
  SQS_RETURN_IF_ERROR(statements.Prepare(db.handle()));
  int64_t next = 1;
  auto reached = static_cast<uint64_t>(effects);
  return ForEachRow(db, [&](const JournalRow& row, bool is_sound) {
    if (!is_sound) return DamagedRow(row.position, "checksum");
    if (row.position != next++ || row.follows != reached) return DamagedRow(row.position, "one before it is missing");
    reached = row.reaches;
    return RunTape(row.changes, [&](int number) { return statements.Numbered(number); });
  });
}

}  // namespace

absl::Status Journal::Prepare() {
  SQS_RETURN_IF_ERROR(append_.Prepare(db_.handle(), "journal",
                                      "INSERT INTO journal SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM "
                                      "engine WHERE id = 1 AND epoch = ?6)"));
  return clear_.Prepare(db_.handle(), "journal", "DELETE FROM journal");
}

bool Journal::Takes(const Batch& batch) const {
  const size_t messages = batch.removed_messages.size() + batch.new_messages.size() + batch.changed_states.size();
  if (messages < kMessagesMin || messages > kMessagesMax || rows_ == kRowsMax || !BatchSum::CanAdd(batch)) return false;
  size_t bytes = 0;
  for (const MessageRow& row : batch.new_messages) bytes += row.payload->content_bytes();
  return bytes <= kBytesMax;
}

absl::Status Journal::Append(const EngineRow& engine, uint64_t from, const Batch& batch) {
  tape_.Clear();
  writer_.Record(engine, batch, &tape_);
  append_.Int(rows_ + 1).Int(static_cast<int64_t>(from)).Int(static_cast<int64_t>(engine.progress.effect_count));
  SQS_RETURN_IF_ERROR(append_.Blob(tape_.bytes()).Seal().Int(engine.epoch).Run());
  return db_.changes() == 1 ? absl::OkStatus() : NotTheOwner(path_);
}

void Journal::Appended(const Batch& batch) {
  sum_.Add(batch);
  ++rows_;
}

absl::Status Journal::Fold(const EngineRow& engine) {
  if (empty()) return absl::OkStatus();
  SQS_RETURN_IF_ERROR(writer_.Write(engine, sum_.Sum()));
  return clear_.Run();
}

void Journal::Folded() {
  if (empty()) return;
  sum_.Clear();
  rows_ = 0;
}

absl::Status RecoverJournal(Database& db) {
  SQS_ASSIGN_OR_RETURN(const int64_t rows, db.QueryInt("SELECT count(*) FROM journal"));
  if (rows == 0) return absl::OkStatus();
  SQS_RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE"));
  absl::Status status = Recover(db);
  if (status.ok()) status = db.Execute("COMMIT");
  if (!status.ok() && db.in_transaction()) db.Execute("ROLLBACK").IgnoreError();
  return status;
}

absl::Status SalvageJournal(Database& db, absl::FunctionRef<void(std::string)> lose) {
  Statements statements;
  SQS_RETURN_IF_ERROR(statements.Prepare(db.handle()));
  return ForEachRow(db, [&](const JournalRow& row, bool is_sound) {
    const absl::Status status = is_sound ? RunTape(row.changes, [&](int number) { return statements.Numbered(number); })
                                         : DamagedRow(row.position, "checksum");
    if (!status.ok()) lose(absl::StrCat("table journal, position ", row.position, ": ", status.message()));
    return absl::OkStatus();
  });
}

}  // namespace sqs
