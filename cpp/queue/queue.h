// One queue as a pure state machine.
//
// A message is delayed, visible or in flight. The queue does no I/O, reads no clock and draws no random number: the
// caller passes `now`, and every change arrives as an effect. Functions that decide are const; only Apply and
// PassTimer change anything, so replaying a queue's effects rebuilds it exactly.
// Thread-compatible: the engine makes one call at a time.
//
// Every call expects that timers due at `now` have been passed (NextTimer, PassTimer): the account does that first.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/effects.h"
#include "api/queue_config.h"
#include "queue/deduplication.h"
#include "queue/delivery_order.h"
#include "queue/message.h"
#include "queue/receipt_handle.h"
#include "queue/receive_attempts.h"
#include "queue/timer_lists.h"

namespace sqs {

// What a receipt handle leads to.
struct ResolvedHandle {
  enum State {
    kGarbage,  // Never issued by this queue.
    kGone,     // The message was deleted, purged, expired or moved.
    kOlder,    // The message was received again since.
    kLatest,   // The handle of the message's last receive.
  };
  State state = kGarbage;
  MessagePlace place;      // kOlder and kLatest only.
  bool in_flight = false;  // kOlder and kLatest: the message is in flight now.
};

// A timer of the queue that has run out.
struct DueTimer {
  enum Kind { kVisible, kExpires };
  Kind kind;
  absl::Time at;
  MessagePlace place;
};

class Queue {
 public:
  Queue(QueueNumber number, const QueueCreated& created, std::string arn, absl::Time created_at);

  QueueNumber number() const { return number_; }
  const QueueName& name() const { return *name_; }
  const std::string& arn() const { return arn_; }
  const QueueConfig& config() const { return *config_; }
  bool fifo() const { return config_->fifo; }
  const StringMap& tags() const { return tags_; }  // In order of first tagging.
  absl::Time created_at() const { return created_at_; }
  absl::Time last_modified_at() const { return last_modified_at_; }
  std::optional<absl::Time> purged_at() const { return purged_at_; }

  const SipHashKey& handle_key() const { return handle_key_; }

  // ApproximateNumberOfMessages, ...NotVisible, ...Delayed: exact here.
  int64_t visible_count() const { return visible_count_; }
  int64_t in_flight_count() const { return in_flight_count_; }
  int64_t delayed_count() const { return delayed_count_; }
  int64_t message_count() const { return visible_count_ + in_flight_count_ + delayed_count_; }

  // --- Deciding ---------------------------------------------------------------------------------------------------

  // Where the next message to arrive will be.
  MessagePlace NextPlace() const;

  // The place of the message that is in `slot` now.
  MessagePlace PlaceOf(uint32_t slot) const { return {slot, messages_[slot].sequence}; }

  // Whether a message is in `slot`.
  bool IsTaken(uint32_t slot) const { return slot < messages_.size() && messages_[slot].state != Message::kFree; }

  // The message in `place`, or null if it is gone.
  const Message* Find(MessagePlace place) const;

  // The FIFO send of the last five minutes that `deduplication_id` repeats, or null.
  const DeduplicationMemory::Entry* FindDuplicate(absl::string_view group_id, absl::string_view deduplication_id,
                                                  absl::Time now) const;
  // FIFO: such a send is coming. Calls what it needs into the cache, which takes as long as hashing its body.
  void ExpectSend(absl::string_view group_id, absl::string_view deduplication_id) const;

  // Chooses messages to deliver, in delivery order. See delivery_order.h.
  void Select(const SelectOptions& options, Selection* selection) const;

  // The oldest message that could be delivered now: what a move task takes next.
  std::optional<MessagePlace> OldestDeliverable() const;

  // The handle of the `receive_count`th receive of the message in `place`.
  HandleText MakeReceiptHandle(MessagePlace place, uint32_t receive_count) const;
  ResolvedHandle Resolve(absl::string_view receipt_handle) const;

  // The answer that `attempt_id` got in the last five minutes, or null (FIFO).
  const ReceiveAttempts::Attempt* FindAttempt(absl::string_view attempt_id, absl::Time now) const;

  // Receives of the message since it came to this queue: what maxReceiveCount is compared with (8.2).
  static uint32_t ReceivesInThisQueue(const Message& message);

  // "18800000000000000000" and up, 20 digits: a FIFO message's SequenceNumber (7.1).
  static SequenceText SequenceNumberText(uint64_t sequence);

  // --- Time -------------------------------------------------------------------------------------------------------

  // The earliest timer that is due at `now`; ends of delays and visibility timeouts before expiries of one instant.
  std::optional<DueTimer> NextTimer(absl::Time now);

  // The message of a kVisible timer becomes visible. (A kExpires timer passes by applying Expired.)
  void PassTimer(const DueTimer& timer);

  // Passes the kVisible timers up to `now`: replay does so before each effect.
  void PassVisibleTimers(absl::Time now);

  // The instant of the next timer, or InfiniteFuture.
  absl::Time NextEventAt() const;

