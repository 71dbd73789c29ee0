// Effects -> state: the one place where queues change, live and in replay.

#include <algorithm>
#include <type_traits>
#include <utility>

#include "account/accounts.h"

namespace sqs {

void Accounts::Emit(QueueNumber queue, absl::Time at, EffectKinds kind) {
  // A timer may be found due late (a retention period that was shortened): history does not go back.
  time_ = std::max(time_, at);
  pending_.push_back({time_, queue, std::move(kind)});
  Apply(pending_.back());
}

void Accounts::Apply(const Effect& effect) {
  std::visit([&](const auto& kind) { ApplyKind(effect, kind); }, effect.kind);
}

void Accounts::Replay(const Effect& effect) {
  time_ = std::max(time_, effect.at);
  const auto pass_timers = [&](QueueNumber number) {
    if (Queue* queue = FindQueue(number); queue != nullptr) queue->PassVisibleTimers(effect.at);
  };
  pass_timers(effect.queue);
  if (const auto* moved = std::get_if<Moved>(&effect.kind)) pass_timers(moved->to_queue);
  if (const auto* redriven = std::get_if<Redriven>(&effect.kind)) pass_timers(redriven->to_queue);
  Apply(effect);
}

void Accounts::ApplyKind(const Effect& effect, const QueueCreated& created) {
  QueueRecord& record = records_[effect.queue];
  record.queue = std::make_unique<Queue>(effect.queue, created, MakeQueueArn(*created.name), effect.at);
  const QueueName& name = record.queue->name();
  by_name_[QueueAddress{name.region, name.account, name.name}] = &record;
  in_name_order_[name] = &record;
  by_url_.Clear();
  next_number_ = std::max(next_number_, effect.queue + 1);
}

void Accounts::ApplyKind(const Effect& effect, const QueueDeleted&) {
  QueueRecord& record = records_.at(effect.queue);
  const QueueName& name = record.queue->name();
  if (options_.strict) deleted_at_[name] = effect.at;
  timer_index_.erase({record.indexed_at, effect.queue});
  task_index_.erase({record.step_at, effect.queue});
  by_name_.erase(QueueAddress{name.region, name.account, name.name});
  in_name_order_.erase(name);
  by_url_.Clear();
  records_.erase(effect.queue);
}

void Accounts::ApplyKind(const Effect& effect, const Moved& moved) {
  QueueRecord& source = records_.at(effect.queue);
  QueueRecord& target = records_.at(moved.to_queue);
  const Queue::Departed departed = source.queue->Remove(moved.place);
  target.queue->Arrive(moved.to_place, moved.payload, &departed, effect.at, effect.at);
  Reindex(source);
  Reindex(target);
}

void Accounts::ApplyKind(const Effect& effect, const Redriven& redriven) {
  QueueRecord& source = records_.at(effect.queue);
  source.queue->Remove(redriven.place);
  if (redriven.to_queue != 0) {
    QueueRecord& target = records_.at(redriven.to_queue);
    target.queue->Apply(Sent{redriven.to_place, redriven.payload, redriven.visible_at}, effect.at);
    if (target.redriven_at != effect.at) {
      target.redriven_at = effect.at;
      target.redriven_from = redriven.to_place.sequence;
    }
    Reindex(target);
  }
  if (MoveTask* task = ActiveTask(source); task != nullptr) task->CountMove(effect.at);
  Reindex(source);
}

void Accounts::ApplyKind(const Effect& effect, const MoveTaskStarted& started) {
  QueueRecord& record = records_.at(effect.queue);
  auto task = std::make_unique<MoveTask>();
  task->id = started.task;
  task->to_queue = started.to_queue;
  task->destination_arn = started.destination_arn;
  task->max_per_second = started.max_per_second;
  task->to_move = started.to_move;
  task->started_at = task->next_step_at = task->paced_from = effect.at;
  record.tasks.push_back(std::move(task));
  // The list shows the last ten; older ones are over, since only one task of a source is active.
  if (record.tasks.size() > kListedMoveTasksMax) record.tasks.erase(record.tasks.begin());
  Reindex(record);
}

void Accounts::ApplyKind(const Effect& effect, const MoveTaskChanged& changed) {
  QueueRecord& record = records_.at(effect.queue);
  for (const auto& task : record.tasks) {
    if (task->id != changed.task) continue;
    task->status = changed.status;
    task->failure_reason = changed.failure_reason;
  }
  Reindex(record);
}

// The effects that concern one queue alone.
template <class Kind>
void Accounts::ApplyKind(const Effect& effect, const Kind& kind) {
  if constexpr (std::is_same_v<Kind, ReceivedNothing> || std::is_same_v<Kind, SentDuplicate> ||
                std::is_same_v<Kind, DeleteIgnored>) {
    return;  // Nothing changes; metrics count them.
  } else {
    QueueRecord& record = records_.at(effect.queue);
    if constexpr (std::is_same_v<Kind, Deleted> || std::is_same_v<Kind, Expired>) {
      record.queue->Remove(kind.place);
    } else if constexpr (std::is_same_v<Kind, QueueTagged> || std::is_same_v<Kind, QueueUntagged>) {
      record.queue->Apply(kind);
    } else {
      record.queue->Apply(kind, effect.at);
    }
    Reindex(record);
  }
}

}  // namespace sqs
