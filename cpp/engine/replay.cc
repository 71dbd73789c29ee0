// Rebuilding an engine from what another one did.
#include <algorithm>

#include "engine/engine.h"

namespace sqs {

void Engine::Replay(const std::vector<HistoryEntry>& entries) {
  MutexLock lock(mutex_);
  for (const HistoryEntry& entry : entries) {
    now_ = std::max(now_, entry.effect.at);
    accounts_.Replay(entry.effect);
    history_.Add(Effect(entry.effect));
    if (feed_ != nullptr) feed_->Note(accounts_, {&entry.effect, 1}, {});
    if (memory_limit_ != nullptr) memory_limit_->Note({&entry.effect, 1});
  }
  if (feed_ != nullptr) {
    feed_->NoteTurns(accounts_);
    NoteForStore();
  }
}

}  // namespace sqs
