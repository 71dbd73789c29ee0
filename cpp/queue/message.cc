#include "queue/message.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace sqs {

void MessageTable::Grow() {
  if (size_ < room_) return;
  // As many as there are, which makes the small blocks.
  const uint32_t slots = room_ == 0 ? kFirstSlots : std::min(room_, kBlockSlots);
  blocks_.push_back(std::make_unique<Message[]>(slots));
  room_ += slots;
}

Message& MessageTable::Take(uint32_t slot) {
  // Live, `slot` is NextFree(). A store that loads a queue may fill slots in any order: the gaps become free.
  while (size_ <= slot) {
    Grow();
    (*this)[size_].retention = {kNoSlot, first_free_};
    if (first_free_ != kNoSlot) (*this)[first_free_].retention.previous = size_;
    first_free_ = size_++;
  }
  Message& message = (*this)[slot];
  assert(message.state == Message::kFree);
  const SlotLinks links = message.retention;
  (links.previous == kNoSlot ? first_free_ : (*this)[links.previous].retention.next) = links.next;
  if (links.next != kNoSlot) (*this)[links.next].retention.previous = links.previous;
  return message;
}

void MessageTable::Free(uint32_t slot) {
  Message& message = (*this)[slot];
  message = Message();
  message.retention = {kNoSlot, first_free_};
  if (first_free_ != kNoSlot) (*this)[first_free_].retention.previous = slot;
  first_free_ = slot;
}

}  // namespace sqs
