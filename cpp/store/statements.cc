#include "store/statements.h"

#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/content_reader.h"
#include "store/row_codec.h"
#include "store/schema.h"

namespace sqs {
namespace {

// An INSERT that takes the place of a row with the same key. (PostgreSQL says it the same way.)
std::string UpsertSql(absl::string_view table, int columns, absl::string_view key, absl::string_view assignments) {
  return absl::StrCat(InsertSql(table, columns), " ON CONFLICT (", key, ") DO UPDATE SET ", assignments);
}

}  // namespace

absl::Status Statements::Prepare(sqlite3* db) {
  struct Row {
    Statement* statement;
    const char* table;
    std::string sql;
  };
  const Row rows[] = {
      {&begin, "", "BEGIN IMMEDIATE"},
      {&commit, "", "COMMIT"},
      {&progress, "engine",
       "UPDATE engine SET owner = ?3, seed = ?4, now = ?5, effect_count = ?6, next_queue = ?7, checksum = ?8 "
       "WHERE id = ?1 AND epoch = ?2"},
      {&remove_messages, "messages", "DELETE FROM messages WHERE id BETWEEN ?1 AND ?2"},
      {&remove_states, "message_states", "DELETE FROM message_states WHERE id BETWEEN ?1 AND ?2"},
      {&select_message, "messages", kSelectMessage},
      {&add_message, "messages", InsertSql("messages", 17)},
      {&add_state, "message_states", InsertSql("message_states", 8)},
      {&change_state, "message_states",
       "UPDATE message_states SET state = ?2, visible_at = ?3, received_at = ?4, first_received_at = ?5, "
       "receive_count = ?6, turn = ?7, checksum = ?8 WHERE id = ?1"},
      {&remove_duplicates, "duplicates", "DELETE FROM duplicates WHERE queue = ?1 AND sequence < ?2"},
      {&add_duplicate, "duplicates", InsertSql("duplicates", 7)},
      {&remove_attempts, "receive_attempts", "DELETE FROM receive_attempts WHERE queue = ?1 AND made_at <= ?2"},
      {&add_attempt, "receive_attempts",
       UpsertSql("receive_attempts", 5, "queue, made_at, attempt_id",
                 "messages = excluded.messages, checksum = excluded.checksum")},
      {&remove_tasks, "move_tasks", "DELETE FROM move_tasks WHERE queue = ?1"},
      {&add_task, "move_tasks", InsertSql("move_tasks", 15)},
      {&add_counters, "queue_counters",
       UpsertSql("queue_counters", 5, "queue",
                 "next_sequence = excluded.next_sequence, redriven_at = excluded.redriven_at, redriven_from = "
                 "excluded.redriven_from, checksum = excluded.checksum")},
      {&add_queue, "queues",
       UpsertSql("queues", 9, "number",
                 "last_modified_at = excluded.last_modified_at, purged_at = excluded.purged_at, checksum = "
                 "excluded.checksum")},
      {&remove_attributes, "queue_attributes", "DELETE FROM queue_attributes WHERE queue = ?1"},
      {&add_attribute, "queue_attributes", InsertSql("queue_attributes", 4)},
      {&remove_tags, "queue_tags", "DELETE FROM queue_tags WHERE queue = ?1"},
      {&add_tag, "queue_tags", InsertSql("queue_tags", 5)},
      {&remove_tenant, "tenants", "DELETE FROM tenants WHERE queue = ?1 AND group_id = ?2"},
      {&add_tenant, "tenants",
       UpsertSql("tenants", 4, "queue, group_id",
                 "last_sent_at = excluded.last_sent_at, checksum = excluded.checksum")},
      {&remove_name, "deleted_names", "DELETE FROM deleted_names WHERE region = ?1 AND account = ?2 AND name = ?3"},
      {&add_name, "deleted_names",
       UpsertSql("deleted_names", 5, "region, account, name",
                 "deleted_at = excluded.deleted_at, checksum = excluded.checksum")},
  };
  for (const Row& row : rows) SQS_RETURN_IF_ERROR(row.statement->Prepare(db, row.table, row.sql));
  return absl::OkStatus();
}

// In files: a number never means anything else (FORMAT.md, "The journal").
Statement* Statements::Numbered(int number) {
  Statement* const numbered[] = {&progress,     &remove_messages,   &remove_states, &add_message, &add_state,
                                 &change_state, &remove_duplicates, &add_duplicate, &add_counters};
  return number >= 1 && number <= static_cast<int>(std::size(numbered)) ? numbered[number - 1] : nullptr;
}

void Statements::RecordOn(Tape* tape) {
  for (int number = 1; Statement* const statement = Numbered(number); ++number) statement->RecordOn(tape, number);
}

}  // namespace sqs
