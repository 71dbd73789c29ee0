#include "store/journal.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/row_codec.h"

namespace sqs {
namespace {

// More than a batch of ten of a standard queue: who calls alone mostly finds in the tables what he was answered.
constexpr size_t kMessagesMin = 11;
// Beyond these a commit costs what its rows cost, wherever they are written.
constexpr size_t kMessagesMax = 1000;
constexpr size_t kBytesMax = 256 << 10;
// Commits after which the tables are brought up to date. With 8 it costs as little; more only make the tables later.
constexpr int kRowsMax = 16;

struct JournalRow {
  int64_t position = 0;
  uint64_t follows = 0;  // The effect that the commit before had reached,
  uint64_t reaches = 0;  // and this one.
  absl::string_view changes;
  bool is_sound = false;
};

JournalRow ReadJournalRow(Statement& from) {
  JournalRow row;
  row.position = from.ReadInt();
  row.follows = static_cast<uint64_t>(from.ReadInt());
  row.reaches = static_cast<uint64_t>(from.ReadInt());
  row.changes = from.ReadText();
  row.is_sound = from.ReadSeal();
  return row;
}

std::string Place(const JournalRow& row, absl::string_view what) {
  return absl::StrCat("table journal, position ", row.position, ": ", what);
}

absl::Status DamagedRow(const JournalRow& row, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged: ", Place(row, what)));
}

// Whether each row follows the one before, the first what is in the tables.
class Chain {
 public:
  enum Link { kFollows, kIsInTables, kGap };

  absl::Status Start(Database& db) {
    const absl::StatusOr<int64_t> reached = db.QueryInt("SELECT effect_count FROM engine");
    if (absl::IsNotFound(reached.status())) return absl::DataLossError("damaged: table engine is empty");
    reached_ = static_cast<uint64_t>(reached.value_or(0));
    return reached.status();
  }

  Link Next(const JournalRow& row) {
    if (row.reaches <= reached_) return kIsInTables;
    const bool follows = row.position == ++position_ && row.follows == reached_;
    position_ = row.position;
    reached_ = row.reaches;
    return follows ? kFollows : kGap;
  }

  static const char* Problem(Link link) {
    return link == kGap ? "what is before it is missing" : "it is in the tables already";
  }

 private:
  int64_t position_ = 0;
  uint64_t reached_ = 0;
};

absl::Status ForEachRow(Database& db, absl::FunctionRef<absl::Status(const JournalRow&)> take) {
  Statement rows;
  SQS_RETURN_IF_ERROR(rows.Prepare(db.handle(), "journal", "SELECT * FROM journal ORDER BY position"));
  for (;;) {
    SQS_ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return absl::OkStatus();
    SQS_RETURN_IF_ERROR(take(ReadJournalRow(rows)));
  }
}

absl::Status RunRow(const JournalRow& row, Statements& statements) {
  const absl::Status status = RunTape(row.changes, [&](int number) { return statements.Numbered(number); });
  return absl::IsDataLoss(status) ? DamagedRow(row, status.message()) : status;
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
  Chain chain;
  SQS_RETURN_IF_ERROR(chain.Start(db));
  Statements statements;
  SQS_RETURN_IF_ERROR(statements.Prepare(db.handle()));
  SQS_RETURN_IF_ERROR(ForEachRow(db, [&](const JournalRow& row) {
    if (!row.is_sound) return DamagedRow(row, "checksum");
    const Chain::Link link = chain.Next(row);
    return link == Chain::kFollows ? RunRow(row, statements) : DamagedRow(row, Chain::Problem(link));
  }));
  return db.Execute("DELETE FROM journal");
}

absl::Status SalvageJournal(Database& db, absl::FunctionRef<void(std::string)> lose) {
  Chain chain;
  SQS_RETURN_IF_ERROR(chain.Start(db));
  Statements statements;
  SQS_RETURN_IF_ERROR(statements.Prepare(db.handle()));
  SQS_RETURN_IF_ERROR(ForEachRow(db, [&](const JournalRow& row) {
    const Chain::Link link = chain.Next(row);
    if (link != Chain::kFollows) lose(Place(row, Chain::Problem(link)));
    if (link == Chain::kIsInTables) return absl::OkStatus();
    const absl::Status status = RunRow(row, statements);
    if (!status.ok()) lose(Place(row, status.message()));
    return absl::OkStatus();
  }));
  return db.Execute("DELETE FROM journal");
}

absl::Status CheckJournal(Database& db, absl::FunctionRef<void(std::string)> add) {
  Chain chain;
  SQS_RETURN_IF_ERROR(chain.Start(db));
  return ForEachRow(db, [&](const JournalRow& row) {
    const Chain::Link link = chain.Next(row);
    if (link != Chain::kFollows) add(Place(row, Chain::Problem(link)));
    return absl::OkStatus();
  });
}

}  // namespace sqs
