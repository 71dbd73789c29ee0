#include "queue/timer_lists.h"

#include <tuple>

namespace sqs {

void TimerLists::Insert(MessageTable& messages, uint32_t slot, int64_t span_ns) {
  int chosen = kLists - 1;
  for (int i = 0; i < kLists; ++i) {
    if (lists_[i].span_ns == span_ns || lists_[i].slots.empty()) {
      chosen = i;
      break;
    }
  }
  lists_[chosen].span_ns = span_ns;
  lists_[chosen].slots.Insert(messages, slot);
  messages[slot].timer_list = static_cast<uint8_t>(chosen);
}

void TimerLists::Remove(MessageTable& messages, uint32_t slot) {
  lists_[messages[slot].timer_list].slots.Remove(messages, slot);
}

void TimerLists::Clear() {
  for (List& list : lists_) list.slots.Clear();
}

uint32_t TimerLists::Front(const MessageTable& messages) const {
  uint32_t first = kNoSlot;
  for (const List& list : lists_) {
    const uint32_t slot = list.slots.Front(messages);
    if (slot == kNoSlot) continue;
    const auto key = [&messages](uint32_t s) { return std::tuple(messages[s].visible_at_ns, messages[s].sequence); };
    if (first == kNoSlot || key(slot) < key(first)) first = slot;
  }
  return first;
}

}  // namespace sqs
