// What a store keeps beside the queues themselves, and the way back. A restored account is the one that was stored: the
// same answers, timers and handles; only the random numbers go on from another seed.
#include <memory>
#include <utility>

#include "account/accounts.h"

namespace sqs {

Accounts::Redrive Accounts::RedriveOf(QueueNumber queue) const {
  const QueueRecord& record = records_.at(queue);
  return {record.redriven_at, record.redriven_from};
}

std::vector<const MoveTask*> Accounts::TasksOf(QueueNumber queue) const {
  std::vector<const MoveTask*> tasks;
  for (const auto& task : records_.at(queue).tasks) tasks.push_back(task.get());
  return tasks;
}

std::optional<absl::Time> Accounts::DeletedAt(const QueueName& name) const {
  const auto found = deleted_at_.find(name);
  if (found == deleted_at_.end()) return std::nullopt;
  return found->second;
}

void Accounts::RestoreTime(absl::Time time, QueueNumber next_number) {
  time_ = time;
  next_number_ = next_number;
}

Queue& Accounts::RestoreQueue(QueueNumber number, const QueueCreated& created, absl::Time created_at) {
  Apply({created_at, number, created});
  return *records_.at(number).queue;
}

void Accounts::RestoreRedrive(QueueNumber queue, const Redrive& redrive) {
  QueueRecord& record = records_.at(queue);
  record.redriven_at = redrive.at;
  record.redriven_from = redrive.from_sequence;
}

void Accounts::RestoreTask(QueueNumber queue, MoveTask task) {
  records_.at(queue).tasks.push_back(std::make_unique<MoveTask>(std::move(task)));
}

void Accounts::FinishRestore() {
  for (auto& [number, record] : records_) Reindex(record);
}

}  // namespace sqs
