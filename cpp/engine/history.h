// What happened, in order: the last effects of an engine, numbered from 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "api/effects.h"

namespace sqs {

struct HistoryLimits {
  // Effects kept; 0 keeps none.
  size_t effects_max = 0;
  // Bodies that only the history may still hold, roughly: the oldest effects go first.
  size_t body_bytes_max = size_t{256} << 20;
};

struct HistoryEntry {
  uint64_t number = 0;
  std::shared_ptr<const QueueName> queue_name;  // Null for an effect of no queue.
  Effect effect;
};

class QueueMetrics;

class History {
 public:
  // The first effect will have the number `first_number`.
  explicit History(HistoryLimits limits, uint64_t first_number = 0) : limits_(limits), first_number_(first_number) {}

  // Keeps content (of what arrives: Sent, Moved, Redriven) up to `bytes`; older effects stay, without theirs. Not yet
  // limited: `body_bytes_max` holds, and the oldest effects go.
  void LimitContents(size_t bytes);
  // Takes content away from the oldest effects below number `up_to`, as far as the limit wants.
  void DropContents(uint64_t up_to);
  bool keeps_effects() const { return limits_.effects_max > 0; }

  // From now on `metrics` gets every effect too, kept or not. Null: nobody does.
  void FeedTo(QueueMetrics* metrics) { metrics_ = metrics; }

  // Adds all of `effects`, which is empty afterwards.
  void Take(std::vector<Effect>& effects);
  void Add(Effect&& effect);
  // From `number` on, oldest first, at most `limit`.
  std::vector<HistoryEntry> Since(uint64_t number, size_t limit = SIZE_MAX) const;
  uint64_t first_number() const { return first_number_; }
  uint64_t count() const { return first_number_ + entries_.size(); }
  // The name of a queue that is or was there; null if its creation is unknown.
  std::shared_ptr<const QueueName> NameOf(QueueNumber queue) const;
  // Of a queue that was there before the history began.
  void KnowName(QueueNumber queue, std::shared_ptr<const QueueName> name) { names_[queue] = std::move(name); }

 private:
  void DropOldest();
  bool limits_contents() const { return contents_max_ != SIZE_MAX; }

  HistoryLimits limits_;
  size_t contents_max_ = SIZE_MAX;
  uint64_t first_content_ = 0;  // Effects below this number are without content.
  QueueMetrics* metrics_ = nullptr;
  std::deque<Effect> entries_;
  uint64_t first_number_;
  size_t body_bytes_ = 0;
  absl::flat_hash_map<QueueNumber, std::shared_ptr<const QueueName>> names_;
};

}  // namespace sqs