  // Not later than NextEventAt, and cheap.
  absl::Time NextEventBound() const { return absl::FromUnixNanos(next_event_bound_ns_); }

  // --- Applying ---------------------------------------------------------------------------------------------------

  void Apply(const QueuePurged&, absl::Time at);
  void Apply(const QueueConfigured& effect, absl::Time at);
  void Apply(const QueueTagged& effect);
  void Apply(const QueueUntagged& effect);
  void Apply(const Sent& effect, absl::Time at);
  void Apply(const Received& effect, absl::Time at);
  void Apply(const ReceiveAttempted& effect, absl::Time at);
  void Apply(const VisibilityChanged& effect, absl::Time at);
  void Apply(const Undelivered& effect, absl::Time at);

  // Takes the message out: deleted, expired, or moved away. Returns what it was.
  struct Departed {
    PayloadPtr payload;
    uint32_t receive_count;
    int64_t first_received_at_ns;
  };
  Departed Remove(MessagePlace place);

  // The same message, with its content or without.
  void ReplacePayload(MessagePlace place, PayloadPtr payload) { messages_[place.slot].payload = std::move(payload); }

  // A message arrives from another queue by its redrive policy, with its receive history, or by a move task, without.
  void Arrive(MessagePlace place, PayloadPtr payload, const Departed* history, absl::Time visible_at, absl::Time at);

  // --- Storing and restoring --------------------------------------------------------------------------------------
  //
  // What a store keeps besides the messages, and the way back: the queue is made anew, then all messages in order of
  // sequence, then what refers to them. See restore.cc.

  const DeliveryOrder& order() const { return *order_; }
  const DeduplicationMemory& deduplication() const { return deduplication_; }

  void RestoreTimes(absl::Time last_modified_at, std::optional<absl::Time> purged_at);
  void RestoreNextSequence(uint64_t next_sequence);
  // `message` as Find showed it. One whose timer passed until `now` is visible.
  void RestoreMessage(uint32_t slot, const Message& message, absl::Time now);
  void RestoreTurn(uint32_t slot, uint64_t turn) { order_->RestoreTurn(slot, turn); }  // In rising order.
  void RestoreLastSentAt(absl::string_view group_id, absl::Time at) { order_->RestoreLastSentAt(group_id, at); }
  void RestoreDuplicate(absl::string_view group_id, absl::string_view deduplication_id,
                        const DeduplicationMemory::Entry& entry);
  void RestoreAttempt(absl::string_view attempt_id, ReceiveAttempts::Attempt attempt);

  // --- Looking ----------------------------------------------------------------------------------------------------

  // Visits every message in order of arrival: tests, snapshots, a look without receiving. O(n log n).
  void ForEachMessage(absl::FunctionRef<void(const Message&)> visit) const;

  // The places of the messages in `state` (kFree: in any) whose sequence is at least `from`, in order of arrival, at
  // most `limit`: a page of a look without receiving. Passes over the table once, keeping no more than it returns.
  std::vector<MessagePlace> PlacesFrom(uint64_t from, Message::State state, size_t limit) const;

  // The whole state as text, one line a message, equal for equal states. For tests and failure reports.
  std::string Dump(absl::Time now) const;

 private:
  // Changes of state; each keeps counts, timers and the delivery order in step.
  void EnterHidden(uint32_t slot, Message::State state, int64_t visible_at_ns, int64_t at_ns);
  void EnterVisible(uint32_t slot);
  void Leave(uint32_t slot);
  void Uncount(uint32_t slot);
  void MoveTo(uint32_t slot, Message::State hidden_state, int64_t visible_at_ns, int64_t at_ns);
  void Insert(MessagePlace place, PayloadPtr payload, int64_t visible_at_ns, int64_t at_ns);
  void ReapplyDelay(int64_t at_ns);

  int64_t ExactNextEventNs() const;
  void NoteEvent(int64_t at_ns) {
    if (at_ns < next_event_bound_ns_) next_event_bound_ns_ = at_ns;
  }

  const QueueNumber number_;
  const std::shared_ptr<const QueueName> name_;
  const std::string arn_;
  const SipHashKey handle_key_;
  std::shared_ptr<const QueueConfig> config_;
  StringMap tags_;
  absl::Time created_at_;
  absl::Time last_modified_at_;
  std::optional<absl::Time> purged_at_;

  MessageTable messages_;
  uint64_t next_sequence_ = 0;
  int64_t visible_count_ = 0;
  int64_t in_flight_count_ = 0;
  int64_t delayed_count_ = 0;

  std::unique_ptr<DeliveryOrder> order_;  // Of the visible messages (and of FIFO groups).
  TimerLists visible_timers_;             // Ends of delays and visibility timeouts.
  RetentionList retention_;
  int64_t retention_ns_;
  int64_t next_event_bound_ns_;

  DeduplicationMemory deduplication_;
  ReceiveAttempts attempts_;
};

}  // namespace sqs
