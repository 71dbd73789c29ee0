#include "queue/message.h"

#include <cassert>
#include <utility>

namespace sqs {

void MessageTable::Grow() { blocks_.push_back(std::make_unique<Message[]>(size_t{1} << kBlockBits)); }

Message& MessageTable::Take(uint32_t slot) {
  // Live, `slot` is NextFree(). A store that loads a queue may fill slots in any order: the gaps become free.
  while (size_ <= slot) {
    if ((size_ & kBlockMask) == 0) Grow();
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
