// SQLite behind RAII: a connection and its statements. Nothing here knows a table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "store/checksum.h"
#include "store/tape.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sqs {

// ResourceExhausted for a full disk, DataLoss for a damaged file, Unavailable for one that is locked, NotFound for
// none (or no place for a temporary one), Internal for the rest: a failed write or sync.
absl::Status SqliteError(sqlite3* db, int code, absl::string_view doing);

// One prepared statement on a table whose rows end in a checksum. Binding goes from the first parameter to the last,
// reading from the first column to the last, and both keep the checksum of what went through.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // `table` takes part in the checksum.
  absl::Status Prepare(sqlite3* db, absl::string_view table, absl::string_view sql);

  // --- Binding. Texts and bytes must stay until Run or the end of the steps. ---
  Statement& Int(int64_t value);
  Statement& Text(absl::string_view text);
  Statement& Blob(absl::string_view bytes);
  Statement& OwnedBlob(absl::string_view bytes);  // Copied.
  Statement& Null();
  Statement& OptionalInt(std::optional<int64_t> value);
  Statement& OptionalText(absl::string_view text);  // "" is absent.
  Statement& Seal();                                // Binds the checksum of all that was bound.

  // For a statement without rows.
  absl::Status Run();

  // Until it is null again: what is bound goes on `tape` as statement `number`, and Run runs nothing.
  void RecordOn(Tape* tape, int number);

  // --- Reading ---
  // False after the last row.
  absl::StatusOr<bool> Step();
  int64_t ReadInt();
  absl::string_view ReadText();  // Also bytes. Until the next step.
  std::optional<int64_t> ReadOptionalInt();
  absl::string_view ReadOptionalText();  // "" if absent.
  bool NextIsNull() const;
  // Reads the last column; whether it is the checksum of those before.
  bool ReadSeal();

  // Reads all columns of the row, whatever they are; whether the last is the checksum of those before.
  bool ReadWholeRow();
  int column_count() const;
  // A column as text, for a message; does not count as read.
  std::string ColumnText(int column) const;
  // Binds all columns of the row that `from` is at, as they are.
  void BindRow(const Statement& from);

  // Ready to be bound and run anew.
  void Reset();

 private:
  // Whether the next value goes on the tape.
  bool Records();

  sqlite3* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  std::string table_;
  int column_ = 0;
  Checksum sum_;
  Tape* tape_ = nullptr;
  int number_ = 0;
};

class Database {
 public:
  enum Mode { kReadOnly, kReadWrite, kCreate };
  // Of no name: one of its own, in memory or a temporary file, gone with the connection.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, Mode mode);
  ~Database();

  sqlite3* handle() const { return db_; }
  // One or more statements without parameters and rows of interest.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row.
  absl::StatusOr<int64_t> QueryInt(absl::string_view sql);
  absl::StatusOr<std::string> QueryText(absl::string_view sql);
  absl::StatusOr<bool> HasTable(absl::string_view name);
  // Moves what is in the write-ahead log to its place, as far as readers allow; how many pages remain in the log.
  absl::StatusOr<int> Checkpoint();
  // The same with all of it, and the log is of no bytes then. OK too if there is no room, or somebody reads.
  absl::Status EmptyLog();
  // All of it, as it is at one instant, into an empty database.
  absl::Status CopyTo(Database& copy);
  // Rows changed by the last statement.
  int changes() const;
  bool in_transaction() const;
  absl::Status Close();

 private:
  explicit Database(sqlite3* db) : db_(db) {}
  sqlite3* db_;
};

}  // namespace sqs
