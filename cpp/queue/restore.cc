// The way back from a store: what effects led to, without the effects.
#include <algorithm>
#include <utility>

#include "queue/queue.h"

namespace sqs {

void Queue::RestoreTimes(absl::Time last_modified_at, std::optional<absl::Time> purged_at) {
  last_modified_at_ = last_modified_at;
  purged_at_ = purged_at;
}

void Queue::RestoreNextSequence(uint64_t next_sequence) { next_sequence_ = std::max(next_sequence_, next_sequence); }

void Queue::RestoreMessage(uint32_t slot, const Message& stored, absl::Time now) {
  Message& message = messages_.Take(slot);
  message = Message();
  message.sequence = stored.sequence;
  message.payload = stored.payload;
  message.visible_at_ns = stored.visible_at_ns;
  message.received_at_ns = stored.received_at_ns;
  message.first_received_at_ns = stored.first_received_at_ns;
  message.receive_count = stored.receive_count;
  next_sequence_ = std::max(next_sequence_, stored.sequence + 1);
  retention_.Insert(messages_, slot);
  NoteEvent(message.payload->retained_from_ns() + retention_ns_);
  order_->Add(slot, message.payload->retained_from());
  if (stored.state == Message::kVisible || stored.visible_at_ns <= absl::ToUnixNanos(now)) {
    EnterVisible(slot);
    return;
  }
  // Hidden for the span it was first hidden for, as far as is known: those of one span share a list of timers.
  const int64_t hidden_at_ns =
      stored.state == Message::kInFlight ? stored.received_at_ns : message.payload->retained_from_ns();
  EnterHidden(slot, stored.state, stored.visible_at_ns, hidden_at_ns);
}

void Queue::RestoreDuplicate(absl::string_view group_id, absl::string_view deduplication_id,
                             const DeduplicationMemory::Entry& entry) {
  deduplication_.Add(group_id, deduplication_id, entry);
}

void Queue::RestoreAttempt(absl::string_view attempt_id, ReceiveAttempts::Attempt attempt) {
  attempts_.Add(attempt_id, std::move(attempt));
}

}  // namespace sqs
