#include "queue/standard_order.h"

#include <optional>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "api/limits.h"
#include "queue/queue.h"

namespace sqs {

bool TakeInto(const MessageTable& messages, const SelectOptions& options, uint32_t slot, Selection* selection) {
  const Message& message = messages[slot];
  if (options.max_receive_count > 0 && Queue::ReceivesInThisQueue(message) >= options.max_receive_count) {
    selection->dead.push_back(slot);
  } else {
    selection->deliver.push_back(slot);
    message.payload.PrefetchContent();
  }
  return static_cast<int>(selection->deliver.size()) >= options.max_messages;
}

StandardOrder::Lane StandardOrder::LaneOf(uint32_t slot) const {
  const absl::string_view group_id = messages_[slot].payload->group_id();
  return group_id.empty() ? kNoTenant : lane_of_group_.at(group_id);
}

void StandardOrder::Add(uint32_t slot, absl::Time at) {
  const absl::string_view group_id = messages_[slot].payload->group_id();
  if (group_id.empty()) return;
  const auto [found, is_new] = lane_of_group_.try_emplace(std::string(group_id), kNoTenant);
  if (is_new) {
    if (free_lanes_.empty()) {
      found->second = static_cast<Lane>(lanes_.size());
      lanes_.emplace_back();
    } else {
      found->second = free_lanes_.back();
      free_lanes_.pop_back();
    }
    lanes_[found->second].group_id = std::string(group_id);
  }
  LaneState& lane = lanes_[found->second];
  ++lane.messages;
  lane.last_sent_at = at;
}

void StandardOrder::Remove(uint32_t slot) {
  if (messages_[slot].state == Message::kVisible) OnHidden(slot);
  const Lane lane = LaneOf(slot);
  if (lane == kNoTenant || --lanes_[lane].messages > 0) return;
  lane_of_group_.erase(lanes_[lane].group_id);
  lanes_[lane] = LaneState();
  free_lanes_.push_back(lane);
}

void StandardOrder::OnVisible(uint32_t slot) {
  const Lane lane = LaneOf(slot);
  lanes_[lane].visible.Insert(messages_, slot);
  if (lane != kNoTenant) Relist(lane);
}

void StandardOrder::OnHidden(uint32_t slot) {
  const Lane lane = LaneOf(slot);
  lanes_[lane].visible.Remove(messages_, slot);
  if (lane != kNoTenant) Relist(lane);
}

void StandardOrder::OnInFlight(uint32_t slot) {
  ++all_in_flight_;
  ++lanes_[LaneOf(slot)].in_flight;
}

void StandardOrder::OnLanded(uint32_t slot) {
  --all_in_flight_;
  --lanes_[LaneOf(slot)].in_flight;
}

void StandardOrder::Clear() {
  lanes_.clear();
  lanes_.emplace_back();
  free_lanes_.clear();
  lane_of_group_.clear();
  fronts_.clear();
  all_in_flight_ = 0;
}

void StandardOrder::Relist(Lane lane) {
  LaneState& state = lanes_[lane];
  const uint32_t front = state.visible.Front(messages_);
  const int64_t key = front == kNoSlot ? kNotListed : static_cast<int64_t>(messages_[front].sequence);
  if (key == state.listed_front) return;
  if (state.listed_front != kNotListed) fronts_.erase({state.listed_front, lane});
  if (key != kNotListed) fronts_.insert({key, lane});
  state.listed_front = key;
}

bool StandardOrder::IsNoisy(const LaneState& lane, int64_t in_flight, int64_t all_in_flight, absl::Time now) const {
  return in_flight >= kNoisyInFlightMin && static_cast<double>(in_flight) > kNoisyInFlightShare * all_in_flight &&
         lane.last_sent_at + kFairQueueQuietAfter > now;
}

void StandardOrder::SelectOldest(const SelectOptions& options, Selection* selection) const {
  SortedList<ByArrival>::Cursor cursor(lanes_[kNoTenant].visible, messages_);
  for (bool full = false; !full && cursor.slot() != kNoSlot; cursor.Next()) {
    full = TakeInto(messages_, options, cursor.slot(), selection);
  }
  // What the next receive will deliver: of a long queue it has left the cache long ago.
  if (cursor.slot() != kNoSlot) messages_[cursor.slot()].payload.PrefetchContent();
}

// One Select over tenants: what it has taken so far counts as in flight, so that ten messages of one answer are
// shared out as ten answers of one message would be.
class StandardOrder::Taker {
 public:
  Taker(const StandardOrder& order, const SelectOptions& options, Selection* selection)
      : order_(order), options_(options), selection_(selection), all_in_flight_(order.all_in_flight_) {}

  void Run() {
    while (TakeOne()) {
    }
  }

