// The instants at which hidden messages become visible: ends of delays and of visibility timeouts.
//
// Messages hidden for the same span become visible in the order in which they were hidden, so there is one list for
// each of the first few spans in use and appending keeps it sorted. Any further span shares the last list, whose side
// tree takes what comes out of order.
#pragma once

#include <array>
#include <cstdint>

#include "queue/sorted_list.h"

namespace sqs {

class TimerLists {
 public:
  // `message.visible_at_ns` is set; it was hidden for `span_ns`.
  void Insert(MessageTable& messages, uint32_t slot, int64_t span_ns);
  void Remove(MessageTable& messages, uint32_t slot);
  void Clear();

  // The slot that becomes visible first, or kNoSlot.
  uint32_t Front(const MessageTable& messages) const;

 private:
  static constexpr int kLists = 8;

  struct List {
    int64_t span_ns = 0;
    SortedList<ByVisibleAt> slots;
  };

  std::array<List, kLists> lists_;
};

}  // namespace sqs
