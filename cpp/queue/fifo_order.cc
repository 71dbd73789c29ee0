#include "queue/fifo_order.h"

#include <algorithm>

#include "base/prefetch.h"
#include "queue/standard_order.h"

namespace sqs {

FifoOrder::GroupIndex FifoOrder::GroupFor(absl::string_view id) {
  const auto [found, is_new] = group_of_id_.try_emplace(std::string(id), kNoGroup);
  if (!is_new) return found->second;
  if (free_groups_.empty()) {
    found->second = static_cast<GroupIndex>(groups_.size());
    groups_.emplace_back();
  } else {
    found->second = free_groups_.back();
    free_groups_.pop_back();
  }
  groups_[found->second].id = std::string(id);
  return found->second;
}

void FifoOrder::Add(uint32_t slot, absl::Time /*at*/) {
  if (member_.size() <= slot) member_.resize(std::max<size_t>(size_t{slot} + 1, member_.size() * 2));
  const GroupIndex index = GroupFor(messages_[slot].payload->group_id());
  Group& group = groups_[index];
  // Arrivals are in sequence order; only a store that loads a queue may not be, and it sorts them.
  member_[slot] = {index, {group.last, kNoSlot}};
  (group.last == kNoSlot ? group.first : member_[group.last].links.next) = slot;
  group.last = slot;
}

void FifoOrder::Remove(uint32_t slot) {
  const Member member = member_[slot];
  Group& group = groups_[member.group];
  (member.links.previous == kNoSlot ? group.first : member_[member.links.previous].links.next) = member.links.next;
  (member.links.next == kNoSlot ? group.last : member_[member.links.next].links.previous) = member.links.previous;
  member_[slot] = Member();
  Refresh(member.group);
  if (group.first != kNoSlot) return;
  group_of_id_.erase(group.id);
  group = Group();
  free_groups_.push_back(member.group);
}

SQS_PREFETCHES void FifoOrder::Prefetch(absl::string_view group_id) const {
  group_of_id_.prefetch(group_id);
  SQS_KEEP_PREFETCHES();
}

void FifoOrder::OnInFlight(uint32_t slot) {
  if (groups_[member_[slot].group].in_flight++ == 0) ++groups_in_flight_;
}

void FifoOrder::OnLanded(uint32_t slot) {
  if (--groups_[member_[slot].group].in_flight == 0) --groups_in_flight_;
}

void FifoOrder::Clear() {
  member_.clear();
  groups_.clear();
  free_groups_.clear();
  group_of_id_.clear();
  first_turn_ = last_turn_ = kNoGroup;
  groups_in_flight_ = 0;
}

void FifoOrder::Refresh(GroupIndex index) {
  const Group& group = groups_[index];
  const bool deliverable = group.first != kNoSlot && messages_[group.first].state == Message::kVisible;
  if (deliverable == group.in_turn) return;
  if (deliverable) {
    EnterTurn(index);
  } else {
    LeaveTurn(index);
  }
}

void FifoOrder::EnterTurn(GroupIndex index) {
  Group& group = groups_[index];
  group.in_turn = true;
  group.turn = ++turns_given_;
  group.previous_turn = last_turn_;
  group.next_turn = kNoGroup;
  (last_turn_ == kNoGroup ? first_turn_ : groups_[last_turn_].next_turn) = index;
  last_turn_ = index;
}

void FifoOrder::LeaveTurn(GroupIndex index) {
  Group& group = groups_[index];
  group.in_turn = false;
  (group.previous_turn == kNoGroup ? first_turn_ : groups_[group.previous_turn].next_turn) = group.next_turn;
  (group.next_turn == kNoGroup ? last_turn_ : groups_[group.next_turn].previous_turn) = group.previous_turn;
}

uint64_t FifoOrder::TurnOf(uint32_t slot) const {
  if (slot >= member_.size() || member_[slot].group == kNoGroup) return 0;
  const Group& group = groups_[member_[slot].group];
  return group.first == slot && group.in_turn ? group.turn : 0;
}

uint32_t FifoOrder::FrontOf(absl::string_view group_id) const {
  const auto found = group_of_id_.find(group_id);
  return found == group_of_id_.end() ? kNoSlot : groups_[found->second].first;
}

void FifoOrder::RestoreTurn(uint32_t slot, uint64_t turn) {
  const GroupIndex index = member_[slot].group;
  if (!groups_[index].in_turn) return;
  LeaveTurn(index);
  EnterTurn(index);
  groups_[index].turn = turn;
  turns_given_ = std::max(turns_given_, turn);
}

uint32_t FifoOrder::Oldest() const {
  uint32_t oldest = kNoSlot;
  for (GroupIndex index = first_turn_; index != kNoGroup; index = groups_[index].next_turn) {
    const uint32_t head = groups_[index].first;
    if (oldest == kNoSlot || messages_[head].sequence < messages_[oldest].sequence) oldest = head;
  }
  return oldest;
}

void FifoOrder::Select(const SelectOptions& options, Selection* selection) const {
  for (GroupIndex index = first_turn_; index != kNoGroup; index = groups_[index].next_turn) {
    for (uint32_t slot = groups_[index].first; slot != kNoSlot && messages_[slot].state == Message::kVisible;
         slot = member_[slot].links.next) {
      if (TakeInto(messages_, options, slot, selection)) return;
    }
  }
}

}  // namespace sqs
