// A list of slots in order of a key, O(1) where keys arrive in order, O(log n) where they do not.
//
// Sends, receives with one timeout and expiries arrive in order almost always, so the list proper is an intrusive
// doubly linked list that is appended to; what comes out of order waits in a side tree. Measured against one tree for
// all: shared/measured.md, "Queue structures".
//
// `Traits` says where in a Message the key, the links and the side-tree flag are. Equal keys are ordered by sequence,
// so the order follows from the messages alone and not from the way they came in.
#pragma once

#include <cstdint>
#include <tuple>

#include "absl/container/btree_set.h"
#include "queue/message.h"

namespace sqs {

template <class Traits>
class SortedList {
 public:
  bool empty() const { return head_ == kNoSlot && side_.empty(); }

  void Insert(MessageTable& messages, uint32_t slot) {
    Message& message = messages[slot];
    const bool in_order = tail_ == kNoSlot || KeyOf(messages, tail_) < KeyOf(messages, slot);
    Traits::InSideTree(message) = !in_order;
    if (!in_order) {
      side_.insert(KeyOf(messages, slot));
      return;
    }
    Traits::Links(message) = {tail_, kNoSlot};
    (tail_ == kNoSlot ? head_ : Traits::Links(messages[tail_]).next) = slot;
    tail_ = slot;
  }

  void Remove(MessageTable& messages, uint32_t slot) {
    Message& message = messages[slot];
    if (Traits::InSideTree(message)) {
      side_.erase(KeyOf(messages, slot));
      return;
    }
    const SlotLinks links = Traits::Links(message);
    (links.previous == kNoSlot ? head_ : Traits::Links(messages[links.previous]).next) = links.next;
    (links.next == kNoSlot ? tail_ : Traits::Links(messages[links.next]).previous) = links.previous;
  }

  void Clear() {
    head_ = tail_ = kNoSlot;
    side_.clear();
  }

  // The slot with the lowest key, or kNoSlot.
  uint32_t Front(const MessageTable& messages) const { return Cursor(*this, messages).slot(); }

  // Walks the slots in order of key. Invalid after any change.
  class Cursor {
   public:
    Cursor(const SortedList& list, const MessageTable& messages)
        : messages_(&messages), listed_(list.head_), side_(list.side_.begin()), side_end_(list.side_.end()) {}

    // kNoSlot at the end.
    uint32_t slot() const {
      if (side_ == side_end_) return listed_;
      return SideIsNext() ? std::get<2>(*side_) : listed_;
    }
    void Next() {
      if (side_ != side_end_ && SideIsNext()) {
        ++side_;
      } else {
        listed_ = Traits::Links((*messages_)[listed_]).next;
      }
    }

   private:
    bool SideIsNext() const { return listed_ == kNoSlot || *side_ < KeyOf(*messages_, listed_); }

    const MessageTable* messages_;
    uint32_t listed_;
    typename absl::btree_set<std::tuple<typename Traits::Key, uint64_t, uint32_t>>::const_iterator side_, side_end_;
  };

 private:
  using FullKey = std::tuple<typename Traits::Key, uint64_t, uint32_t>;  // Key, sequence, slot.

  static FullKey KeyOf(const MessageTable& messages, uint32_t slot) {
    const Message& message = messages[slot];
    return {Traits::KeyOf(message), message.sequence, slot};
  }

  uint32_t head_ = kNoSlot;
  uint32_t tail_ = kNoSlot;
  absl::btree_set<FullKey> side_;
};

// Visible messages in order of arrival: standard queues.
struct ByArrival {
  using Key = uint64_t;
  static Key KeyOf(const Message& message) { return message.sequence; }
  static SlotLinks& Links(Message& message) { return message.order; }
  static const SlotLinks& Links(const Message& message) { return message.order; }
  static bool& InSideTree(Message& message) { return message.order_overflow; }
};

// Delayed and in-flight messages in order of the instant at which they become visible.
struct ByVisibleAt : ByArrival {
  using Key = int64_t;
  static Key KeyOf(const Message& message) { return message.visible_at_ns; }
};

// All messages of a queue in order of the instant from which they are retained.
struct ByAge {
  using Key = int64_t;
  static Key KeyOf(const Message& message) { return message.payload->retained_from_ns(); }
  static SlotLinks& Links(Message& message) { return message.retention; }
  static const SlotLinks& Links(const Message& message) { return message.retention; }
  static bool& InSideTree(Message& message) { return message.retention_overflow; }
};

using RetentionList = SortedList<ByAge>;

}  // namespace sqs
