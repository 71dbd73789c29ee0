#include "engine/history.h"

#include <algorithm>
#include <utility>

#include "engine/queue_metrics.h"

namespace sqs {
namespace {

// The payload of an effect with which a message arrives.
const PayloadPtr* ArrivingPayload(const Effect& effect) {
  if (const auto* sent = std::get_if<Sent>(&effect.kind)) return &sent->payload;
  if (const auto* moved = std::get_if<Moved>(&effect.kind)) return &moved->payload;
  if (const auto* redriven = std::get_if<Redriven>(&effect.kind)) return &redriven->payload;
  return nullptr;
}

// A body is counted where it comes in; later effects of the message share it.
size_t BodyBytes(const Effect& effect) {
  const PayloadPtr* payload = ArrivingPayload(effect);
  return payload == nullptr || !(*payload)->has_content() ? 0 : (*payload)->content_bytes();
}

void DropContent(Effect& effect) {
  std::visit(
      [](auto& kind) {
        if constexpr (requires { kind.payload; }) {
          if (kind.payload->has_content()) kind.payload = PayloadPtr::WithoutContent(*kind.payload);
        }
      },
      effect.kind);
}

// Of the effects that name a message; null for others.
const PayloadPtr* PayloadOf(const Effect& effect) {
  return std::visit(
      [](const auto& kind) -> const PayloadPtr* {
        if constexpr (requires { kind.payload; }) {
          return &kind.payload;
        } else {
          return nullptr;
        }
      },
      effect.kind);
}

// How many effects before its end an effect, and then its payload, is called back into the processor's cache, which it
// left thousands of effects ago.
constexpr size_t kEffectCalledBefore = 16;
constexpr size_t kPayloadCalledBefore = 8;

}  // namespace

void History::LimitContents(size_t bytes) {
  contents_max_ = bytes;
  limits_.body_bytes_max = SIZE_MAX;
}

void History::DropContents(uint64_t up_to) {
  first_content_ = std::max(first_content_, first_number_);
  for (; body_bytes_ > contents_max_ && first_content_ < std::min(up_to, count()); ++first_content_) {
    Effect& effect = entries_[first_content_ - first_number_];
    body_bytes_ -= BodyBytes(effect);
    DropContent(effect);
  }
}

void History::Take(std::vector<Effect>& effects) {
  if (limits_.effects_max == 0) {
    if (metrics_ != nullptr) {
      for (const Effect& effect : effects) metrics_->Add(effect);
    }
    first_number_ += effects.size();
  } else {
    for (Effect& effect : effects) Add(std::move(effect));
  }
  effects.clear();
}

void History::Add(Effect&& effect) {
  if (metrics_ != nullptr) metrics_->Add(effect);
  if (const auto* created = std::get_if<QueueCreated>(&effect.kind)) names_[effect.queue] = created->name;
  // Else it would hold what the effect with which the message arrived has dropped.
  if (limits_contents() && ArrivingPayload(effect) == nullptr) DropContent(effect);
  body_bytes_ += BodyBytes(effect);
  entries_.push_back(std::move(effect));
  while (entries_.size() > limits_.effects_max || (body_bytes_ > limits_.body_bytes_max && entries_.size() > 1)) {
    DropOldest();
  }
}

// Waiting for the cache was most of what the history cost a send (perf: 2.2 % of the endpoint's time).
void History::DropOldest() {
  if (entries_.size() > kEffectCalledBefore) {
    const auto* const effect = reinterpret_cast<const char*>(&entries_[kEffectCalledBefore]);
    __builtin_prefetch(effect, /*for writing=*/1);
    __builtin_prefetch(effect + sizeof(Effect) - 1, /*for writing=*/1);
    const PayloadPtr* const payload = PayloadOf(entries_[kPayloadCalledBefore]);
    if (payload != nullptr) {
      payload->Prefetch();
      __builtin_prefetch(reinterpret_cast<const char*>(&**payload) + sizeof(Payload) - 1, /*for writing=*/1);
    }
  }
  body_bytes_ -= BodyBytes(entries_.front());
  entries_.pop_front();
  ++first_number_;
}

std::vector<HistoryEntry> History::Since(uint64_t number, size_t limit) const {
  std::vector<HistoryEntry> entries;
  const uint64_t first = std::max(number, first_number_);
  for (uint64_t n = first; n < count() && entries.size() < limit; ++n) {
    const Effect& effect = entries_[n - first_number_];
    entries.push_back({n, NameOf(effect.queue), effect});
  }
  return entries;
}

std::shared_ptr<const QueueName> History::NameOf(QueueNumber queue) const {
  const auto found = names_.find(queue);
  return found == names_.end() ? nullptr : found->second;
}

}  // namespace sqs
