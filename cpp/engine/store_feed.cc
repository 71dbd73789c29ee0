#include "engine/store_feed.h"

#include <algorithm>
#include <type_traits>

#include "api/limits.h"

namespace sqs {
namespace {

QueueRow RowOf(const Queue& queue) {
  return {queue.number(),
          std::make_shared<const QueueName>(queue.name()),
          queue.handle_key(),
          queue.created_at(),
          queue.last_modified_at(),
          queue.purged_at(),
          std::make_shared<const QueueConfig>(queue.config()),
          queue.tags()};
}

TaskRow RowOf(QueueNumber queue, int64_t position, const MoveTask& task) {
  return {queue,
          position,
          task.id,
          task.to_queue,
          task.destination_arn,
          task.max_per_second,
          task.to_move,
          task.started_at,
          task.status,
          task.failure_reason,
          task.moved,
          task.next_step_at,
          task.paced_from,
          task.moved_since_paced};
}

MessageStateRow StateOf(int64_t id, const Queue& queue, uint32_t slot, const Message& message) {
  return {id,
          message.state,
          message.visible_at_ns,
          message.received_at_ns,
          message.first_received_at_ns,
          message.receive_count,
          queue.order().TurnOf(slot)};
}

}  // namespace

// --- Noting ---------------------------------------------------------------------------------------------------------

void StoreFeed::Note(const Accounts& accounts, absl::Span<const Effect> effects,
                     absl::Span<const Accounts::BecameVisible> became_visible) {
  for (const Effect& effect : effects) {
    std::visit([&](const auto& kind) { NoteKind(accounts, effect, kind); }, effect.kind);
  }
  // A group whose first message becomes visible gets its turn, which does not follow from anything else.
  for (const Accounts::BecameVisible& visible : became_visible) {
    const auto found = queues_.find(visible.queue);
    if (found == queues_.end() || !found->second->fifo) continue;
    const Queue* queue = accounts.FindQueue(visible.queue);
    if (queue != nullptr && queue->Find(visible.place) != nullptr) Touched(visible.queue, visible.place);
  }
}

template <class Kind>
void StoreFeed::NoteKind(const Accounts& accounts, const Effect& effect, const Kind& kind) {
  const QueueNumber number = effect.queue;
  if constexpr (std::is_same_v<Kind, ReceivedNothing> || std::is_same_v<Kind, SentDuplicate> ||
                std::is_same_v<Kind, DeleteIgnored>) {
    return;
  }
  has_changes_ = true;
  if constexpr (std::is_same_v<Kind, Sent>) {
    Arrived(number, kind.place, kind.payload);
    AddDuplicate(effect, number, kind.place, *kind.payload);
  } else if constexpr (std::is_same_v<Kind, Received> || std::is_same_v<Kind, VisibilityChanged> ||
                       std::is_same_v<Kind, Undelivered>) {
    Touched(number, kind.place);
    if (MarksOf(number).fifo) NoteGroup(number, kind.payload);
  } else if constexpr (std::is_same_v<Kind, Deleted> || std::is_same_v<Kind, Expired>) {
    Gone(number, kind.place, kind.payload);
  } else if constexpr (std::is_same_v<Kind, Moved>) {
    Moving(number, kind.place, *kind.payload);
    Gone(number, kind.place, kind.payload);
    Arrived(kind.to_queue, kind.to_place, kind.payload);
  } else if constexpr (std::is_same_v<Kind, Redriven>) {
    if (kind.to_queue != 0) Moving(number, kind.place, *kind.payload);
    Gone(number, kind.place, kind.payload);
    tasks_.insert(number);
    if (kind.to_queue == 0) return;
    Arrived(kind.to_queue, kind.to_place, kind.payload);
    AddDuplicate(effect, kind.to_queue, kind.to_place, *kind.payload);
  } else if constexpr (std::is_same_v<Kind, ReceiveAttempted>) {
    attempts_.emplace_back(number, kind.attempt_id);
  } else if constexpr (std::is_same_v<Kind, MoveTaskStarted> || std::is_same_v<Kind, MoveTaskChanged>) {
    tasks_.insert(number);
  } else if constexpr (std::is_same_v<Kind, QueueCreated>) {
    NoteCreated(number, kind);
  } else if constexpr (std::is_same_v<Kind, QueueDeleted>) {
    NoteDeleted(number);
  } else if constexpr (std::is_same_v<Kind, QueuePurged>) {
    NotePurged(number);
  } else {  // QueueConfigured, QueueTagged, QueueUntagged
    dirty_queues_.insert(number);
    if constexpr (std::is_same_v<Kind, QueueConfigured>) NoteDelay(number, kind, accounts.FindQueue(number));
  }
}

void StoreFeed::NoteCreated(QueueNumber number, const QueueCreated& created) {
  auto& marks = queues_[number] = std::make_unique<QueueMarks>();
  marks->name = created.name;
  marks->fifo = created.config->fifo;
  marks->delay_seconds = created.config->delay_seconds;
  dirty_queues_.insert(number);
  NoteCounters(number, *marks);
  names_.insert(*created.name);
}

void StoreFeed::NoteDeleted(QueueNumber number) {
  QueueMarks& marks = MarksOf(number);
  AllGone(marks);
  if (marks.is_stored) removed_queues_.push_back(number);
  names_.insert(*marks.name);
  dirty_queues_.erase(number);
  last_queue_ = 0;
  queues_.erase(number);
}

void StoreFeed::NotePurged(QueueNumber number) {
  QueueMarks& marks = MarksOf(number);
  AllGone(marks);
  dirty_queues_.insert(number);
  if (!marks.fifo) return;
  const auto of_this = [number](const DuplicateRow& row) { return row.queue == number; };
  duplicates_.erase(std::remove_if(duplicates_.begin(), duplicates_.end(), of_this), duplicates_.end());
  // Sequences that the queue gave out after this effect are not among them: they are looked at one effect at a time.
  forgotten_duplicates_.push_back({number, marks.next_sequence});
}

// A FIFO queue's delay applies to the messages that are there, too.
void StoreFeed::NoteDelay(QueueNumber number, const QueueConfigured& configured, const Queue* queue) {
  QueueMarks& marks = MarksOf(number);
  if (std::exchange(marks.delay_seconds, configured.config->delay_seconds) == configured.config->delay_seconds) return;
  if (marks.fifo && queue != nullptr) TouchAll(*queue);
}

void StoreFeed::NoteTurns(const Accounts& accounts) {
  for (const Queue* queue : accounts.queues()) {
    if (queue->fifo()) TouchAll(*queue);
  }
}

StoreFeed::QueueMarks& StoreFeed::MarksOf(QueueNumber queue) {
  if (queue != last_queue_ || last_marks_ == nullptr) {
    last_marks_ = queues_.at(queue).get();
    last_queue_ = queue;
  }
  return *last_marks_;
}

void StoreFeed::Arrived(QueueNumber queue, MessagePlace place, const PayloadPtr& payload) {
  QueueMarks& marks = MarksOf(queue);
  if (marks.messages.size() <= place.slot) {
    marks.messages.resize(std::max<size_t>(place.slot + size_t{1}, marks.messages.size() * 2));
  }
  Mark& mark = marks.messages[place.slot];
  mark.id = next_id_;
  mark.is_stored = false;
  mark.is_dirty = true;
  dirty_.push_back({queue, place, next_id_++});
  marks.next_sequence = place.sequence + 1;
  NoteCounters(queue, marks);
  NoteGroup(queue, payload);
}

void StoreFeed::Touched(QueueNumber queue, MessagePlace place) {
  QueueMarks& marks = MarksOf(queue);
  if (marks.messages.size() <= place.slot) return;
  Mark& mark = marks.messages[place.slot];
  if (mark.id == 0 || mark.is_dirty) return;
  mark.is_dirty = true;
  dirty_.push_back({queue, place, mark.id});
}

void StoreFeed::Gone(QueueNumber queue, MessagePlace place, const PayloadPtr& payload) {
  Mark& mark = MarksOf(queue).messages[place.slot];
  Forget(mark);
  NoteGroup(queue, payload);
}

void StoreFeed::Forget(Mark& mark) {
  if (mark.is_stored) {
    removed_.push_back(mark.id);
  } else if (!content_rows_.empty()) {
    content_rows_.erase(mark.id);
  }
  mark = Mark();
}

// Before the message leaves `place`, and the next Arrived: if it takes no content along, where that is.
void StoreFeed::Moving(QueueNumber queue, MessagePlace place, const Payload& moved) {
  if (moved.has_content()) return;
  const Mark& mark = MarksOf(queue).messages[place.slot];
  content_rows_[next_id_] = mark.is_stored ? mark.id : content_rows_.at(mark.id);
}

void StoreFeed::AllGone(QueueMarks& marks) {
  for (Mark& mark : marks.messages) Forget(mark);
}

void StoreFeed::TouchAll(const Queue& queue) {
  for (const MessagePlace& place : queue.PlacesFrom(0, Message::kFree, SIZE_MAX)) Touched(queue.number(), place);
}

void StoreFeed::NoteGroup(QueueNumber queue, const PayloadPtr& payload) {
  if (!payload->group_id().empty()) groups_.emplace_back(queue, payload);
}

void StoreFeed::NoteCounters(QueueNumber queue, QueueMarks& marks) {
  if (!std::exchange(marks.counters_are_dirty, true)) counters_.push_back(queue);
}

void StoreFeed::AddDuplicate(const Effect& effect, QueueNumber queue, MessagePlace place, const Payload& payload) {
  QueueMarks& marks = MarksOf(queue);
  if (!marks.fifo) return;
  ++marks.duplicates_added;
  duplicates_.push_back({queue, place.sequence, std::string(payload.group_id()),
                         std::string(payload.deduplication_id()), payload.id(), effect.at});
}

// --- Taking ---------------------------------------------------------------------------------------------------------

void StoreFeed::Take(const Accounts& accounts, const Progress& progress, Batch* batch) {
  batch->progress = progress;
  TakeGroups(accounts, batch);  // May make more messages dirty.
  TakeMessages(accounts, batch);
  TakeQueues(accounts, batch);
  TakeDuplicates(accounts, batch);
  TakeAttempts(accounts, progress.now, batch);
  TakeTasks(accounts, batch);
  has_changes_ = false;
}

void StoreFeed::TakeGroups(const Accounts& accounts, Batch* batch) {
  absl::btree_set<std::pair<QueueNumber, absl::string_view>> tenants;
  for (const auto& [number, payload] : groups_) {
    const Queue* queue = accounts.FindQueue(number);
    if (queue == nullptr) continue;
    if (!queue->fifo()) {
      tenants.emplace(number, payload->group_id());
      continue;
    }
    const uint32_t front = queue->order().FrontOf(payload->group_id());
    if (front != kNoSlot) Touched(number, queue->PlaceOf(front));
  }
  for (const auto& [number, group_id] : tenants) {
    batch->tenants.push_back({number, std::string(group_id), accounts.FindQueue(number)->order().LastSentAt(group_id)});
  }
  groups_.clear();
}

void StoreFeed::TakeMessages(const Accounts& accounts, Batch* batch) {
  batch->removed_messages.swap(removed_);
  removed_.clear();
  for (const auto& [number, place, id] : dirty_) {
    const auto found = queues_.find(number);
    if (found == queues_.end()) continue;
    Mark& mark = found->second->messages[place.slot];
    if (mark.id != id) continue;  // Gone since.
    mark.is_dirty = false;
    const Queue& queue = *accounts.FindQueue(number);
    const Message& message = *queue.Find(place);
    if (!mark.is_stored) {
      mark.is_stored = true;
      if (message.payload->has_content()) {
        batch->new_messages.push_back({id, number, place, message.payload});
      } else {
        batch->moved_messages.push_back({id, number, place, message.payload, content_rows_.at(id)});
      }
      batch->new_states.push_back(StateOf(id, queue, place.slot, message));
    } else {
      batch->changed_states.push_back(StateOf(id, queue, place.slot, message));
    }
  }
  dirty_.clear();
}

void StoreFeed::TakeQueues(const Accounts& accounts, Batch* batch) {
  batch->removed_queues.swap(removed_queues_);
  removed_queues_.clear();
  for (QueueNumber number : dirty_queues_) {
    batch->queues.push_back(RowOf(*accounts.FindQueue(number)));
    MarksOf(number).is_stored = true;
  }
  dirty_queues_.clear();
  for (QueueNumber number : counters_) {
    const Queue* queue = accounts.FindQueue(number);
    if (queue == nullptr) continue;
    MarksOf(number).counters_are_dirty = false;
    const Accounts::Redrive redrive = accounts.RedriveOf(number);
    batch->counters.push_back({number, queue->NextPlace().sequence, redrive.at, redrive.from_sequence});
  }
  counters_.clear();
  for (const QueueName& name : names_) batch->deleted_names.push_back({name, accounts.DeletedAt(name)});
  names_.clear();
}

void StoreFeed::TakeDuplicates(const Accounts& accounts, Batch* batch) {
  batch->forgotten_duplicates.swap(forgotten_duplicates_);
  forgotten_duplicates_.clear();
  QueueNumber pruned = 0;
  for (DuplicateRow& row : duplicates_) {
    const Queue* queue = accounts.FindQueue(row.queue);
    if (queue == nullptr) continue;
    if (row.queue != pruned) {
      pruned = row.queue;
      // What the queue has forgotten goes little by little, so that no commit is long.
      QueueMarks& marks = MarksOf(row.queue);
      const uint64_t step = 4 * std::exchange(marks.duplicates_added, 0) + 1000;
      const uint64_t to =
          std::min(queue->deduplication().OldestSequence().value_or(0), marks.duplicates_stored_from + step);
      if (to > marks.duplicates_stored_from) {
        batch->forgotten_duplicates.push_back({row.queue, to});
        marks.duplicates_stored_from = to;
      }
    }
    batch->duplicates.push_back(std::move(row));
  }
  duplicates_.clear();
}

void StoreFeed::TakeAttempts(const Accounts& accounts, absl::Time now, Batch* batch) {
  for (const auto& [number, attempt_id] : attempts_) {
    const Queue* queue = accounts.FindQueue(number);
    const ReceiveAttempts::Attempt* attempt = queue == nullptr ? nullptr : queue->FindAttempt(attempt_id, now);
    if (attempt == nullptr) continue;
    AttemptRow row{number, attempt_id, attempt->made_at, {}};
    for (const auto& delivered : attempt->messages) {
      row.messages.push_back({delivered.place, delivered.receive_count, delivered.visible_at});
    }
    if (batch->forgotten_attempts.empty() || batch->forgotten_attempts.back().queue != number) {
      batch->forgotten_attempts.push_back({number, now - kReceiveAttemptInterval});
    }
    batch->attempts.push_back(std::move(row));
  }
  attempts_.clear();
}

void StoreFeed::TakeTasks(const Accounts& accounts, Batch* batch) {
  for (QueueNumber number : tasks_) {
    if (accounts.FindQueue(number) == nullptr) continue;
    batch->queues_with_tasks.push_back(number);
    int64_t position = 0;
    for (const MoveTask* task : accounts.TasksOf(number)) batch->tasks.push_back(RowOf(number, position++, *task));
  }
  tasks_.clear();
}

// --- Contents -------------------------------------------------------------------------------------------------------

RowChoice StoreFeed::RowsOf(QueueNumber queue, MessagePlace place) const {
  RowChoice rows = {queues_.at(queue)->messages[place.slot].id};
  for (auto from = content_rows_.find(rows.back()); from != content_rows_.end();
       from = content_rows_.find(rows.back())) {
    rows.push_back(from->second);
  }
  return rows;
}

bool StoreFeed::IsAt(const MessageRow& row) const {
  const auto found = queues_.find(row.queue);
  return found != queues_.end() && found->second->messages[row.place.slot].id == row.id;
}

void StoreFeed::OnCommitted(const Batch& batch) {
  for (const MessageRow& row : batch.moved_messages) content_rows_.erase(row.id);
}

// --- Restoring ------------------------------------------------------------------------------------------------------

void StoreFeed::KnowQueue(const Queue& queue) {
  auto& marks = queues_[queue.number()] = std::make_unique<QueueMarks>();
  marks->name = std::make_shared<const QueueName>(queue.name());
  marks->fifo = queue.fifo();
  marks->is_stored = true;
  marks->delay_seconds = queue.config().delay_seconds;
}

void StoreFeed::KnowMessage(QueueNumber queue, MessagePlace place, int64_t id) {
  QueueMarks& marks = MarksOf(queue);
  if (marks.messages.size() <= place.slot) {
    marks.messages.resize(std::max<size_t>(place.slot + size_t{1}, marks.messages.size() * 2));
  }
  marks.messages[place.slot].id = id;
  marks.messages[place.slot].is_stored = true;
  next_id_ = std::max(next_id_, id + 1);
}

void StoreFeed::KnowDuplicate(QueueNumber queue, uint64_t sequence) {
  QueueMarks& marks = MarksOf(queue);
  if (marks.duplicates_stored_from == 0) marks.duplicates_stored_from = sequence;
}

}  // namespace sqs
