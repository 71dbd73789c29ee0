#include "store/sqlite_store.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/content_reader.h"
#include "store/log_sync.h"
#include "store/owner_lock.h"
#include "store/row_codec.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/sqlite_load.h"
#include "store/statements.h"
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
  SqliteStore(std::string path, Durability durability, std::unique_ptr<OwnerLock> lock)
      : path_(std::move(path)), durability_(durability), lock_(std::move(lock)), reader_(path_) {}
  ~SqliteStore() override { Close().IgnoreError(); }

  absl::Status Open(uint64_t seed);

  const Identity& identity() const override { return identity_; }
  absl::Status Load(LoadSink& sink) override { return LoadRows(*db_, sink); }
  absl::Status Commit(const Batch& batch) override;
  absl::Status ReadContents(absl::Span<const RowChoice> rows, std::vector<PayloadPtr>* payloads) override {
    return reader_.Read(rows, payloads);
  }
  absl::Status Settle() override;
  absl::Status Backup(const std::string& path) override { return BackupSqliteFile(path_, path); }
  absl::Status Close() override;

 private:
  absl::Status GiveBackFreePages();
  absl::Status BecomeOwner(uint64_t seed);
  absl::Status WriteOwner(uint64_t seed);
  absl::Status Write(const Batch& batch);
  absl::Status MoveMessages(const Batch& batch);
  absl::Status RemoveMessages(absl::Span<const int64_t> ids);
  absl::Status Remove(const Batch& batch);
  absl::Status WriteQueues(const Batch& batch);
  absl::Status WriteMessages(const Batch& batch);
  absl::Status WriteMemory(const Batch& batch);

  const std::string path_;
  const Durability durability_;
  std::unique_ptr<OwnerLock> lock_;
  std::unique_ptr<Database> db_;
  ContentReader reader_;
  Statements statements_;
  EngineRow engine_;  // As it was when it was opened, with this owner; then as the last commit has it.
  Identity identity_;
  int log_pages_ = 0;  // As SQLite says after each commit.
  int checkpoint_at_ = kLogPagesMax;
  std::unique_ptr<LogSync> log_sync_;  // kInterval only.
  std::string scratch_;
};

// --- Opening --------------------------------------------------------------------------------------------------------

