#include "store/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace sqs {
namespace {

constexpr int kBusyMilliseconds = 5000;

}  // namespace

absl::Status SqliteError(sqlite3* db, int code, absl::string_view doing) {
  const char* file = db == nullptr ? nullptr : sqlite3_db_filename(db, "main");
  const char* reason = db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db);
  const int extended = db == nullptr ? code : sqlite3_extended_errcode(db);
  const std::string text =
      absl::StrCat(file == nullptr ? "" : file, ": ", doing, ": ", reason, " (SQLite ", extended, ")");
  if (extended == SQLITE_IOERR_GETTEMPPATH) return absl::NotFoundError(text);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:  // A row is there that cannot be.
      return absl::DataLossError(text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(text);
    case SQLITE_CANTOPEN:
      return absl::NotFoundError(text);
    default:
      return absl::InternalError(text);
  }
}

// --- Statement ------------------------------------------------------------------------------------------------------

Statement::Statement(Statement&& other) noexcept { *this = std::move(other); }

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(statement_, other.statement_);
  std::swap(table_, other.table_);
  std::swap(column_, other.column_);
  std::swap(sum_, other.sum_);
  std::swap(tape_, other.tape_);
  std::swap(number_, other.number_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

absl::Status Statement::Prepare(sqlite3* db, absl::string_view table, absl::string_view sql) {
  db_ = db;
  table_ = std::string(table);
  const int code =
      sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) return SqliteError(db, code, sql);
  sum_.Start(table_);
  return absl::OkStatus();
}

void Statement::RecordOn(Tape* tape, int number) {
  tape_ = tape;
  number_ = number;
}

bool Statement::Records() {
  if (tape_ == nullptr) return false;
  if (column_++ == 0) tape_->Begin(number_);
  return true;
}

// What a bind can fail for (memory, a wrong number) the step that follows tells.
Statement& Statement::Int(int64_t value) {
  if (Records()) return tape_->Int(value), *this;
  sqlite3_bind_int64(statement_, ++column_, value);
  sum_.AddInt(value);
  return *this;
}

