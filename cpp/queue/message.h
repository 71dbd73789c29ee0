// A message's place in its queue, and the table of all places.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "api/payload.h"

namespace sqs {

inline constexpr uint32_t kNoSlot = UINT32_MAX;

// Neighbours in an intrusive list of slots.
struct SlotLinks {
  uint32_t previous = kNoSlot;
  uint32_t next = kNoSlot;
};

// The mutable part of a message: one cache line. What never changes is in the payload.
//
// A slot is used again after its message is gone; `sequence` tells whether a handle or an effect means this message.
struct Message {
  enum State : uint8_t { kFree, kDelayed, kVisible, kInFlight };

  uint64_t sequence = 0;
  PayloadPtr payload;
  int64_t visible_at_ns = 0;         // End of the delay or of the visibility timeout.
  int64_t received_at_ns = 0;        // The last receive: the 12-hour cap counts from it (6.5).
  int64_t first_received_at_ns = 0;  // Means something only if receive_count is not 0.
  SlotLinks order;                   // Visible: the delivery list. Delayed or in flight: a timer list.
  SlotLinks retention;               // The list by age; while free, `next` chains the free slots.
  uint32_t receive_count = 0;        // ApproximateReceiveCount.
  State state = kFree;
  uint8_t timer_list = 0;       // Which of the TimerLists holds it.
  bool order_overflow = false;  // In the side tree of its order or timer list, not in the list itself.
  bool retention_overflow = false;
};

// Slots in blocks, so that growing moves nothing and costs no doubling.
class MessageTable {
 public:
  Message& operator[](uint32_t slot) { return blocks_[slot >> kBlockBits][slot & kBlockMask]; }
  const Message& operator[](uint32_t slot) const { return blocks_[slot >> kBlockBits][slot & kBlockMask]; }

  // The slot that the next Take returns.
  uint32_t NextFree() const { return first_free_ != kNoSlot ? first_free_ : size_; }

  // Makes `slot` live. On replay it need not be NextFree.
  Message& Take(uint32_t slot);
  void Free(uint32_t slot);

  // Slots ever used; each may be free.
  uint32_t size() const { return size_; }

 private:
  static constexpr int kBlockBits = 10;
  static constexpr uint32_t kBlockMask = (1u << kBlockBits) - 1;

  void Grow();

  std::vector<std::unique_ptr<Message[]>> blocks_;
  uint32_t first_free_ = kNoSlot;
  uint32_t size_ = 0;
};

}  // namespace sqs
