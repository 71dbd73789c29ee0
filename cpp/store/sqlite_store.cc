#include "store/sqlite_store.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/batch_writer.h"
#include "store/content_reader.h"
#include "store/journal.h"
#include "store/log_check.h"
#include "store/log_sync.h"
#include "store/owner_lock.h"
#include "store/row_codec.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/sqlite_load.h"
#include "store/structure.h"

namespace sqs {
namespace {

// Pages in the log after which they are moved to their places. More: longer bursts of writing, and a longer log to read
// after a crash; fewer: pages that change again and again are written to their places more often.
constexpr int kLogPagesMax = 2000;

// A file with more free bytes than this, and more than half of it free, is written anew when it is opened.
constexpr int64_t kFreeBytesMax = int64_t{16} << 20;

class SqliteStore : public Store {
 public:
  SqliteStore(std::string path, const SqliteOptions& options, std::unique_ptr<OwnerLock> lock)
      : path_(std::move(path)),
        durability_(options.durability),
        has_journal_(options.has_journal),
        lock_(std::move(lock)),
        reader_(path_) {}
  ~SqliteStore() override { Close().IgnoreError(); }

  absl::Status Open(uint64_t seed);

  const Identity& identity() const override { return identity_; }
  absl::Status Load(LoadSink& sink) override { return LoadRows(*db_, sink); }
  absl::Status Commit(const Batch& batch) override;
  absl::Status ReadContents(absl::Span<const RowChoice> rows, std::vector<PayloadPtr>* payloads) override {
    return reader_.Read(rows, payloads);
  }
  absl::Status Settle() override;
  bool is_tidy() const override { return journal_ == nullptr || journal_->empty(); }
  absl::Status Tidy() override;
  absl::Status Backup(const std::string& path) override { return BackupSqliteFile(path_, path); }
  absl::Status Close() override;

 private:
  absl::Status GiveBackFreePages();
  absl::Status BecomeOwner(uint64_t seed);
  absl::Status WriteOwner(uint64_t seed);
  absl::Status InTransaction(absl::FunctionRef<absl::Status()> write);

