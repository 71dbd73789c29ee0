// What a FIFO queue remembers of the sends of the last five minutes (7.3).
//
// The memory outlives the messages: receive, delete, expiry and moves do not touch it. A purge clears it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/queue_config.h"
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
  void Clear();

  // Entries alive at `now`, oldest first: "key message-id sequence ns" a line.
  std::string Dump(absl::Time now) const;

 private:
  std::string KeyOf(absl::string_view group_id, absl::string_view deduplication_id) const;
  void Forget(absl::Time now);

  const DeduplicationScope scope_;
  absl::flat_hash_map<std::string, Entry> entries_;
  std::deque<std::pair<absl::Time, std::string>> by_age_;
};

}  // namespace sqs
