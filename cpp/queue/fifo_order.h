// Delivery order of a FIFO queue: message groups (7.4).
//
// A group is the list of all its messages in sequence order. What can be delivered of it is its leading run of visible
// messages: a message in flight or delayed hides all that follow. Groups take turns: a group enters the turn order at
// the back when its first message becomes visible, and leaves it when its first message is hidden or the group ends.
// Receiving never looks at a group that is not in the turn order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "queue/delivery_order.h"

namespace sqs {

class FifoOrder : public DeliveryOrder {
 public:
  explicit FifoOrder(MessageTable& messages) : messages_(messages) {}

  void Add(uint32_t slot, absl::Time at) override;
  void Remove(uint32_t slot) override;
  void OnVisible(uint32_t slot) override { Refresh(member_[slot].group); }
  void OnHidden(uint32_t slot) override { Refresh(member_[slot].group); }
  void OnInFlight(uint32_t slot) override;
  void OnLanded(uint32_t slot) override;
  void Clear() override;
  void Select(const SelectOptions& options, Selection* selection) const override;
  uint32_t Oldest() const override;  // O(groups in turn).
  void Prefetch(absl::string_view group_id) const override;
  int64_t groups_in_flight() const override { return groups_in_flight_; }
  uint64_t TurnOf(uint32_t slot) const override;
  uint32_t FrontOf(absl::string_view group_id) const override;
  void RestoreTurn(uint32_t slot, uint64_t turn) override;

 private:
  using GroupIndex = uint32_t;
  static constexpr GroupIndex kNoGroup = UINT32_MAX;

  // Of a message, by slot: kept beside the messages, since standard queues need none of it.
  struct Member {
    GroupIndex group = kNoGroup;
    SlotLinks links;  // In sequence order.
  };

  struct Group {
    std::string id;
    uint32_t first = kNoSlot;
    uint32_t last = kNoSlot;
    int64_t in_flight = 0;
    bool in_turn = false;
    uint64_t turn = 0;  // The number of its turn: they rise along the turn order.
    GroupIndex previous_turn = kNoGroup;
    GroupIndex next_turn = kNoGroup;
  };

  GroupIndex GroupFor(absl::string_view id);
  void Refresh(GroupIndex index);
  void EnterTurn(GroupIndex index);
  void LeaveTurn(GroupIndex index);

  MessageTable& messages_;
  std::vector<Member> member_;
  std::vector<Group> groups_;
  std::vector<GroupIndex> free_groups_;
  absl::flat_hash_map<std::string, GroupIndex> group_of_id_;  // Looked up, never walked.
  GroupIndex first_turn_ = kNoGroup;
  GroupIndex last_turn_ = kNoGroup;
  int64_t groups_in_flight_ = 0;
  uint64_t turns_given_ = 0;
};

}  // namespace sqs
