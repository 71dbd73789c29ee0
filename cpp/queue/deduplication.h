// What a FIFO queue remembers of the sends of the last five minutes (7.3).
//
// The memory outlives the messages: receive, delete, expiry and moves do not touch it. A purge clears it.
//
// Sends are kept in generations of five minutes. Once a generation is that old no more is added to it, and five minutes
// later it goes as a whole: forgetting row by row had to look each one up in a table larger than the processor's cache,
// which cost as much as a third of a send (perf).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/queue_config.h"
#include "base/lazy_deque.h"
#include "base/uuid.h"

namespace sqs {

class DeduplicationMemory {
 public:
  struct Entry {
    Uuid message_id;
    uint64_t sequence;
    absl::Time sent_at;  // Of the first send: repeats do not extend the interval.
  };

  // The scope is that of the queue's creation and stays (4.1).
  explicit DeduplicationMemory(DeduplicationScope scope) : scope_(scope) {}

  // Null if the id was not sent within the interval before `now`; at exactly five minutes it is new again.
  const Entry* Find(absl::string_view group_id, absl::string_view deduplication_id, absl::Time now) const;
  void Add(absl::string_view group_id, absl::string_view deduplication_id, const Entry& entry);
  // Both will soon be asked for this. Calls what that needs into the cache.
  void Prefetch(absl::string_view group_id, absl::string_view deduplication_id) const;
  void Clear();
  // The sequence of the oldest entry that is still here, perhaps older than the interval; absent if there is none.
  std::optional<uint64_t> OldestSequence() const;

  // Entries alive at `now`, oldest first: "key message-id sequence ns" a line.
  std::string Dump(absl::Time now) const;

 private:
  // One send. Rows do not move.
  struct Row {
    absl::string_view key;  // In a block of `keys`.
    Entry entry;
  };
  // With the hash in it, so that a growing table need not look at the rows.
  struct Slot {
    size_t hash;
    const Row* row;
  };
  // What is looked for, without a copy of it.
  struct Probe {
    absl::string_view key;
    size_t hash;
  };
  struct HashOf {
    using is_transparent = void;
    size_t operator()(const Slot& slot) const { return slot.hash; }
    size_t operator()(const Probe& probe) const { return probe.hash; }
  };
  struct SameKey {
    using is_transparent = void;
    bool operator()(const Slot& a, const Slot& b) const { return a.hash == b.hash && a.row->key == b.row->key; }
    bool operator()(const Slot& slot, const Probe& probe) const {
      return slot.hash == probe.hash && slot.row->key == probe.key;
    }
  };

  struct Generation {
    LazyDeque<Row> rows;  // In order of age.
    // The rows' keys one after another, so that none needs an allocation of its own.
    LazyDeque<std::string> keys;
    absl::flat_hash_set<Slot, HashOf, SameKey> by_key;  // Looked up, never walked.

    const Row* Find(const Probe& probe) const;
    void Add(const Probe& probe, const Entry& entry);
    // Of the oldest and the youngest row. Requires rows.
    absl::Time begins() const { return rows.front().entry.sent_at; }
    absl::Time ends() const { return rows.back().entry.sent_at; }
  };

  // The key of the ids; `buffer` holds it where it must be put together.
  Probe ProbeFor(absl::string_view group_id, absl::string_view deduplication_id, std::string* buffer) const;
  void Forget(absl::Time now);

  const DeduplicationScope scope_;
  Generation older_;
  Generation younger_;
};

}  // namespace sqs