absl::Status SqliteStore::Open(uint64_t seed) {
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
  SQS_RETURN_IF_ERROR(CheckStructure(*db_));
  SQS_RETURN_IF_ERROR(GiveBackFreePages());
  sqlite3_wal_hook(
      db_->handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteStore*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  SQS_RETURN_IF_ERROR(BecomeOwner(seed));
  SQS_RETURN_IF_ERROR(statements_.Prepare(db_->handle()));
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
  absl::Status status = WriteOwner(seed);
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

absl::Status SqliteStore::Commit(const Batch& batch) {
  if (log_sync_ != nullptr) SQS_RETURN_IF_ERROR(log_sync_->status());
  absl::Status status = statements_.begin.Run();
  if (status.ok()) status = Write(batch);
  if (status.ok()) status = statements_.commit.Run();
  if (!status.ok() && db_->in_transaction()) db_->Execute("ROLLBACK").IgnoreError();
  if (status.ok() && log_sync_ != nullptr) log_sync_->Want();
  return status;
}

absl::Status SqliteStore::Write(const Batch& batch) {
  engine_.progress = batch.progress;
  BindEngine(statements_.progress, engine_);
  SQS_RETURN_IF_ERROR(statements_.progress.Run());
  if (db_->changes() != 1) {
    return absl::AbortedError(absl::StrCat(path_, ": another engine has become the owner of the file"));
  }
  SQS_RETURN_IF_ERROR(MoveMessages(batch));
  SQS_RETURN_IF_ERROR(Remove(batch));
  SQS_RETURN_IF_ERROR(WriteQueues(batch));
  SQS_RETURN_IF_ERROR(WriteMessages(batch));
  return WriteMemory(batch);
}

absl::Status SqliteStore::MoveMessages(const Batch& batch) {
  for (const MessageRow& moved : batch.moved_messages) {
    PayloadPtr content;
    SQS_RETURN_IF_ERROR(ReadPayload(statements_.select_message, moved.content_row, &content));
    if (!content || content->body_md5() != moved.payload->body_md5()) {
      return absl::DataLossError(absl::StrCat(path_, ": damaged: table messages, id ", moved.content_row));
    }
    MessageRow row = moved;
    row.payload = PayloadPtr::WithContent(*moved.payload, *content);
    BindMessage(statements_.add_message, row, &scratch_);
    SQS_RETURN_IF_ERROR(statements_.add_message.Run());
  }
  return absl::OkStatus();
}

// What was sent together is mostly deleted together: a statement removes all messages whose ids follow each other.
absl::Status SqliteStore::RemoveMessages(absl::Span<const int64_t> ids) {
  for (size_t first = 0, end = 0; first < ids.size(); first = end) {
    do ++end;
    while (end < ids.size() && ids[end] == ids[end - 1] + 1);
    for (Statement* remove : {&statements_.remove_messages, &statements_.remove_states}) {
      SQS_RETURN_IF_ERROR(remove->Int(ids[first]).Int(ids[end - 1]).Run());
    }
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::Remove(const Batch& batch) {
  SQS_RETURN_IF_ERROR(RemoveMessages(batch.removed_messages));
  for (const ForgottenDuplicates& forgotten : batch.forgotten_duplicates) {
    SQS_RETURN_IF_ERROR(statements_.remove_duplicates.Int(static_cast<int64_t>(forgotten.queue))
                            .Int(static_cast<int64_t>(forgotten.before_sequence))
                            .Run());
  }
  for (const ForgottenAttempts& forgotten : batch.forgotten_attempts) {
    SQS_RETURN_IF_ERROR(statements_.remove_attempts.Int(static_cast<int64_t>(forgotten.queue))
                            .Int(absl::ToUnixNanos(forgotten.up_to))
                            .Run());
  }
  for (QueueNumber queue : batch.removed_queues) {
    for (const char* table : {"queue_attributes", "queue_tags", "queue_counters", "duplicates", "receive_attempts",
                              "move_tasks", "tenants"}) {
      SQS_RETURN_IF_ERROR(db_->Execute(absl::StrCat("DELETE FROM ", table, " WHERE queue = ", queue)));
    }
    SQS_RETURN_IF_ERROR(db_->Execute(absl::StrCat("DELETE FROM queues WHERE number = ", queue)));
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::WriteQueues(const Batch& batch) {
  for (const QueueRow& row : batch.queues) {
    const auto number = static_cast<int64_t>(row.number);
    BindQueue(statements_.add_queue, row);
    SQS_RETURN_IF_ERROR(statements_.add_queue.Run());
    SQS_RETURN_IF_ERROR(statements_.remove_attributes.Int(number).Run());
    SQS_RETURN_IF_ERROR(statements_.remove_tags.Int(number).Run());
    const StringMap attributes = AttributeTexts(*row.config);
    for (const auto& [name, value] : attributes) {
      BindAttribute(statements_.add_attribute, row.number, name, value);
      SQS_RETURN_IF_ERROR(statements_.add_attribute.Run());
    }
    for (size_t i = 0; i < row.tags.size(); ++i) {
      BindTag(statements_.add_tag, row.number, static_cast<int64_t>(i), row.tags[i].first, row.tags[i].second);
      SQS_RETURN_IF_ERROR(statements_.add_tag.Run());
    }
  }
  for (const QueueCounters& row : batch.counters) {
    BindCounters(statements_.add_counters, row);
    SQS_RETURN_IF_ERROR(statements_.add_counters.Run());
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::WriteMessages(const Batch& batch) {
  for (const MessageRow& row : batch.new_messages) {
    BindMessage(statements_.add_message, row, &scratch_);
    SQS_RETURN_IF_ERROR(statements_.add_message.Run());
  }
  for (const MessageStateRow& row : batch.new_states) {
    BindState(statements_.add_state, row);
    SQS_RETURN_IF_ERROR(statements_.add_state.Run());
  }
  for (const MessageStateRow& row : batch.changed_states) {
    BindState(statements_.change_state, row);
    SQS_RETURN_IF_ERROR(statements_.change_state.Run());
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::WriteMemory(const Batch& batch) {
  for (const DuplicateRow& row : batch.duplicates) {
    BindDuplicate(statements_.add_duplicate, row);
    SQS_RETURN_IF_ERROR(statements_.add_duplicate.Run());
  }
  for (const AttemptRow& row : batch.attempts) {
    BindAttempt(statements_.add_attempt, row, &scratch_);
    SQS_RETURN_IF_ERROR(statements_.add_attempt.Run());
  }
  for (QueueNumber queue : batch.queues_with_tasks) {
    SQS_RETURN_IF_ERROR(statements_.remove_tasks.Int(static_cast<int64_t>(queue)).Run());
  }
  for (const TaskRow& row : batch.tasks) {
    BindTask(statements_.add_task, row);
    SQS_RETURN_IF_ERROR(statements_.add_task.Run());
  }
  for (const TenantRow& row : batch.tenants) {
    const bool is_there = row.last_sent_at.has_value();
    Statement& statement = is_there ? statements_.add_tenant : statements_.remove_tenant;
    if (is_there) {
      BindTenant(statement, row);
    } else {
      statement.Int(static_cast<int64_t>(row.queue)).Text(row.group_id);
    }
    SQS_RETURN_IF_ERROR(statement.Run());
  }
  for (const DeletedNameRow& row : batch.deleted_names) {
    const bool is_there = row.deleted_at.has_value();
    Statement& statement = is_there ? statements_.add_name : statements_.remove_name;
    if (is_there) {
      BindDeletedName(statement, row);
    } else {
      statement.Text(row.name.region).Text(row.name.account).Text(row.name.name);
    }
    SQS_RETURN_IF_ERROR(statement.Run());
  }
  return absl::OkStatus();
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
  statements_ = Statements();
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
  auto store = std::make_unique<SqliteStore>(path, options.durability, std::move(lock));
  const absl::Status opened = store->Open(options.seed);
  if (opened.ok()) return std::unique_ptr<Store>(std::move(store));
  const std::string text(opened.message());
  return absl::Status(opened.code(), text.find(path) == std::string::npos ? absl::StrCat(path, ": ", text) : text);
}

// In one step, which is one read transaction: the engine commits on meanwhile.
absl::Status BackupSqliteFile(const std::string& path, const std::string& copy_path) {
  SQS_ASSIGN_OR_RETURN(const auto source, Database::Open(path, Database::kReadOnly));
  SQS_ASSIGN_OR_RETURN(const int version, SchemaVersionOf(*source));
  if (version == 0) return absl::FailedPreconditionError(absl::StrCat(path, " is empty"));
  SQS_ASSIGN_OR_RETURN(const auto copy, Database::Open(copy_path, Database::kCreate));
  SQS_ASSIGN_OR_RETURN(const int64_t tables, copy->QueryInt("SELECT count(*) FROM sqlite_master"));
  if (tables > 0) return absl::AlreadyExistsError(absl::StrCat(copy_path, " is there already"));
  sqlite3_backup* backup = sqlite3_backup_init(copy->handle(), "main", source->handle(), "main");
  if (backup == nullptr) return SqliteError(copy->handle(), sqlite3_errcode(copy->handle()), "backup");
  sqlite3_backup_step(backup, -1);
  const int code = sqlite3_backup_finish(backup);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteError(copy->handle(), code, "backup");
}

}  // namespace sqs
