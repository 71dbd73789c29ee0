// From effects to rows: which rows of the store the effects since the last commit have changed, and what is in them
// now.
//
// An effect says which message, queue or task it concerns; what its row holds is read from the queues when a batch is
// taken. So a message that changed ten times between two commits is written once, and one that came and went not at
// all. Under the engine's lock.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "account/accounts.h"
#include "store/rows.h"
#include "store/store.h"

namespace sqs {

class StoreFeed {
 public:
  // Notes what the effects, which are applied, have changed, and what timers made visible.
  void Note(const Accounts& accounts, absl::Span<const Effect> effects,
            absl::Span<const Accounts::BecameVisible> became_visible);

  // Notes every message of FIFO queues: where effects were replayed, nobody told of timers.
  void NoteTurns(const Accounts& accounts);

  // Whether something noted is to be committed. What only timers did is not: it goes with the next commit, or happens
  // again after a restart.
  bool has_changes() const { return has_changes_; }

  // Everything noted, as it is now.
  void Take(const Accounts& accounts, const Progress& progress, Batch* batch);

  // --- Contents (memory_limit.h) ---

  // Where the content of a message is that is without it, the likeliest row first.
  RowChoice RowsOf(QueueNumber queue, MessagePlace place) const;
  // Whether `row`, which was in a batch, is still the message in its place.
  bool IsAt(const MessageRow& row) const;
  // The batch is committed: what it moved has a row with its content.
  void OnCommitted(const Batch& batch);

  // --- While the queues are restored: what the store has already ---
  void KnowQueue(const Queue& queue);
  void KnowNextSequence(QueueNumber queue, uint64_t next_sequence) { MarksOf(queue).next_sequence = next_sequence; }
  void KnowMessage(QueueNumber queue, MessagePlace place, int64_t id);
  void KnowDuplicate(QueueNumber queue, uint64_t sequence);
  // Rows that the restored engine has no more use for.
  void ForgetName(const QueueName& name) { names_.insert(name); }

 private:
  // Of the message in a slot.
  struct Mark {
    int64_t id : 61 = 0;  // 0: no message.
    bool is_stored : 1 = false;
    bool is_dirty : 1 = false;
  };
  struct QueueMarks {
    std::shared_ptr<const QueueName> name;
    bool fifo = false;
    bool is_stored = false;
    bool counters_are_dirty = false;
    int64_t delay_seconds = 0;
    uint64_t next_sequence = 0;           // As far as effects have told.
    std::vector<Mark> messages;           // By slot.
    uint64_t duplicates_stored_from = 0;  // None below this sequence is in the store.
    uint64_t duplicates_added = 0;        // Since the last commit.
  };
  struct DirtyMessage {
    QueueNumber queue;
    MessagePlace place;
    int64_t id;
  };

  template <class Kind>
  void NoteKind(const Accounts& accounts, const Effect& effect, const Kind& kind);
  void NoteCreated(QueueNumber number, const QueueCreated& created);
  void NoteDeleted(QueueNumber number);
  void NotePurged(QueueNumber number);
  void NoteDelay(QueueNumber number, const QueueConfigured& configured, const Queue* queue);
  QueueMarks& MarksOf(QueueNumber queue);
  void Arrived(QueueNumber queue, MessagePlace place, const PayloadPtr& payload);
  void Touched(QueueNumber queue, MessagePlace place);
  void Gone(QueueNumber queue, MessagePlace place, const PayloadPtr& payload);
  void Forget(Mark& mark);
  void AllGone(QueueMarks& marks);
  void TouchAll(const Queue& queue);
  void Moving(QueueNumber queue, MessagePlace place, const Payload& moved);
  void NoteGroup(QueueNumber queue, const PayloadPtr& payload);
  void NoteCounters(QueueNumber queue, QueueMarks& marks);
  void AddDuplicate(const Effect& effect, QueueNumber queue, MessagePlace place, const Payload& payload);

  void TakeQueues(const Accounts& accounts, Batch* batch);
  void TakeGroups(const Accounts& accounts, Batch* batch);
  void TakeMessages(const Accounts& accounts, Batch* batch);
  void TakeDuplicates(const Accounts& accounts, Batch* batch);
  void TakeAttempts(const Accounts& accounts, absl::Time now, Batch* batch);
  void TakeTasks(const Accounts& accounts, Batch* batch);

  absl::btree_map<QueueNumber, std::unique_ptr<QueueMarks>> queues_;
  // The one asked for last: nearly always the next one, too.
  QueueNumber last_queue_ = 0;
  QueueMarks* last_marks_ = nullptr;
  int64_t next_id_ = 1;
  // By the id of a message that came without its content and is not committed: the row that it comes from.
  absl::flat_hash_map<int64_t, int64_t> content_rows_;

  // Noted since the last commit.
  bool has_changes_ = false;
  std::vector<DirtyMessage> dirty_;
  std::vector<int64_t> removed_;
  std::vector<std::pair<QueueNumber, PayloadPtr>> groups_;  // Message groups, by a message of theirs.
  std::vector<DuplicateRow> duplicates_;
  std::vector<ForgottenDuplicates> forgotten_duplicates_;
  std::vector<std::pair<QueueNumber, std::string>> attempts_;
  std::vector<QueueNumber> counters_;
  std::vector<QueueNumber> removed_queues_;
  absl::btree_set<QueueNumber> dirty_queues_;
  absl::btree_set<QueueNumber> tasks_;
  absl::btree_set<QueueName> names_;
};

}  // namespace sqs
