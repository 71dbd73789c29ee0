// Several batches as one: what came and went between them is not in it, what changed often is in it once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "store/rows.h"

namespace sqs {

class BatchSum {
 public:
  // Whether a batch holds nothing but what can be added: messages, their states, counters, the deduplication memory.
  static bool CanAdd(const Batch& batch);

  // Of batches that CanAdd, in the order in which they were made.
  void Add(const Batch& batch);

  bool empty() const { return batches_ == 0; }
  // All that was added, with rows in the order of their keys.
  Batch Sum() const;
  void Clear() { *this = BatchSum(); }

 private:
  struct NewMessage {
    MessageRow row;  // Without its payload: removed again.
    MessageStateRow state;
  };

  void AddMessages(const Batch& batch);
  void AddDuplicates(const Batch& batch);

  int batches_ = 0;
  Progress progress_;
  std::vector<NewMessage> new_;                        // In order of id.
  absl::flat_hash_map<int64_t, size_t> at_;            // Where in `new_`, by id.
  std::vector<int64_t> removed_;                       // That were there before.
  absl::btree_map<int64_t, MessageStateRow> changed_;  // Of those.
  absl::btree_map<QueueNumber, QueueCounters> counters_;
  absl::btree_map<QueueNumber, uint64_t> forgotten_;
  absl::btree_map<std::pair<QueueNumber, uint64_t>, DuplicateRow> duplicates_;
};

}  // namespace sqs
