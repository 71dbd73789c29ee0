#include "engine/restorer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "api/limits.h"

namespace sqs {

void Restorer::Damaged(const char* table, uint64_t key) {
  if (status_.ok()) status_ = absl::DataLossError(absl::StrCat("damaged: table ", table, ", row ", key));
}

Queue* Restorer::QueueOf(QueueNumber number, const char* table) {
  if (last_queue_ != nullptr && last_queue_->number() == number) return last_queue_;
  Queue* queue = accounts_.FindQueue(number);
  if (queue == nullptr) {
    Damaged(table, number);
  } else {
    last_queue_ = queue;
  }
  return queue;
}

void Restorer::OnQueue(QueueRow row) {
  const QueueCreated created{row.name, row.config, std::move(row.tags), row.handle_key};
  Queue& queue = accounts_.RestoreQueue(row.number, created, row.created_at);
  queue.RestoreTimes(row.last_modified_at, row.purged_at);
  feed_.KnowQueue(queue);
  history_.KnowName(row.number, row.name);
}

void Restorer::OnCounters(const QueueCounters& row) {
  Queue* queue = QueueOf(row.queue, "queue_counters");
  if (queue == nullptr) return;
  queue->RestoreNextSequence(row.next_sequence);
  accounts_.RestoreRedrive(row.queue, {row.redriven_at, row.redriven_from});
  feed_.KnowNextSequence(row.queue, row.next_sequence);
}

void Restorer::OnMessage(MessageRow row, const MessageStateRow& state) {
  Queue* queue = QueueOf(row.queue, "messages");
  // Slots are as dense as the longest the queue ever was: one far out is no slot.
  constexpr uint32_t kSlotsMax = 1u << 30;
  if (queue == nullptr || row.place.slot >= kSlotsMax || queue->IsTaken(row.place.slot)) {
    return Damaged("messages", static_cast<uint64_t>(row.id));
  }
  Message message;
  message.sequence = row.place.sequence;
  message.payload =
      memory_limit_ == nullptr ? std::move(row.payload) : memory_limit_->OnRestored(row.queue, std::move(row.payload));
  message.state = static_cast<Message::State>(state.state);
  message.visible_at_ns = state.visible_at_ns;
  message.received_at_ns = state.received_at_ns;
  message.first_received_at_ns = state.first_received_at_ns;
  message.receive_count = state.receive_count;
  queue->RestoreMessage(row.place.slot, message, progress_.now);
  feed_.KnowMessage(row.queue, row.place, row.id);
  if (state.turn != 0) turns_.push_back({state.turn, queue, row.place.slot});
}

void Restorer::OnDuplicate(const DuplicateRow& row) {
  Queue* queue = QueueOf(row.queue, "duplicates");
  if (queue == nullptr) return;
  feed_.KnowDuplicate(row.queue, row.sequence);
  if (row.sent_at + kDeduplicationInterval <= progress_.now) return;
  queue->RestoreDuplicate(row.group_id, row.deduplication_id, {row.message_id, row.sequence, row.sent_at});
}

void Restorer::OnAttempt(const AttemptRow& row) {
  Queue* queue = QueueOf(row.queue, "receive_attempts");
  if (queue == nullptr) return;
  ReceiveAttempts::Attempt attempt{row.made_at, {}};
  for (const AttemptRow::Delivered& delivered : row.messages) {
    attempt.messages.push_back({delivered.place, delivered.receive_count, delivered.visible_at});
  }
  queue->RestoreAttempt(row.attempt_id, std::move(attempt));
}

void Restorer::OnTask(const TaskRow& row) {
  if (QueueOf(row.queue, "move_tasks") == nullptr) return;
  accounts_.RestoreTask(
      row.queue, {row.id, row.to_queue, row.destination_arn, row.max_per_second, row.to_move, row.started_at,
                  row.status, row.failure_reason, row.moved, row.next_step_at, row.paced_from, row.moved_since_paced});
}

void Restorer::OnTenant(const TenantRow& row) {
  Queue* queue = QueueOf(row.queue, "tenants");
  if (queue != nullptr) queue->RestoreLastSentAt(row.group_id, *row.last_sent_at);
}

void Restorer::OnDeletedName(const DeletedNameRow& row) {
  if (*row.deleted_at + kDeletedRecentlyInterval <= progress_.now) {
    feed_.ForgetName(row.name);
  } else {
    accounts_.RestoreDeletedName(row.name, *row.deleted_at);
  }
}

absl::Status Restorer::Finish() {
  std::sort(turns_.begin(), turns_.end(), [](const Turn& a, const Turn& b) { return a.turn < b.turn; });
  for (const Turn& turn : turns_) turn.queue->RestoreTurn(turn.slot, turn.turn);
  accounts_.FinishRestore();
  return status_;
}

}  // namespace sqs
