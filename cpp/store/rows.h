// The rows of the store: what there is to know of queues and messages after a restart (FORMAT.md has the tables).
//
// A row is the state that effects have led to, not the effects: a file does not grow with what happened, only with what
// is there. Instants that are plain numbers are nanoseconds since the epoch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "api/effects.h"

namespace sqs {

struct QueueRow {
  QueueNumber number = 0;
  std::shared_ptr<const QueueName> name;
  SipHashKey handle_key{};
  absl::Time created_at;
  absl::Time last_modified_at;
  std::optional<absl::Time> purged_at;
  std::shared_ptr<const QueueConfig> config;
  StringMap tags;
};

// What changes in a queue with every message that arrives.
struct QueueCounters {
  QueueNumber queue = 0;
  uint64_t next_sequence = 0;
  // What move tasks brought at the last instant at which they brought anything: from this sequence on.
  absl::Time redriven_at = absl::InfinitePast();
  uint64_t redriven_from = 0;
};

// What never changes of a message in its queue. `id` numbers the messages of a file in order of arrival.
struct MessageRow {
  int64_t id = 0;
  QueueNumber queue = 0;
  MessagePlace place;
  PayloadPtr payload;
  int64_t content_row = 0;  // In a batch, of a message that came without its content: the row that has it.
};

// What does change.
struct MessageStateRow {
  int64_t id = 0;
  int state = 0;  // Message::State
  int64_t visible_at_ns = 0;
  int64_t received_at_ns = 0;
  int64_t first_received_at_ns = 0;
  uint32_t receive_count = 0;
  // FIFO, the first message of a group that can be received from: the group's turn, lowest first. Else 0.
  uint64_t turn = 0;
};

// A send that the deduplication memory knows.
struct DuplicateRow {
  QueueNumber queue = 0;
  uint64_t sequence = 0;
  std::string group_id;
  std::string deduplication_id;
  Uuid message_id;
  absl::Time sent_at;
};

// The answer that a ReceiveRequestAttemptId got.
struct AttemptRow {
  struct Delivered {
    MessagePlace place;
    uint32_t receive_count = 0;
    absl::Time visible_at;
  };
  QueueNumber queue = 0;
  std::string attempt_id;
  absl::Time made_at;
  std::vector<Delivered> messages;
};

struct TaskRow {
  QueueNumber queue = 0;  // The source.
  int64_t position = 0;   // Among the tasks of the queue, the oldest first.
  Uuid id;
  QueueNumber to_queue = 0;
  std::string destination_arn;
  std::optional<int64_t> max_per_second;
  int64_t to_move = 0;
  absl::Time started_at;
  MoveTaskStatus status = MoveTaskStatus::kRunning;
  std::string failure_reason;
  int64_t moved = 0;
  absl::Time next_step_at;
  absl::Time paced_from;
  int64_t moved_since_paced = 0;
};

// A tenant of a fair queue: a message group of a standard queue.
struct TenantRow {
  QueueNumber queue = 0;
  std::string group_id;
  std::optional<absl::Time> last_sent_at;  // In a batch, absent: it has no messages left.
};

// A name that may not be used again for 60 seconds.
struct DeletedNameRow {
  QueueName name;
  std::optional<absl::Time> deleted_at;  // In a batch, absent: it may.
};

// How far the engine is.
struct Progress {
  absl::Time now = absl::UnixEpoch();
  uint64_t effect_count = 0;
  QueueNumber next_queue = 1;
};

// Whose file it is.
struct EngineRow {
  int64_t epoch = 0;  // How often it was opened.
  std::string owner;  // The last process.
  uint64_t seed = 0;  // Of the engine that made it.
  Progress progress;
};

// Everything of a queue below these is to be forgotten.
struct ForgottenDuplicates {
  QueueNumber queue = 0;
  uint64_t before_sequence = 0;
};
struct ForgottenAttempts {
  QueueNumber queue = 0;
  absl::Time up_to;
};

// The changes between one commit and the next. Applied in the order of the members: what is removed goes first.
struct Batch {
  Progress progress;
  // New ones without their content, which is taken from rows that are there, and perhaps removed in the same batch.
  std::vector<MessageRow> moved_messages;
  std::vector<QueueNumber> removed_queues;  // Their messages are in `removed_messages`.
  std::vector<int64_t> removed_messages;
  std::vector<ForgottenDuplicates> forgotten_duplicates;
  std::vector<ForgottenAttempts> forgotten_attempts;
  std::vector<QueueRow> queues;
  std::vector<QueueCounters> counters;
  std::vector<MessageRow> new_messages;     // In order of id.
  std::vector<MessageStateRow> new_states;  // Theirs, and of those that were moved.
  std::vector<MessageStateRow> changed_states;
  std::vector<DuplicateRow> duplicates;
  std::vector<AttemptRow> attempts;
  std::vector<QueueNumber> queues_with_tasks;  // Whose tasks are all in `tasks`.
  std::vector<TaskRow> tasks;
  std::vector<TenantRow> tenants;
  std::vector<DeletedNameRow> deleted_names;
};

}  // namespace sqs
