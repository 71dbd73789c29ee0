// Where an engine keeps what must outlive it. A narrow door: open, load, commit a batch, close. Nothing above knows
// what is behind it, and nothing behind it knows a rule of a queue: rows come in and go out.
//
//   absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore("queues.db", {});
//   absl::Status loaded = (*store)->Load(sink);
//   absl::Status committed = (*store)->Commit(batch);
//
// Used by one thread at a time; ReadContents and Backup by any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "store/rows.h"

namespace sqs {

enum class Durability : uint8_t {
  kCommit,    // A committed batch survives the loss of power.
  kInterval,  // It does a few milliseconds later (5 at most); at once it survives the end of the process.
  kOs,        // It survives the end of the process, and the loss of power once the system has written it.
};

// False for a text that is none of "commit", "interval", "os".
bool ParseDurability(absl::string_view text, Durability* durability);

// Takes the rows of a store, in this order; of each kind in the order of its key.
class LoadSink {
 public:
  virtual ~LoadSink() = default;
  virtual void OnQueue(QueueRow row) = 0;
  virtual void OnCounters(const QueueCounters& row) = 0;
  // Of all queues, in order of id.
  virtual void OnMessage(MessageRow row, const MessageStateRow& state) = 0;
  virtual void OnDuplicate(const DuplicateRow& row) = 0;
  virtual void OnAttempt(const AttemptRow& row) = 0;
  virtual void OnTask(const TaskRow& row) = 0;
  virtual void OnTenant(const TenantRow& row) = 0;
  virtual void OnDeletedName(const DeletedNameRow& row) = 0;
};

// Ids of rows of messages.
using RowChoice = absl::InlinedVector<int64_t, 2>;

class Store {
 public:
  // Whose the rows are.
  struct Identity {
    uint64_t seed = 0;  // Of the engine that made the store.
    int64_t epoch = 1;  // How often it has been opened, this time included.
    Progress progress;  // Where the last engine was.
  };

  virtual ~Store() = default;

  virtual const Identity& identity() const = 0;

  // Hands out every row. DataLoss names the table and row that is damaged; the sink has then seen a part.
  virtual absl::Status Load(LoadSink& sink) = 0;

  // All of the batch or nothing of it, as safe as its durability says once this returns.
  //
  // Errors: ResourceExhausted if there is no room; nothing has changed, and the same batch may be tried again. After
  // any other error what is on disk is one of the committed states, but nobody knows which: the store is at its end.
  virtual absl::Status Commit(const Batch& batch) = 0;

  // Payloads of messages that are committed, for each of `rows` one: of the first row of its list that is there (a
  // message that is being moved has two). Reads what is committed at one instant of the call, beside a Commit that may
  // be running. Errors: DataLoss if a row is damaged or all of a list are missing.
  virtual absl::Status ReadContents(absl::Span<const RowChoice> rows, std::vector<PayloadPtr>* payloads) = 0;

  // What is better done while nobody waits for a commit: moves committed pages from the log to their places. After an
  // error the store is at its end.
  virtual absl::Status Settle() = 0;

  // False while committed changes are kept where nobody but the store looks for them; Tidy brings them to their rows,
  // as some later Commit does. ResourceExhausted or Unavailable: it may be tried again. After another error the store
  // is at its end.
  virtual bool is_tidy() const = 0;
  virtual absl::Status Tidy() = 0;

  // Writes a consistent copy to a new file while the store is in use: what was committed at some instant of the call.
  virtual absl::Status Backup(const std::string& path) = 0;

  // Once; the store gives up its file. Nothing committed is lost without it.
  virtual absl::Status Close() = 0;
};

}  // namespace sqs
