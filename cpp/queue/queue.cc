#include "queue/queue.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "queue/fifo_order.h"
#include "queue/standard_order.h"

namespace sqs {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

std::unique_ptr<DeliveryOrder> MakeOrder(bool fifo, MessageTable& messages) {
  if (fifo) return std::make_unique<FifoOrder>(messages);
  return std::make_unique<StandardOrder>(messages);
}

}  // namespace

Queue::Queue(QueueNumber number, const QueueCreated& created, std::string arn, absl::Time created_at)
    : number_(number),
      name_(created.name),
      arn_(std::move(arn)),
      handle_key_(created.handle_key),
      config_(created.config),
      tags_(created.tags),
      created_at_(created_at),
      last_modified_at_(created_at),
      order_(MakeOrder(created.config->fifo, messages_)),
      retention_ns_(absl::ToInt64Nanoseconds(created.config->retention())),
      next_event_bound_ns_(kNever),
      deduplication_(created.config->deduplication_scope) {}

// --- Deciding -------------------------------------------------------------------------------------------------------

MessagePlace Queue::NextPlace() const { return {messages_.NextFree(), next_sequence_}; }

const Message* Queue::Find(MessagePlace place) const {
  if (place.slot >= messages_.size()) return nullptr;
  const Message& message = messages_[place.slot];
  if (message.state == Message::kFree || message.sequence != place.sequence) return nullptr;
  return &message;
}

const DeduplicationMemory::Entry* Queue::FindDuplicate(absl::string_view group_id, absl::string_view deduplication_id,
                                                       absl::Time now) const {
  return deduplication_.Find(group_id, deduplication_id, now);
}

void Queue::ExpectSend(absl::string_view group_id, absl::string_view deduplication_id) const {
  deduplication_.Prefetch(group_id, deduplication_id);
  order_->Prefetch(group_id);
}

void Queue::Select(const SelectOptions& options, Selection* selection) const { order_->Select(options, selection); }

std::optional<MessagePlace> Queue::OldestDeliverable() const {
  const uint32_t slot = order_->Oldest();
  if (slot == kNoSlot) return std::nullopt;
  return PlaceOf(slot);
}

HandleText Queue::MakeReceiptHandle(MessagePlace place, uint32_t receive_count) const {
  return ReceiptHandle{number_, place, receive_count}.Encode(handle_key_);
}

ResolvedHandle Queue::Resolve(absl::string_view receipt_handle) const {
  ReceiptHandle handle;
  if (!ReceiptHandle::Decode(receipt_handle, handle_key_, &handle) || handle.queue != number_) return {};
  const Message* message = Find(handle.place);
  if (message == nullptr) return {ResolvedHandle::kGone, {}, false};
  return {handle.receive_count == message->receive_count ? ResolvedHandle::kLatest : ResolvedHandle::kOlder,
          handle.place, message->state == Message::kInFlight};
}

const ReceiveAttempts::Attempt* Queue::FindAttempt(absl::string_view attempt_id, absl::Time now) const {
  return attempts_.Find(attempt_id, now);
}

uint32_t Queue::ReceivesInThisQueue(const Message& message) {
  const PayloadExtras* extras = message.payload->extras();
  return message.receive_count - (extras == nullptr ? 0 : extras->receives_before);
}

// 18800000000000000000 + sequence, which no 64-bit integer holds: as text it is "188" and 17 digits.
SequenceText Queue::SequenceNumberText(uint64_t sequence) {
  return absl::StrCat("188", absl::Dec(sequence, absl::kZeroPad17));
}

// --- Time -----------------------------------------------------------------------------------------------------------

int64_t Queue::ExactNextEventNs() const {
  int64_t next = kNever;
  const uint32_t visible = visible_timers_.Front(messages_);
  if (visible != kNoSlot) next = messages_[visible].visible_at_ns;
  const uint32_t oldest = retention_.Front(messages_);
  if (oldest != kNoSlot) next = std::min(next, messages_[oldest].payload->retained_from_ns() + retention_ns_);
  return next;
}

absl::Time Queue::NextEventAt() const {
  const int64_t next = ExactNextEventNs();
  return next == kNever ? absl::InfiniteFuture() : absl::FromUnixNanos(next);
}