  const std::string path_;
  const Durability durability_;
  const bool has_journal_;
  std::unique_ptr<OwnerLock> lock_;
  std::unique_ptr<Database> db_;
  ContentReader reader_;
  std::unique_ptr<BatchWriter> writer_;
  std::unique_ptr<Journal> journal_;
  EngineRow engine_;  // As it was when it was opened, with this owner; then as the last commit has it.
  Identity identity_;
  int log_pages_ = 0;  // As SQLite says after each commit.
  int checkpoint_at_ = kLogPagesMax;
  std::unique_ptr<LogSync> log_sync_;  // kInterval only.
};

// --- Opening --------------------------------------------------------------------------------------------------------

absl::Status SqliteStore::Open(uint64_t seed) {
  // Before SQLite cuts the log off there.
  const absl::Status log = CheckLog(path_);
  if (durability_ == Durability::kCommit) SQS_RETURN_IF_ERROR(log);
  if (!log.ok()) std::fprintf(stderr, "localsqs: %s\n", std::string(log.message()).c_str());
  SQS_ASSIGN_OR_RETURN(db_, Database::Open(path_, Database::kCreate));
  // Before anything else: opening a file that has a log recovers it. Everything here is also right for a log that is
  // there already.
  SQS_RETURN_IF_ERROR(db_->Execute("PRAGMA journal_mode = WAL"));
  SQS_RETURN_IF_ERROR(
      db_->Execute(durability_ == Durability::kCommit ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
  // Checkpoints are ours (Settle): SQLite's own say nothing when they fail. And Debian's SQLite writes zeros over
  // whatever is deleted, unless told not to.
  SQS_RETURN_IF_ERROR(db_->Execute("PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = OFF"));
  SQS_RETURN_IF_ERROR(db_->Execute("PRAGMA cache_size = -16384"));
  SQS_RETURN_IF_ERROR(UpgradeSchema(*db_, SchemaSteps()));
  SQS_RETURN_IF_ERROR(db_->EmptyLog());
  SQS_RETURN_IF_ERROR(CheckStructure(*db_));
  sqlite3_wal_hook(
      db_->handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteStore*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  SQS_RETURN_IF_ERROR(BecomeOwner(seed));
  SQS_RETURN_IF_ERROR(GiveBackFreePages());
  writer_ = std::make_unique<BatchWriter>(*db_, path_);
  SQS_RETURN_IF_ERROR(writer_->Prepare());
  journal_ = std::make_unique<Journal>(*db_, *writer_, path_);
  SQS_RETURN_IF_ERROR(journal_->Prepare());
  lock_->Guard();
  if (durability_ == Durability::kInterval) log_sync_ = std::make_unique<LogSync>(db_->handle());
  return absl::OkStatus();
}

// Pages that a purge left free are used again, but never given back by themselves. Here, since what is left is read
// anyway: writing it costs about as much again, while closing should not take long. One transaction; without room for
// it or a place for temporary files, or beside somebody who writes, the file stays as it is.
absl::Status SqliteStore::GiveBackFreePages() {
  SQS_ASSIGN_OR_RETURN(const int64_t page_bytes, db_->QueryInt("PRAGMA page_size"));
  SQS_ASSIGN_OR_RETURN(const int64_t pages, db_->QueryInt("PRAGMA page_count"));
  SQS_ASSIGN_OR_RETURN(const int64_t free_pages, db_->QueryInt("PRAGMA freelist_count"));
  if (free_pages * 2 <= pages || free_pages * page_bytes <= kFreeBytesMax) return absl::OkStatus();
  absl::Status status = db_->Execute("VACUUM");
  if (status.ok()) status = db_->Checkpoint().status();
  const bool stays = absl::IsResourceExhausted(status) || absl::IsUnavailable(status) || absl::IsNotFound(status);
  return stays ? absl::OkStatus() : status;
}

absl::Status SqliteStore::BecomeOwner(uint64_t seed) {
  SQS_RETURN_IF_ERROR(db_->Execute("BEGIN IMMEDIATE"));
  absl::Status status = RecoverJournal(*db_);
  if (status.ok()) status = WriteOwner(seed);
  if (status.ok()) status = db_->Execute("COMMIT");
  if (!status.ok() && db_->in_transaction()) db_->Execute("ROLLBACK").IgnoreError();
  identity_ = {engine_.seed, engine_.epoch, engine_.progress};
  return status;
}

absl::Status SqliteStore::WriteOwner(uint64_t seed) {
  Statement read, write;
  SQS_RETURN_IF_ERROR(read.Prepare(db_->handle(), "engine", "SELECT * FROM engine"));
  SQS_ASSIGN_OR_RETURN(const bool is_there, read.Step());
  if (is_there) {
    SQS_RETURN_IF_ERROR(ReadEngine(read, &engine_));
  } else {
    SQS_ASSIGN_OR_RETURN(const int64_t queues, db_->QueryInt("SELECT count(*) FROM queues"));
    if (queues > 0) return absl::DataLossError("damaged: table engine is empty");
    engine_.seed = seed;
  }
  ++engine_.epoch;
  engine_.owner = ThisProcess();
  SQS_RETURN_IF_ERROR(write.Prepare(db_->handle(), "engine",
                                    absl::StrCat(InsertSql("engine", 8),
                                                 " ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, owner = "
                                                 "excluded.owner, checksum = excluded.checksum")));
  BindEngine(write, engine_);
  return write.Run();
}

// --- Committing -----------------------------------------------------------------------------------------------------

// A small one goes straight to the tables, and with it whatever the journal has.
absl::Status SqliteStore::Commit(const Batch& batch) {
  if (log_sync_ != nullptr) SQS_RETURN_IF_ERROR(log_sync_->status());
  EngineRow engine = engine_;
  engine.progress = batch.progress;
  const bool is_journaled = has_journal_ && journal_->Takes(batch);
  SQS_RETURN_IF_ERROR(InTransaction([&]() -> absl::Status {
    if (is_journaled) return journal_->Append(engine, engine_.progress.effect_count, batch);
    SQS_RETURN_IF_ERROR(journal_->Fold(engine));
    return writer_->Write(engine, batch);
  }));
  engine_ = std::move(engine);
  if (is_journaled) {
    journal_->Appended(batch);
  } else {
    journal_->Folded();
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::Tidy() {
  if (is_tidy()) return absl::OkStatus();
  SQS_RETURN_IF_ERROR(InTransaction([this] { return journal_->Fold(engine_); }));
  journal_->Folded();
  return absl::OkStatus();
}

absl::Status SqliteStore::InTransaction(absl::FunctionRef<absl::Status()> write) {
  Statements& statements = writer_->statements();
  absl::Status status = statements.begin.Run();
  if (status.ok()) status = write();
  if (status.ok()) status = statements.commit.Run();
  if (!status.ok() && db_->in_transaction()) db_->Execute("ROLLBACK").IgnoreError();
  if (status.ok() && log_sync_ != nullptr) log_sync_->Want();
  return status;
}

// A full disk leaves the pages in the log, where they are safe.
absl::Status SqliteStore::Settle() {
  if (log_pages_ < checkpoint_at_) return absl::OkStatus();
  const absl::StatusOr<int> left = db_->Checkpoint();
  // While somebody else reads, the log cannot begin anew and grows on.
  checkpoint_at_ = left.ok() && *left == 0 ? kLogPagesMax : log_pages_ + kLogPagesMax;
  if (left.ok() || absl::IsResourceExhausted(left.status()) || absl::IsUnavailable(left.status())) {
    return absl::OkStatus();
  }
  return left.status();
}

absl::Status SqliteStore::Close() {
  if (db_ == nullptr) return absl::OkStatus();
  log_sync_ = nullptr;
  reader_.Close();
  journal_ = nullptr;
  writer_ = nullptr;
  // Alone, SQLite moves everything from the log to its place and deletes the log.
  lock_->Unguard();
  const absl::Status status = db_->Close();
  db_ = nullptr;
  lock_ = nullptr;
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path, const SqliteOptions& options) {
  SQS_ASSIGN_OR_RETURN(std::unique_ptr<OwnerLock> lock, OwnerLock::Take(path));
  auto store = std::make_unique<SqliteStore>(path, options, std::move(lock));
  const absl::Status opened = store->Open(options.seed);
  if (opened.ok()) return std::unique_ptr<Store>(std::move(store));
  const std::string text(opened.message());
  return absl::Status(opened.code(), text.find(path) == std::string::npos ? absl::StrCat(path, ": ", text) : text);
}

// In one step, which is one read transaction: the engine commits on meanwhile.
absl::Status BackupSqliteFile(const std::string& path, const std::string& copy_path) {
  SQS_RETURN_IF_ERROR(CheckLogIfNobodyHasIt(path));
  SQS_ASSIGN_OR_RETURN(const auto source, Database::Open(path, Database::kReadOnly));
  SQS_ASSIGN_OR_RETURN(const int version, SchemaVersionOf(*source));
  if (version == 0) return absl::FailedPreconditionError(absl::StrCat(path, " is empty"));
  SQS_ASSIGN_OR_RETURN(const auto copy, Database::Open(copy_path, Database::kCreate));
  SQS_ASSIGN_OR_RETURN(const int64_t tables, copy->QueryInt("SELECT count(*) FROM sqlite_master"));
  if (tables > 0) return absl::AlreadyExistsError(absl::StrCat(copy_path, " is there already"));
  return source->CopyTo(*copy);
}

}  // namespace sqs