Statement& Statement::Text(absl::string_view text) {
  if (Records()) return tape_->Text(text), *this;
  sqlite3_bind_text64(statement_, ++column_, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  sum_.AddText(text);
  return *this;
}

Statement& Statement::Blob(absl::string_view bytes) {
  if (Records()) return tape_->Blob(bytes), *this;
  sqlite3_bind_blob64(statement_, ++column_, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
  sum_.AddText(bytes);
  return *this;
}

Statement& Statement::OwnedBlob(absl::string_view bytes) {
  if (Records()) return tape_->Blob(bytes), *this;
  sqlite3_bind_blob64(statement_, ++column_, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  sum_.AddText(bytes);
  return *this;
}

Statement& Statement::Null() {
  if (Records()) return tape_->Null(), *this;
  sqlite3_bind_null(statement_, ++column_);
  sum_.AddNull();
  return *this;
}

Statement& Statement::OptionalInt(std::optional<int64_t> value) { return value.has_value() ? Int(*value) : Null(); }

Statement& Statement::OptionalText(absl::string_view text) { return text.empty() ? Null() : Text(text); }

Statement& Statement::Seal() {
  if (Records()) return tape_->Seal(), *this;
  sqlite3_bind_int64(statement_, ++column_, sum_.Value());
  return *this;
}

absl::Status Statement::Run() {
  if (tape_ != nullptr) {
    column_ = 0;
    return absl::OkStatus();
  }
  const int code = sqlite3_step(statement_);
  const absl::Status status = code == SQLITE_DONE || code == SQLITE_ROW
                                  ? absl::OkStatus()
                                  : SqliteError(db_, code, absl::StrCat("writing ", table_));
  Reset();
  return status;
}

absl::StatusOr<bool> Statement::Step() {
  column_ = 0;
  sum_.Start(table_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteError(db_, code, absl::StrCat("reading ", table_));
}

int64_t Statement::ReadInt() {
  const int64_t value = sqlite3_column_int64(statement_, column_++);
  sum_.AddInt(value);
  return value;
}

absl::string_view Statement::ReadText() {
  const int column = column_++;
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const absl::string_view text(bytes == nullptr ? "" : bytes, sqlite3_column_bytes(statement_, column));
  sum_.AddText(text);
  return text;
}

bool Statement::NextIsNull() const { return sqlite3_column_type(statement_, column_) == SQLITE_NULL; }

std::optional<int64_t> Statement::ReadOptionalInt() {
  if (!NextIsNull()) return ReadInt();
  ++column_;
  sum_.AddNull();
  return std::nullopt;
}

absl::string_view Statement::ReadOptionalText() {
  if (!NextIsNull()) return ReadText();
  ++column_;
  sum_.AddNull();
  return "";
}

bool Statement::ReadSeal() { return sqlite3_column_int64(statement_, column_++) == sum_.Value(); }

bool Statement::ReadWholeRow() {
  const int last = column_count() - 1;
  while (column_ < last) {
    switch (sqlite3_column_type(statement_, column_)) {
      case SQLITE_INTEGER:
        ReadInt();
        break;
      case SQLITE_NULL:
        ReadOptionalInt();
        break;
      default:
        ReadText();
    }
  }
  return ReadSeal();
}

int Statement::column_count() const { return sqlite3_column_count(statement_); }

std::string Statement::ColumnText(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

void Statement::BindRow(const Statement& from) {
  for (int i = 0; i < from.column_count(); ++i) {
    sqlite3_bind_value(statement_, i + 1, sqlite3_column_value(from.statement_, i));
  }
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  column_ = 0;
  sum_.Start(table_);
}

// --- Database -------------------------------------------------------------------------------------------------------

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, Mode mode) {
  const int access = mode == kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  sqlite3* db = nullptr;
  // Our statements of one connection are used by one thread at a time.
  const int code = sqlite3_open_v2(path.c_str(), &db,
                                   access | (mode == kCreate ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) {
    absl::Status status = absl::NotFoundError(absl::StrCat(path, ": ", sqlite3_errstr(code)));
    sqlite3_close(db);
    return status;
  }
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, kBusyMilliseconds);
  return std::unique_ptr<Database>(new Database(db));
}

Database::~Database() { sqlite3_close_v2(db_); }

absl::Status Database::Close() {
  const int code = sqlite3_close(db_);
  if (code != SQLITE_OK) return SqliteError(db_, code, "closing");
  db_ = nullptr;
  return absl::OkStatus();
}

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteError(db_, code, sql.substr(0, 60));
}

absl::StatusOr<int64_t> Database::QueryInt(absl::string_view sql) {
  Statement statement;
  SQS_RETURN_IF_ERROR(statement.Prepare(db_, "", sql));
  SQS_ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found) return absl::NotFoundError(sql);
  return statement.ReadInt();
}

absl::StatusOr<std::string> Database::QueryText(absl::string_view sql) {
  Statement statement;
  SQS_RETURN_IF_ERROR(statement.Prepare(db_, "", sql));
  SQS_ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found) return absl::NotFoundError(sql);
  return std::string(statement.ReadText());
}

absl::StatusOr<bool> Database::HasTable(absl::string_view name) {
  SQS_ASSIGN_OR_RETURN(
      const int64_t count,
      QueryInt(absl::StrCat("SELECT count(*) FROM sqlite_master WHERE type='table' AND name='", name, "'")));
  return count > 0;
}

absl::StatusOr<int> Database::Checkpoint() {
  int in_log = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
  if (code != SQLITE_OK) return SqliteError(db_, code, "checkpoint");
  return in_log - moved;
}

absl::Status Database::EmptyLog() {
  sqlite3_busy_timeout(db_, 0);
  const int code = sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(db_, kBusyMilliseconds);
  const absl::Status status = code == SQLITE_OK ? absl::OkStatus() : SqliteError(db_, code, "emptying the log");
  return absl::IsResourceExhausted(status) || absl::IsUnavailable(status) ? absl::OkStatus() : status;
}

absl::Status Database::CopyTo(Database& copy) {
  sqlite3_backup* backup = sqlite3_backup_init(copy.db_, "main", db_, "main");
  if (backup == nullptr) return SqliteError(copy.db_, sqlite3_errcode(copy.db_), "backup");
  sqlite3_backup_step(backup, -1);
  const int code = sqlite3_backup_finish(backup);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteError(copy.db_, code, "backup");
}

int Database::changes() const { return sqlite3_changes(db_); }

bool Database::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

}  // namespace sqs
