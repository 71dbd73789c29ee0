// What a commit says to SQLite.
#pragma once

#include "absl/status/status.h"
#include "store/sqlite.h"

namespace sqs {

// The statements of a commit, prepared once.
struct Statements {
  Statement progress, begin, commit;
  Statement remove_messages, remove_states, select_message, add_message, add_state, change_state;
  Statement remove_duplicates, add_duplicate, remove_attempts, add_attempt, remove_tasks, add_task;
  Statement add_counters, add_queue, remove_attributes, add_attribute, remove_tags, add_tag;
  Statement remove_tenant, add_tenant, remove_name, add_name;

  absl::Status Prepare(sqlite3* db);

  // Those that a tape may hold are known there by a number; null for any other.
  Statement* Numbered(int number);
  // Sets down on `tape` what they are told, instead of running; null: no longer.
  void RecordOn(Tape* tape);
};

}  // namespace sqs