std::optional<DueTimer> Queue::NextTimer(absl::Time now) {
  const int64_t now_ns = absl::ToUnixNanos(now);
  if (next_event_bound_ns_ > now_ns) return std::nullopt;
  next_event_bound_ns_ = ExactNextEventNs();
  if (next_event_bound_ns_ > now_ns) return std::nullopt;

  const absl::Time at = absl::FromUnixNanos(next_event_bound_ns_);
  const uint32_t visible = visible_timers_.Front(messages_);
  if (visible != kNoSlot && messages_[visible].visible_at_ns == next_event_bound_ns_) {
    return DueTimer{DueTimer::kVisible, at, {visible, messages_[visible].sequence}};
  }
  const uint32_t oldest = retention_.Front(messages_);
  return DueTimer{DueTimer::kExpires, at, {oldest, messages_[oldest].sequence}};
}

void Queue::PassTimer(const DueTimer& timer) {
  const uint32_t slot = timer.place.slot;
  Leave(slot);
  EnterVisible(slot);
}

void Queue::PassVisibleTimers(absl::Time now) {
  const int64_t now_ns = absl::ToUnixNanos(now);
  if (next_event_bound_ns_ > now_ns) return;
  for (uint32_t slot = visible_timers_.Front(messages_); slot != kNoSlot && messages_[slot].visible_at_ns <= now_ns;
       slot = visible_timers_.Front(messages_)) {
    Leave(slot);
    EnterVisible(slot);
  }
  next_event_bound_ns_ = ExactNextEventNs();
}

// --- Changes of state -----------------------------------------------------------------------------------------------

void Queue::EnterHidden(uint32_t slot, Message::State state, int64_t visible_at_ns, int64_t at_ns) {
  Message& message = messages_[slot];
  message.state = state;
  message.visible_at_ns = visible_at_ns;
  visible_timers_.Insert(messages_, slot, visible_at_ns - at_ns);
  NoteEvent(visible_at_ns);
  if (state == Message::kInFlight) {
    ++in_flight_count_;
    order_->OnInFlight(slot);
  } else {
    ++delayed_count_;
  }
}

void Queue::EnterVisible(uint32_t slot) {
  messages_[slot].state = Message::kVisible;
  ++visible_count_;
  order_->OnVisible(slot);
}

// Out of the counts and timers of its state.
void Queue::Uncount(uint32_t slot) {
  switch (messages_[slot].state) {
    case Message::kVisible:
      --visible_count_;
      break;
    case Message::kInFlight:
      visible_timers_.Remove(messages_, slot);
      --in_flight_count_;
      order_->OnLanded(slot);
      break;
    case Message::kDelayed:
      visible_timers_.Remove(messages_, slot);
      --delayed_count_;
      break;
    case Message::kFree:
      break;
  }
}

// Out of its state; EnterHidden or EnterVisible follows.
void Queue::Leave(uint32_t slot) {
  Uncount(slot);
  const Message::State was = std::exchange(messages_[slot].state, Message::kFree);
  if (was == Message::kVisible) order_->OnHidden(slot);
}

// Hidden until `visible_at_ns`, or visible at once if that is not in the future.
void Queue::MoveTo(uint32_t slot, Message::State hidden_state, int64_t visible_at_ns, int64_t at_ns) {
  Leave(slot);
  if (visible_at_ns > at_ns) {
    EnterHidden(slot, hidden_state, visible_at_ns, at_ns);
  } else {
    messages_[slot].visible_at_ns = visible_at_ns;
    EnterVisible(slot);
  }
}

void Queue::Insert(MessagePlace place, PayloadPtr payload, int64_t visible_at_ns, int64_t at_ns) {
  Message& message = messages_.Take(place.slot);
  message = Message();
  message.sequence = place.sequence;
  message.payload = std::move(payload);
  next_sequence_ = std::max(next_sequence_, place.sequence + 1);
  retention_.Insert(messages_, place.slot);
  NoteEvent(message.payload->retained_from_ns() + retention_ns_);
  order_->Add(place.slot, absl::FromUnixNanos(at_ns));
  MoveTo(place.slot, Message::kDelayed, visible_at_ns, at_ns);
}