 private:
  struct Opened {
    Lane lane;
    SortedList<ByArrival>::Cursor cursor;
    int64_t taken = 0;
  };

  // False when nothing is left or the selection is full.
  bool TakeOne() {
    Opened* best = nullptr;
    std::tuple<bool, int64_t, uint64_t> best_rank;  // Noisy, then fewest in flight if noisy, then oldest.
    const auto consider = [&](Opened& opened) {
      const uint32_t slot = opened.cursor.slot();
      if (slot == kNoSlot) return;
      const LaneState& lane = order_.lanes_[opened.lane];
      const int64_t in_flight = lane.in_flight + opened.taken;
      const bool noisy = opened.lane != kNoTenant && order_.IsNoisy(lane, in_flight, all_in_flight_, options_.now);
      const std::tuple rank(noisy, noisy ? in_flight : 0, order_.messages_[slot].sequence);
      if (best == nullptr || rank < best_rank) {
        best = &opened;
        best_rank = rank;
      }
    };
    OpenEnough();
    for (Opened& opened : opened_) consider(opened);
    if (best == nullptr) return false;
    const uint32_t slot = best->cursor.slot();
    best->cursor.Next();
    const size_t delivered = selection_->deliver.size();
    const bool full = TakeInto(order_.messages_, options_, slot, selection_);
    if (selection_->deliver.size() > delivered) {  // A dead message takes no place in flight.
      ++best->taken;
      ++all_in_flight_;
    }
    return !full;
  }

  // Opens lanes in order of their oldest message until one that is quiet is open beyond those used up: any lane
  // further on is younger than it. The lane without tenants is always open.
  void OpenEnough() {
    if (opened_.empty()) {
      opened_.push_back({kNoTenant, {order_.lanes_[kNoTenant].visible, order_.messages_}});
      next_ = order_.fronts_.begin();
    }
    // One lane more than can be noisy or used up is always enough; a full answer takes from ten at most.
    while (next_ != order_.fronts_.end() && NeedsAnother()) {
      const Lane lane = (next_++)->second;
      opened_.push_back({lane, {order_.lanes_[lane].visible, order_.messages_}});
    }
  }

  // Whether a lane not yet opened could hold the best message.
  bool NeedsAnother() const {
    const uint64_t next_front = static_cast<uint64_t>(next_->first);
    for (const Opened& opened : opened_) {
      const uint32_t slot = opened.cursor.slot();
      if (slot == kNoSlot || order_.messages_[slot].sequence > next_front) continue;
      const LaneState& lane = order_.lanes_[opened.lane];
      if (opened.lane == kNoTenant ||
          !order_.IsNoisy(lane, lane.in_flight + opened.taken, all_in_flight_, options_.now)) {
        return false;
      }
    }
    return true;
  }

  const StandardOrder& order_;
  const SelectOptions& options_;
  Selection* const selection_;
  int64_t all_in_flight_;
  std::vector<Opened> opened_;
  absl::btree_set<std::pair<int64_t, Lane>>::const_iterator next_;
};

uint32_t StandardOrder::Oldest() const {
  const uint32_t plain = lanes_[kNoTenant].visible.Front(messages_);
  if (fronts_.empty()) return plain;
  const uint32_t of_tenant = lanes_[fronts_.begin()->second].visible.Front(messages_);
  if (plain == kNoSlot) return of_tenant;
  return messages_[plain].sequence < messages_[of_tenant].sequence ? plain : of_tenant;
}

std::optional<absl::Time> StandardOrder::LastSentAt(absl::string_view group_id) const {
  const auto found = lane_of_group_.find(group_id);
  if (found == lane_of_group_.end()) return std::nullopt;
  return lanes_[found->second].last_sent_at;
}

void StandardOrder::RestoreLastSentAt(absl::string_view group_id, absl::Time at) {
  const auto found = lane_of_group_.find(group_id);
  if (found != lane_of_group_.end()) lanes_[found->second].last_sent_at = at;
}

std::string StandardOrder::Dump() const {
  absl::btree_map<std::string, const LaneState*> tenants;  // By name: lanes are used again.
  for (const LaneState& lane : lanes_) {
    if (!lane.group_id.empty()) tenants.emplace(lane.group_id, &lane);
  }
  std::string text;
  for (const auto& [id, lane] : tenants) {
    absl::StrAppend(&text, "  tenant ", id, " messages ", lane->messages, " in flight ", lane->in_flight, " sent ",
                    absl::ToUnixNanos(lane->last_sent_at), "\n");
  }
  return text;
}

void StandardOrder::Select(const SelectOptions& options, Selection* selection) const {
  if (fronts_.empty()) {
    SelectOldest(options, selection);
  } else {
    Taker(*this, options, selection).Run();
  }
}

}  // namespace sqs
