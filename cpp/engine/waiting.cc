// The engine's waiting receives, and what follows from a change: who is served, who is told.
#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "engine/engine.h"

namespace sqs {

Engine::WaiterId Engine::Park(Waiter waiter) {
  const WaiterId id = next_waiter_++;
  waiters_by_queue_.insert({waiter.receive.queue, id});
  waiters_by_deadline_.insert({waiter.deadline, id});
  waiters_.emplace(id, std::make_unique<Waiter>(std::move(waiter)));
  return id;
}

Engine::Waiter Engine::Unpark(WaiterId id) {
  const auto found = waiters_.find(id);
  Waiter waiter = std::move(*found->second);
  waiters_.erase(found);
  waiters_by_queue_.erase({waiter.receive.queue, id});
  waiters_by_deadline_.erase({waiter.deadline, id});
  return waiter;
}

// In order of arrival, until one finds nothing: then nobody behind it would. A deleted queue ends all its waits.
void Engine::ServeWaiters(QueueNumber queue, Completions& completions) {
  const bool deleted = accounts_.FindQueue(queue) == nullptr;
  for (auto next = waiters_by_queue_.lower_bound({queue, 0}); next != waiters_by_queue_.end() && next->first == queue;
       next = waiters_by_queue_.lower_bound({queue, 0})) {
    const WaiterId id = next->second;
    const Waiter& waiter = *waiters_.at(id);
    auto answer = Try(waiter.receive, waiter.caller, /*last_try=*/deleted);
    if (!deleted && answer.ok() && answer->messages.empty()) return;
    completions.answers.emplace_back(Unpark(id).done, std::move(answer));
  }
}

void Engine::EndWaits(absl::Time deadline, Completions& completions) {
  while (!waiters_by_deadline_.empty() && waiters_by_deadline_.begin()->first <= deadline) {
    Waiter waiter = Unpark(waiters_by_deadline_.begin()->second);
    auto answer = Try(waiter.receive, waiter.caller, /*last_try=*/true);
    completions.answers.emplace_back(std::move(waiter.done), std::move(answer));
  }
}

void Engine::Run(Completions& completions, bool begin_commit) {
  if (completions.has_work && begin_commit) committer_->Want();
  if (completions.answers.empty() && completions.listeners.empty()) return;  // Nearly always.
  RunAnswers(completions);
  for (const auto& listener : completions.listeners) listener->OnEarlierEvent();
  completions.answers.clear();
  completions.listeners.clear();
}

// At once, or from the thread that commits what they show.
void Engine::RunAnswers(Completions& completions) {
  if (completions.answers.empty()) return;
  CommitPoint::Then give = [answers = std::move(completions.answers)](const absl::Status& status) mutable {
    for (auto& [done, answer] : answers) {
      if (status.ok()) {
        done(std::move(answer));
      } else {
        done(status);
      }
    }
  };
  if (completions.commit == nullptr) return give(absl::OkStatus());
  if (!completions.commit->WhenDone(std::move(give))) give(completions.commit->status());
}

// The queues that the pending effects and timers touched: somebody may be waiting there.
Engine::ChangedQueues Engine::TakeChangedQueues() {
  ChangedQueues changed;
  for (const Accounts::BecameVisible& visible : accounts_.became_visible()) changed.push_back(visible.queue);
  accounts_.became_visible().clear();
  for (const Effect& effect : accounts_.pending_effects()) {
    changed.push_back(effect.queue);
    if (const auto* moved = std::get_if<Moved>(&effect.kind)) changed.push_back(moved->to_queue);
    if (const auto* redriven = std::get_if<Redriven>(&effect.kind)) changed.push_back(redriven->to_queue);
  }
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  return changed;
}

void Engine::AfterChange(Completions& completions) {
  accounts_.AdvanceTo(now_);  // What the change itself made due, such as a move task's first step.
  if (feed_ != nullptr) NoteForStore();
  if (waiters_.empty()) {
    accounts_.became_visible().clear();
    GiveEffectsToHistory();
    SetCommit(completions);
    return;
  }
  // Serving one waiter may move messages to another queue, where somebody waits too.
  while (!accounts_.pending_effects().empty() || !accounts_.became_visible().empty()) {
    const ChangedQueues changed = TakeChangedQueues();
    GiveEffectsToHistory();
    for (QueueNumber queue : changed) ServeWaiters(queue, completions);
    accounts_.AdvanceTo(now_);
    if (feed_ != nullptr) NoteForStore();
  }
  SetCommit(completions);
  AnnounceEarlierEvent(completions);
}

void Engine::GiveEffectsToHistory() {
  history_.Take(accounts_.pending_effects());
  noted_effects_ = 0;
}

void Engine::AnnounceEarlierEvent(Completions& completions) {
  if (listeners_.empty() || waiters_.empty()) return;
  const absl::Time next = NextEventLocked();
  if (next >= announced_) return;
  announced_ = next;
  completions.listeners = listeners_;
}

}  // namespace sqs
