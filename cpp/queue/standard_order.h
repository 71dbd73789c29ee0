// Delivery order of a standard queue: oldest first, quiet tenants before noisy ones (fair queues, 6.9).
//
// A message with a MessageGroupId belongs to that tenant; all others share the first lane and count as a quiet tenant
// each. A tenant is noisy while it has at least 30 messages in flight, more than 10 % of all in flight, and sent
// something within five minutes. Not more than nine tenants can be noisy at once, so looking for the oldest message
// of a quiet one skips nine lanes at most.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "queue/delivery_order.h"
#include "queue/sorted_list.h"

namespace sqs {

class StandardOrder : public DeliveryOrder {
 public:
  explicit StandardOrder(MessageTable& messages) : messages_(messages) { lanes_.emplace_back(); }

  void Add(uint32_t slot, absl::Time at) override;
  void Remove(uint32_t slot) override;
  void OnVisible(uint32_t slot) override;
  void OnHidden(uint32_t slot) override;
  void OnInFlight(uint32_t slot) override;
  void OnLanded(uint32_t slot) override;
  void Clear() override;
  void Select(const SelectOptions& options, Selection* selection) const override;
  uint32_t Oldest() const override;
  std::optional<absl::Time> LastSentAt(absl::string_view group_id) const override;
  void RestoreLastSentAt(absl::string_view group_id, absl::Time at) override;
  std::string Dump() const override;

 private:
  using Lane = uint32_t;
  static constexpr Lane kNoTenant = 0;
  static constexpr int64_t kNotListed = -1;

  struct LaneState {
    std::string group_id;
    SortedList<ByArrival> visible;
    int64_t messages = 0;
    int64_t in_flight = 0;
    absl::Time last_sent_at = absl::InfinitePast();
    int64_t listed_front = kNotListed;  // Its key in fronts_: the sequence of its first visible message.
  };
  class Taker;

  Lane LaneOf(uint32_t slot) const;
  void Relist(Lane lane);
  bool IsNoisy(const LaneState& lane, int64_t in_flight, int64_t all_in_flight, absl::Time now) const;
  void SelectOldest(const SelectOptions& options, Selection* selection) const;

  MessageTable& messages_;
  std::vector<LaneState> lanes_;
  std::vector<Lane> free_lanes_;
  absl::flat_hash_map<std::string, Lane> lane_of_group_;  // Looked up, never walked.
  absl::btree_set<std::pair<int64_t, Lane>> fronts_;      // Tenants with visible messages, by their oldest.
  int64_t all_in_flight_ = 0;
};

// Sorts `slot` into the selection: dead if its receives in this queue are used up, else to be delivered.
// True once the selection is full.
bool TakeInto(const MessageTable& messages, const SelectOptions& options, uint32_t slot, Selection* selection);

}  // namespace sqs