// A FIFO queue's delay applies to the messages present too (6.2): to those never received.
void Queue::ReapplyDelay(int64_t at_ns) {
  const int64_t delay_ns = absl::ToInt64Nanoseconds(config_->delay());
  std::vector<uint32_t> slots;
  for (RetentionList::Cursor cursor(retention_, messages_); cursor.slot() != kNoSlot; cursor.Next()) {
    if (messages_[cursor.slot()].receive_count == 0) slots.push_back(cursor.slot());
  }
  for (uint32_t slot : slots) {
    Message& message = messages_[slot];
    const int64_t visible_at_ns = message.payload->retained_from_ns() + delay_ns;
    if (message.state == Message::kVisible && visible_at_ns <= at_ns) {
      message.visible_at_ns = visible_at_ns;  // It stays visible, and its group keeps its turn.
    } else {
      MoveTo(slot, Message::kDelayed, visible_at_ns, at_ns);
    }
  }
}

// --- Applying -------------------------------------------------------------------------------------------------------

void Queue::Apply(const QueuePurged&, absl::Time at) {
  for (uint32_t slot = 0; slot < messages_.size(); ++slot) {
    if (messages_[slot].state != Message::kFree) messages_.Free(slot);
  }
  visible_count_ = in_flight_count_ = delayed_count_ = 0;
  order_->Clear();
  visible_timers_.Clear();
  retention_.Clear();
  deduplication_.Clear();
  purged_at_ = at;
}

void Queue::Apply(const QueueConfigured& effect, absl::Time at) {
  const std::shared_ptr<const QueueConfig> old = std::exchange(config_, effect.config);
  last_modified_at_ = at;
  retention_ns_ = absl::ToInt64Nanoseconds(config_->retention());
  if (config_->fifo && config_->delay_seconds != old->delay_seconds) ReapplyDelay(absl::ToUnixNanos(at));
  next_event_bound_ns_ = ExactNextEventNs();
}

void Queue::Apply(const QueueTagged& effect) {
  for (const auto& added : effect.tags) {
    const auto found =
        std::find_if(tags_.begin(), tags_.end(), [&added](const auto& tag) { return tag.first == added.first; });
    if (found == tags_.end()) {
      tags_.push_back(added);
    } else {
      found->second = added.second;
    }
  }
}

void Queue::Apply(const QueueUntagged& effect) {
  for (const std::string& key : effect.tag_keys) {
    tags_.erase(std::remove_if(tags_.begin(), tags_.end(), [&key](const auto& tag) { return tag.first == key; }),
                tags_.end());
  }
}

void Queue::Apply(const Sent& effect, absl::Time at) {
  Insert(effect.place, effect.payload, absl::ToUnixNanos(effect.visible_at), absl::ToUnixNanos(at));
  if (!fifo()) return;
  deduplication_.Add(effect.payload->group_id(), effect.payload->deduplication_id(),
                     {effect.payload->id(), effect.place.sequence, at});
}

void Queue::Apply(const Received& effect, absl::Time at) {
  const int64_t at_ns = absl::ToUnixNanos(at);
  Message& message = messages_[effect.place.slot];
  if (message.receive_count == 0) message.first_received_at_ns = at_ns;
  message.receive_count = effect.receive_count;
  message.received_at_ns = at_ns;
  MoveTo(effect.place.slot, Message::kInFlight, absl::ToUnixNanos(effect.visible_at), at_ns);
}

void Queue::Apply(const ReceiveAttempted& effect, absl::Time at) {
  const ReceiveAttempts::Attempt* before = attempts_.Find(effect.attempt_id, at);
  ReceiveAttempts::Attempt attempt{before == nullptr ? at : before->made_at, {}};
  for (const MessagePlace& place : effect.places) {
    const Message& message = messages_[place.slot];
    attempt.messages.push_back({place, message.receive_count, absl::FromUnixNanos(message.visible_at_ns)});
  }
  attempts_.Add(effect.attempt_id, std::move(attempt));
}

void Queue::Apply(const VisibilityChanged& effect, absl::Time at) {
  MoveTo(effect.place.slot, Message::kInFlight, absl::ToUnixNanos(effect.visible_at), absl::ToUnixNanos(at));
}

void Queue::Apply(const Undelivered& effect, absl::Time at) {
  const int64_t at_ns = absl::ToUnixNanos(at);
  Message& message = messages_[effect.place.slot];
  if (--message.receive_count == 0) message.first_received_at_ns = 0;
  MoveTo(effect.place.slot, Message::kInFlight, at_ns, at_ns);
}

