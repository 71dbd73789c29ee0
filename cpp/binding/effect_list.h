// A part of a history, shared with nobody who could change it.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "binding/engine_handle.h"
#include "engine/history.h"

namespace sqs::binding {

using QueueNames = absl::flat_hash_map<QueueNumber, std::shared_ptr<const QueueName>>;

struct EffectList {
  std::weak_ptr<EngineHandle> engine;  // For contents that are not in memory; a history does not keep its engine open.
  std::shared_ptr<const std::vector<HistoryEntry>> entries;
  // Of all queues in `entries`, for effects that name another queue. Looked up, never walked.
  std::shared_ptr<const QueueNames> names;
  // Indices into `entries`, ascending.
  std::vector<uint32_t> chosen;

  static EffectList All(const std::shared_ptr<EngineHandle>& engine, std::vector<HistoryEntry> entries) {
    QueueNames names;
    std::vector<uint32_t> chosen(entries.size());
    for (uint32_t i = 0; i < chosen.size(); ++i) {
      chosen[i] = i;
      names.try_emplace(entries[i].effect.queue, entries[i].queue_name);
    }
    return {engine, std::make_shared<const std::vector<HistoryEntry>>(std::move(entries)),
            std::make_shared<const QueueNames>(std::move(names)), std::move(chosen)};
  }

  const HistoryEntry& at(size_t i) const { return (*entries)[chosen[i]]; }
  size_t size() const { return chosen.size(); }
};

}  // namespace sqs::binding
