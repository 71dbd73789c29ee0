// Which message is delivered next: the difference between standard and FIFO queues, behind one interface.
//
// The order knows every message of the queue (FIFO) or the visible ones (standard). The queue tells it of each change
// of state; it answers Select without changing anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "queue/message.h"

namespace sqs {

struct SelectOptions {
  int max_messages = 1;
  // Receives in this queue after which a message is dead; 0: never (no redrive policy, or its target is gone).
  int64_t max_receive_count = 0;
  absl::Time now;  // Fair queues forget a noisy tenant that sent nothing for five minutes.
};

// Slots, in delivery order.
struct Selection {
  absl::InlinedVector<uint32_t, 10> deliver;
  // Met on the way with their receives used up: to be moved to the dead-letter queue.
  absl::InlinedVector<uint32_t, 2> dead;
};

class DeliveryOrder {
 public:
  virtual ~DeliveryOrder() = default;

  // A message with its payload set arrived in `slot`, not yet visible.
  virtual void Add(uint32_t slot, absl::Time at) = 0;
  // The message leaves the queue, in the state it is still in. OnHidden is not called first: a FIFO group whose first
  // message goes keeps its turn if the next one is visible.
  virtual void Remove(uint32_t slot) = 0;
  virtual void OnVisible(uint32_t slot) = 0;
  // Was visible, is no longer.
  virtual void OnHidden(uint32_t slot) = 0;
  // Went in flight, or came back from it (whether visible again or gone).
  virtual void OnInFlight(uint32_t /*slot*/) {}
  virtual void OnLanded(uint32_t /*slot*/) {}
  virtual void Clear() = 0;

  virtual void Select(const SelectOptions& options, Selection* selection) const = 0;
  // The oldest message that could be delivered, or kNoSlot: what a move task takes next (8.3).
  virtual uint32_t Oldest() const = 0;
  // FIFO: a message of the group will soon be added. Calls what that needs into the cache.
  virtual void Prefetch(absl::string_view /*group_id*/) const {}
  // Message groups that cannot be received from since a message of theirs is in flight or delayed (FIFO), for metrics.
  virtual int64_t groups_in_flight() const { return 0; }

  // --- What does not follow from the messages alone, for a store and for Dump ---

  // FIFO: the number of the turn of the group whose first message is in `slot`, if it has one; else 0.
  virtual uint64_t TurnOf(uint32_t /*slot*/) const { return 0; }
  // FIFO: the first message of the group, or kNoSlot.
  virtual uint32_t FrontOf(absl::string_view /*group_id*/) const { return kNoSlot; }
  // Standard: when the tenant last sent something, if it has messages.
  virtual std::optional<absl::Time> LastSentAt(absl::string_view /*group_id*/) const { return std::nullopt; }
  // Once all messages are back. Turns in rising order.
  virtual void RestoreTurn(uint32_t /*slot*/, uint64_t /*turn*/) {}
  virtual void RestoreLastSentAt(absl::string_view /*group_id*/, absl::Time /*at*/) {}
  virtual std::string Dump() const { return ""; }
};

}  // namespace sqs
