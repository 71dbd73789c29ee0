#include "store/batch_sum.h"

#include <algorithm>

namespace sqs {

bool BatchSum::CanAdd(const Batch& batch) {
  // All by name, so that a new member is thought of here.
  const auto& [progress, moved_messages, removed_queues, removed_messages, forgotten_duplicates, forgotten_attempts,
               queues, counters, new_messages, new_states, changed_states, duplicates, attempts, queues_with_tasks,
               tasks, tenants, deleted_names] = batch;
  return moved_messages.empty() && removed_queues.empty() && forgotten_attempts.empty() && queues.empty() &&
         attempts.empty() && queues_with_tasks.empty() && tasks.empty() && tenants.empty() && deleted_names.empty();
}

void BatchSum::Add(const Batch& batch) {
  ++batches_;
  progress_ = batch.progress;
  AddMessages(batch);
  for (const QueueCounters& row : batch.counters) counters_[row.queue] = row;
  AddDuplicates(batch);
}

void BatchSum::AddMessages(const Batch& batch) {
  for (int64_t id : batch.removed_messages) {
    if (const auto found = at_.find(id); found != at_.end()) {
      new_[found->second].row.payload = PayloadPtr();
      continue;
    }
    changed_.erase(id);
    removed_.push_back(id);
  }
  for (const MessageRow& row : batch.new_messages) {
    const auto [found, is_new] = at_.emplace(row.id, new_.size());
    if (is_new) new_.emplace_back();
    new_[found->second].row = row;
  }
  for (const std::vector<MessageStateRow>* states : {&batch.new_states, &batch.changed_states}) {
    for (const MessageStateRow& row : *states) {
      const auto found = at_.find(row.id);
      (found != at_.end() ? new_[found->second].state : changed_[row.id]) = row;
    }
  }
}

void BatchSum::AddDuplicates(const Batch& batch) {
  for (const ForgottenDuplicates& forgotten : batch.forgotten_duplicates) {
    uint64_t& before = forgotten_[forgotten.queue];
    before = std::max(before, forgotten.before_sequence);
    duplicates_.erase(duplicates_.lower_bound({forgotten.queue, 0}),
                      duplicates_.lower_bound({forgotten.queue, forgotten.before_sequence}));
  }
  for (const DuplicateRow& row : batch.duplicates) duplicates_[{row.queue, row.sequence}] = row;
}

Batch BatchSum::Sum() const {
  Batch sum;
  sum.progress = progress_;
  sum.removed_messages = removed_;
  std::vector<int64_t>& removed = sum.removed_messages;
  std::sort(removed.begin(), removed.end());
  removed.erase(std::unique(removed.begin(), removed.end()), removed.end());
  for (const auto& [queue, before] : forgotten_) sum.forgotten_duplicates.push_back({queue, before});
  for (const auto& [queue, row] : counters_) sum.counters.push_back(row);
  for (const NewMessage& message : new_) {
    if (!message.row.payload) continue;
    sum.new_messages.push_back(message.row);
    sum.new_states.push_back(message.state);
  }
  for (const auto& [id, row] : changed_) sum.changed_states.push_back(row);
  for (const auto& [key, row] : duplicates_) sum.duplicates.push_back(row);
  return sum;
}

}  // namespace sqs
