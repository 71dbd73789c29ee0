#include "store/schema.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace sqs {
namespace {

// Plain SQL: whole numbers of 64 bits, text, bytes. Keys are the only indexes: the engine looks up in memory.
constexpr char kVersion1[] = R"sql(
CREATE TABLE format (
  version INTEGER NOT NULL
);
INSERT INTO format (version) VALUES (0);

CREATE TABLE engine (
  id INTEGER NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  owner TEXT NOT NULL,
  seed INTEGER NOT NULL,
  now INTEGER NOT NULL,
  effect_count INTEGER NOT NULL,
  next_queue INTEGER NOT NULL
);

CREATE TABLE queues (
  number INTEGER NOT NULL PRIMARY KEY,
  region TEXT NOT NULL,
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  handle_key BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  last_modified_at INTEGER NOT NULL,
  purged_at INTEGER,
  checksum INTEGER NOT NULL
);

CREATE TABLE queue_attributes (
  queue INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (queue, name)
);

CREATE TABLE queue_tags (
  queue INTEGER NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (queue, position)
);

CREATE TABLE queue_counters (
  queue INTEGER NOT NULL PRIMARY KEY,
  next_sequence INTEGER NOT NULL,
  redriven_at INTEGER,
  redriven_from INTEGER NOT NULL,
  checksum INTEGER NOT NULL
);

CREATE TABLE messages (
  id INTEGER NOT NULL PRIMARY KEY,
  queue INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  retained_from INTEGER NOT NULL,
  body_md5 BLOB NOT NULL,
  body TEXT NOT NULL,
  message_attributes BLOB,
  group_id TEXT,
  deduplication_id TEXT,
  sender_id TEXT,
  trace_header TEXT,
  dead_letter_source_arn TEXT,
  sent_at INTEGER,
  receives_before INTEGER,
  checksum INTEGER NOT NULL
);

CREATE TABLE message_states (
  id INTEGER NOT NULL PRIMARY KEY,
  state INTEGER NOT NULL,
  visible_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  first_received_at INTEGER NOT NULL,
  receive_count INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  checksum INTEGER NOT NULL
);

CREATE TABLE duplicates (
  queue INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  group_id TEXT NOT NULL,
  deduplication_id TEXT NOT NULL,
  message_id BLOB NOT NULL,
  sent_at INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (queue, sequence)
);

CREATE TABLE receive_attempts (
  queue INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  attempt_id TEXT NOT NULL,
  messages BLOB NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (queue, made_at, attempt_id)
);

CREATE TABLE move_tasks (
  queue INTEGER NOT NULL,
  position INTEGER NOT NULL,
  task_id BLOB NOT NULL,
  to_queue INTEGER NOT NULL,
  destination_arn TEXT NOT NULL,
  max_per_second INTEGER,
  to_move INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  status INTEGER NOT NULL,
  failure_reason TEXT NOT NULL,
  moved INTEGER NOT NULL,
  next_step_at INTEGER NOT NULL,
  paced_from INTEGER NOT NULL,
  moved_since_paced INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (queue, position)
);

CREATE TABLE tenants (
  queue INTEGER NOT NULL,
  group_id TEXT NOT NULL,
  last_sent_at INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (queue, group_id)
);

CREATE TABLE deleted_names (
  region TEXT NOT NULL,
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  deleted_at INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (region, account, name)
);
)sql";

// Absent until the first engine writes its row, in the same moment.
constexpr char kVersion2[] = "ALTER TABLE engine ADD COLUMN checksum INTEGER;";

constexpr char kVersion3[] = R"sql(
CREATE TABLE journal (
  position INTEGER NOT NULL PRIMARY KEY,
  follows INTEGER NOT NULL,
  reaches INTEGER NOT NULL,
  changes BLOB NOT NULL,
  checksum INTEGER NOT NULL
);
)sql";

constexpr SchemaStep kSteps[] = {{1, kVersion1}, {2, kVersion2}, {3, kVersion3}};
static_assert(kSteps[std::size(kSteps) - 1].version == kSchemaVersion);

}  // namespace

absl::Span<const SchemaStep> SchemaSteps() { return kSteps; }

absl::StatusOr<int> SchemaVersionOf(Database& db) {
  SQS_ASSIGN_OR_RETURN(const bool has_format, db.HasTable("format"));
  if (has_format) {
    SQS_ASSIGN_OR_RETURN(const int64_t version, db.QueryInt("SELECT version FROM format"));
    return static_cast<int>(version);
  }
  SQS_ASSIGN_OR_RETURN(const int64_t tables, db.QueryInt("SELECT count(*) FROM sqlite_master"));
  if (tables > 0) return absl::FailedPreconditionError("an SQLite file, but not one of localsqs");
  return 0;
}

absl::Status UpgradeSchema(Database& db, absl::Span<const SchemaStep> steps) {
  SQS_RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE"));
  const absl::Status status = [&]() -> absl::Status {
    SQS_ASSIGN_OR_RETURN(const int version, SchemaVersionOf(db));
    if (version > steps.back().version) {
      return absl::FailedPreconditionError(
          absl::StrCat("the file has version ", version, " of the format, this localsqs knows up to ",
                       steps.back().version, ": open it with the localsqs that wrote it, or a later one"));
    }
    for (const SchemaStep& step : steps) {
      if (step.version <= version) continue;
      SQS_RETURN_IF_ERROR(db.Execute(step.sql));
      SQS_RETURN_IF_ERROR(db.Execute(absl::StrCat("UPDATE format SET version = ", step.version)));
    }
    return db.Execute("COMMIT");
  }();
  if (!status.ok() && db.in_transaction()) db.Execute("ROLLBACK").IgnoreError();
  return status;
}

}  // namespace sqs