Queue::Departed Queue::Remove(MessagePlace place) {
  const uint32_t slot = place.slot;
  Uncount(slot);
  order_->Remove(slot);
  retention_.Remove(messages_, slot);
  Message& message = messages_[slot];
  Departed departed{std::move(message.payload), message.receive_count, message.first_received_at_ns};
  messages_.Free(slot);
  return departed;
}

void Queue::Arrive(MessagePlace place, PayloadPtr payload, const Departed* history, absl::Time visible_at,
                   absl::Time at) {
  Insert(place, std::move(payload), absl::ToUnixNanos(visible_at), absl::ToUnixNanos(at));
  if (history == nullptr) return;
  messages_[place.slot].receive_count = history->receive_count;
  messages_[place.slot].first_received_at_ns = history->first_received_at_ns;
}

// --- Looking --------------------------------------------------------------------------------------------------------

void Queue::ForEachMessage(absl::FunctionRef<void(const Message&)> visit) const {
  std::vector<uint32_t> slots;
  for (uint32_t slot = 0; slot < messages_.size(); ++slot) {
    if (messages_[slot].state != Message::kFree) slots.push_back(slot);
  }
  std::sort(slots.begin(), slots.end(),
            [this](uint32_t a, uint32_t b) { return messages_[a].sequence < messages_[b].sequence; });
  for (uint32_t slot : slots) visit(messages_[slot]);
}

std::vector<MessagePlace> Queue::PlacesFrom(uint64_t from, Message::State state, size_t limit) const {
  const auto earlier = [](const MessagePlace& a, const MessagePlace& b) { return a.sequence < b.sequence; };
  std::vector<MessagePlace> places;  // A heap, the latest on top, to be replaced by an earlier one.
  if (limit == 0) return places;
  for (uint32_t slot = 0; slot < messages_.size(); ++slot) {
    const Message& message = messages_[slot];
    if (message.state == Message::kFree || message.sequence < from) continue;
    if (state != Message::kFree && message.state != state) continue;
    if (places.size() == limit) {
      if (message.sequence >= places.front().sequence) continue;
      std::pop_heap(places.begin(), places.end(), earlier);
      places.pop_back();
    }
    places.push_back({slot, message.sequence});
    std::push_heap(places.begin(), places.end(), earlier);
  }
  std::sort_heap(places.begin(), places.end(), earlier);
  return places;
}

std::string Queue::Dump(absl::Time now) const {
  static constexpr const char* kStates[] = {"free", "delayed", "visible", "in flight"};
  std::string text = absl::StrCat("queue ", number_, " ", arn_, " visible ", visible_count_, " in flight ",
                                  in_flight_count_, " delayed ", delayed_count_, " next ", next_sequence_, " key ",
                                  absl::Hex(handle_key_[0]), absl::Hex(handle_key_[1]), "\n");
  for (const auto& [key, value] : tags_) absl::StrAppend(&text, "  tag ", key, "=", value, "\n");
  ForEachMessage([&text](const Message& message) {
    absl::StrAppend(&text, "  ", message.sequence, " ", message.payload->id().ToString(), " ", kStates[message.state],
                    " received ", message.receive_count, " (", ReceivesInThisQueue(message), " here) sent ",
                    absl::ToUnixNanos(message.payload->sent_at()), " first received ", message.first_received_at_ns,
                    " last ", message.received_at_ns);
    if (message.state != Message::kVisible) absl::StrAppend(&text, " until ", message.visible_at_ns);
    absl::StrAppend(&text, " group ", message.payload->group_id(), " md5 ",
                    HexLower(message.payload->body_md5()).view(), "\n");
  });
  // The order of delivery, which for FIFO groups does not follow from the messages alone.
  Selection selection;
  Select({.max_messages = std::numeric_limits<int>::max(), .max_receive_count = 0, .now = now}, &selection);
  text += "  order";
  for (uint32_t slot : selection.deliver) absl::StrAppend(&text, " ", messages_[slot].sequence);
  text += "\n";
  return absl::StrCat(text, order_->Dump(), deduplication_.Dump(now), attempts_.Dump(now));
}

}  // namespace sqs
