// State changes as values. An operation decides and yields effects; only applying an effect changes a queue. The same
// stream feeds the history, the waiters, the metrics and the store, and replaying it rebuilds every queue.
//
// A message is named by its place: `slot` (where the queue keeps it) and `sequence` (the number of its arrival in that
// queue, never used twice), so that applying needs no search.
//
// To add an effect: a struct, its place in EffectKinds, an Apply in account/apply.cc, and the store's record of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "api/fields.h"
#include "api/payload.h"
#include "api/queue_config.h"
#include "base/siphash.h"
#include "base/uuid.h"

namespace sqs {

// Numbers queues in order of creation; 0 is no queue. A queue made again under an old name has another number.
using QueueNumber = uint64_t;

struct MessagePlace {
  uint32_t slot = 0;
  uint64_t sequence = 0;
  friend bool operator==(const MessagePlace&, const MessagePlace&) = default;
};

// Where and whose a queue is. Unique among living queues.
struct QueueName {
  std::string region;
  std::string account;
  std::string name;
  friend bool operator==(const QueueName&, const QueueName&) = default;
  friend auto operator<=>(const QueueName&, const QueueName&) = default;
};

struct QueueCreated {
  static constexpr const char* kKind = "QueueCreated";
  std::shared_ptr<const QueueName> name;
  std::shared_ptr<const QueueConfig> config;
  StringMap tags;
  SipHashKey handle_key;  // Signs this queue's receipt handles.
};

struct QueueDeleted {
  static constexpr const char* kKind = "QueueDeleted";
};

struct QueuePurged {
  static constexpr const char* kKind = "QueuePurged";
};

// SetQueueAttributes, AddPermission, RemovePermission: the whole new configuration.
struct QueueConfigured {
  static constexpr const char* kKind = "QueueConfigured";
  std::shared_ptr<const QueueConfig> config;
};

struct QueueTagged {
  static constexpr const char* kKind = "QueueTagged";
  StringMap tags;
};

struct QueueUntagged {
  static constexpr const char* kKind = "QueueUntagged";
  StringList tag_keys;
};

struct Sent {
  static constexpr const char* kKind = "Sent";
  MessagePlace place;
  PayloadPtr payload;
  absl::Time visible_at;  // After the effect's instant if the message is delayed.
};

// A FIFO send that repeated a deduplication id: accepted, nothing enqueued.
struct SentDuplicate {
  static constexpr const char* kKind = "SentDuplicate";
  Uuid original_id;
};

struct Received {
  static constexpr const char* kKind = "Received";
  MessagePlace place;
  PayloadPtr payload;
  uint32_t receive_count;  // ApproximateReceiveCount with this receive.
  absl::Time visible_at;   // The end of the visibility timeout; the effect's own instant if that is zero.
};

// A receive that carried a ReceiveRequestAttemptId: remembers its answer for five minutes (FIFO).
struct ReceiveAttempted {
  static constexpr const char* kKind = "ReceiveAttempted";
  std::string attempt_id;
  std::vector<MessagePlace> places;
};

struct ReceivedNothing {
  static constexpr const char* kKind = "ReceivedNothing";
};

struct VisibilityChanged {
  static constexpr const char* kKind = "VisibilityChanged";
  MessagePlace place;
  PayloadPtr payload;
  absl::Time visible_at;  // The effect's own instant: visible at once.
};

// A receive whose answer reached nobody counts as none: the message is visible again, and its receive count is what it
// was before.
struct Undelivered {
  static constexpr const char* kKind = "Undelivered";
  MessagePlace place;
  PayloadPtr payload;
};

struct Deleted {
  static constexpr const char* kKind = "Deleted";
  MessagePlace place;
  PayloadPtr payload;
};

// A delete that answered success and changed nothing: the message was gone, had been received again since, or a fault
// let the delete be forgotten.
struct DeleteIgnored {
  static constexpr const char* kKind = "DeleteIgnored";
  bool forgotten = false;  // By a fault.
};

// The retention period ended.
struct Expired {
  static constexpr const char* kKind = "Expired";
  MessagePlace place;
  PayloadPtr payload;
};

// The redrive policy moved a message to its dead-letter queue. The effect's queue is the source.
struct Moved {
  static constexpr const char* kKind = "Moved";
  MessagePlace place;
  QueueNumber to_queue;
  MessagePlace to_place;
  PayloadPtr payload;  // As it arrives: DeadLetterQueueSourceArn set, for FIFO a new deduplication id.
};

struct MoveTaskStarted {
  static constexpr const char* kKind = "MoveTaskStarted";
  Uuid task;
  QueueNumber to_queue = 0;  // 0: each message to where it came from.
  std::string destination_arn;
  std::optional<int64_t> max_per_second;
  int64_t to_move = 0;
};

// A move task took a message out of the effect's queue. `to_queue` is 0 when the destination swallowed it as a
// duplicate (FIFO).
struct Redriven {
  static constexpr const char* kKind = "Redriven";
  Uuid task;
  MessagePlace place;
  QueueNumber to_queue = 0;
  MessagePlace to_place;
  PayloadPtr payload;     // The new message at the destination.
  absl::Time visible_at;  // At the destination.
};

enum class MoveTaskStatus : uint8_t { kRunning, kCompleted, kCancelling, kCancelled, kFailed };

// The task left RUNNING, or went from CANCELLING to CANCELLED.
struct MoveTaskChanged {
  static constexpr const char* kKind = "MoveTaskChanged";
  Uuid task;
  MoveTaskStatus status;
  std::string failure_reason;
};

using EffectKinds =
    std::variant<QueueCreated, QueueDeleted, QueuePurged, QueueConfigured, QueueTagged, QueueUntagged, Sent,
                 SentDuplicate, Received, ReceiveAttempted, ReceivedNothing, VisibilityChanged, Undelivered, Deleted,
                 DeleteIgnored, Expired, Moved, MoveTaskStarted, Redriven, MoveTaskChanged>;

struct Effect {
  absl::Time at;
  QueueNumber queue = 0;
  EffectKinds kind;
};

// "Sent", "Received", ...
const char* KindName(const Effect& effect);

}  // namespace sqs
