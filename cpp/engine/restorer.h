// From the rows of a store to queues.
#pragma once

#include <utility>
#include <vector>

#include "account/accounts.h"
#include "engine/history.h"
#include "engine/memory_limit.h"
#include "engine/store_feed.h"
#include "store/store.h"

namespace sqs {

class Restorer : public LoadSink {
 public:
  // Into an engine that has done nothing yet. `progress`: how far the one before it was.
  // `memory_limit` may be null.
  Restorer(const Progress& progress, Accounts& accounts, StoreFeed& feed, History& history, MemoryLimit* memory_limit)
      : progress_(progress), accounts_(accounts), feed_(feed), history_(history), memory_limit_(memory_limit) {
    accounts_.RestoreTime(progress.now, progress.next_queue);
  }

  void OnQueue(QueueRow row) override;
  void OnCounters(const QueueCounters& row) override;
  void OnMessage(MessageRow row, const MessageStateRow& state) override;
  void OnDuplicate(const DuplicateRow& row) override;
  void OnAttempt(const AttemptRow& row) override;
  void OnTask(const TaskRow& row) override;
  void OnTenant(const TenantRow& row) override;
  void OnDeletedName(const DeletedNameRow& row) override;

  // Once all rows have come. DataLoss for a row that belongs to no queue, or a place that is taken twice.
  absl::Status Finish();

 private:
  Queue* QueueOf(QueueNumber number, const char* table);
  void Damaged(const char* table, uint64_t key);

  const Progress progress_;
  Accounts& accounts_;
  StoreFeed& feed_;
  History& history_;
  MemoryLimit* const memory_limit_;
  Queue* last_queue_ = nullptr;
  // Turns of message groups, to be put in order once all messages are there.
  struct Turn {
    uint64_t turn;
    Queue* queue;
    uint32_t slot;
  };
  std::vector<Turn> turns_;
  absl::Status status_;
};

}  // namespace sqs
