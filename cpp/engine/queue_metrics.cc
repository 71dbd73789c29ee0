#include "engine/queue_metrics.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "account/message_rules.h"
#include "api/limits.h"

namespace sqs {
namespace {

// A queue that was not touched for so long, and is empty, reports nothing.
constexpr int64_t kActiveNs = int64_t{6} * 60 * kMetricMinuteNs;
// CloudWatch keeps nothing longer: 455 days.
constexpr int64_t kKeptNs = int64_t{455} * 24 * 60 * kMetricMinuteNs;
// A standard queue's message that was received as often and not deleted does not count for the age.
constexpr uint32_t kAgeReceivesMax = 3;

int64_t MinuteStart(int64_t at_ns) { return at_ns - ((at_ns % kMetricMinuteNs) + kMetricMinuteNs) % kMetricMinuteNs; }

int64_t SentBytes(const Payload& payload) {
  const int64_t body = static_cast<int64_t>(payload.body().size());
  return payload.extras() == nullptr ? body : body + AttributeBytes(payload.extras()->message_attributes);
}

}  // namespace

// --- The door -------------------------------------------------------------------------------------------------------

QueueMetrics::Meter& QueueMetrics::Open(QueueNumber number, const QueueName& name, bool fifo, int64_t delay_ns,
                                        int64_t at_ns) {
  std::unique_ptr<Meter>& meter = meters_[number];
  meter = std::make_unique<Meter>();
  meter->series = &series_[name];
  meter->series->fifo = fifo;
  meter->fifo = fifo;
  meter->delay_ns = delay_ns;
  meter->touched_ns = at_ns;
  meter->next_sample_ns = MinuteStart(at_ns) + kMetricMinuteNs;
  return *meter;
}

void QueueMetrics::Begin(const Queue& queue, absl::Time now) {
  const int64_t now_ns = absl::ToUnixNanos(now);
  Meter& meter =
      Open(queue.number(), queue.name(), queue.fifo(), absl::ToInt64Nanoseconds(queue.config().delay()), now_ns);
  for (const MessagePlace& place : queue.PlacesFrom(0, Message::kFree, SIZE_MAX)) {
    const Message& message = *queue.Find(place);
    const int64_t sent_ns = message.payload->retained_from_ns();
    meter.Arrive(place, *message.payload, sent_ns, sent_ns);
    meter.SetReceives(place, Queue::ReceivesInThisQueue(message));
    if (message.state != Message::kVisible) meter.MoveTo(place.slot, message.state, message.visible_at_ns);
  }
}

QueueMetrics::Meter* QueueMetrics::Find(QueueNumber queue, int64_t at_ns) {
  const auto found = meters_.find(queue);
  if (found == meters_.end()) return nullptr;
  found->second->SampleUpTo(at_ns);
  return found->second.get();
}

void QueueMetrics::Add(const Effect& effect) {
  const int64_t at_ns = absl::ToUnixNanos(effect.at);
  if (const auto* created = std::get_if<QueueCreated>(&effect.kind)) {
    const QueueConfig& config = *created->config;
    Open(effect.queue, *created->name, config.fifo, absl::ToInt64Nanoseconds(config.delay()), at_ns);
    return;
  }
  Meter* meter = Find(effect.queue, at_ns);
  if (meter == nullptr) return;
  if (std::holds_alternative<QueueDeleted>(effect.kind)) {
    meters_.erase(effect.queue);
    return;
  }
  if (!std::holds_alternative<Expired>(effect.kind)) meter->touched_ns = at_ns;
  std::visit([&](const auto& kind) { AddKind(*meter, at_ns, kind); }, effect.kind);
}

void QueueMetrics::AdvanceTo(absl::Time now) {
  for (auto& [number, meter] : meters_) meter->SampleUpTo(absl::ToUnixNanos(now));
}

// --- Kinds ----------------------------------------------------------------------------------------------------------

void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const Sent& sent) {
  MetricMinute& minute = meter.MinuteOf(at_ns);
  ++minute.sent;
  if (minute.sizes == nullptr) minute.sizes = std::make_unique<absl::btree_map<int64_t, int64_t>>();
  ++(*minute.sizes)[SentBytes(*sent.payload)];
  meter.Arrive(sent.place, *sent.payload, absl::ToUnixNanos(sent.visible_at), at_ns);
}

void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const SentDuplicate&) { ++meter.MinuteOf(at_ns).duplicates; }

void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const Received& received) {
  ++meter.MinuteOf(at_ns).received;
  const MessagePlace place = received.place;
  if (Shadow* shadow = meter.Find(place); shadow != nullptr) meter.SetReceives(place, shadow->receives + 1);
  meter.Hide(received.place, absl::ToUnixNanos(received.visible_at), at_ns);
}

void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const ReceivedNothing&) {
  ++meter.MinuteOf(at_ns).empty_receives;
}

void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const VisibilityChanged& changed) {
  meter.Hide(changed.place, absl::ToUnixNanos(changed.visible_at), at_ns);
}

void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const Undelivered& undelivered) {
  const MessagePlace place = undelivered.place;
  if (Shadow* shadow = meter.Find(place); shadow != nullptr) meter.SetReceives(place, shadow->receives - 1);
  meter.Hide(undelivered.place, at_ns, at_ns);
}

void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const Deleted& deleted) {
  ++meter.MinuteOf(at_ns).deleted;
  meter.Depart(deleted.place);
}

// It answered success, and that is what is counted.
void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const DeleteIgnored&) { ++meter.MinuteOf(at_ns).deleted; }

void QueueMetrics::AddKind(Meter& meter, int64_t, const Expired& expired) { meter.Depart(expired.place); }

void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const Moved& moved) {
  meter.Depart(moved.place);
  Meter* target = Find(moved.to_queue, at_ns);
  if (target != nullptr) target->Arrive(moved.to_place, *moved.payload, at_ns, at_ns);
}

void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const Redriven& redriven) {
  meter.Depart(redriven.place);
  Meter* target = Find(redriven.to_queue, at_ns);
  if (target == nullptr) return;
  target->Arrive(redriven.to_place, *redriven.payload, absl::ToUnixNanos(redriven.visible_at), at_ns);
}

void QueueMetrics::AddKind(Meter& meter, int64_t, const QueuePurged&) { meter.Clear(); }

void QueueMetrics::AddKind(Meter& meter, int64_t at_ns, const QueueConfigured& configured) {
  const int64_t delay_ns = absl::ToInt64Nanoseconds(configured.config->delay());
  if (meter.fifo && delay_ns != meter.delay_ns) {
    meter.delay_ns = delay_ns;
    meter.ReapplyDelay(at_ns);
  }
}

// --- Sampling -------------------------------------------------------------------------------------------------------

void QueueMetrics::Meter::SampleUpTo(int64_t now_ns) {
  while (next_sample_ns <= now_ns) {
    const bool holds_messages = counts[Message::kDelayed] + counts[Message::kVisible] + counts[Message::kInFlight] > 0;
    if (!holds_messages && next_sample_ns - touched_ns > kActiveNs) {
      // Nothing changes before the next effect.
      next_sample_ns = MinuteStart(now_ns) + kMetricMinuteNs;
      return;
    }
    PassTimers(next_sample_ns);
    Sample(next_sample_ns);
    next_sample_ns += kMetricMinuteNs;
  }
}

// The state just before `at_ns`, the end of a minute.
void QueueMetrics::Meter::Sample(int64_t at_ns) {
  MetricMinute& minute = MinuteOf(at_ns - kMetricMinuteNs);
  minute.sampled = true;
  minute.visible = counts[Message::kVisible];
  minute.in_flight = counts[Message::kInFlight];
  minute.delayed = counts[Message::kDelayed];
  minute.groups_in_flight = groups_in_flight;
  if (!oldest.empty()) minute.oldest_age_ns = at_ns - shadows[oldest.begin()->second].arrived_ns;
  if (fair) SampleFairness(at_ns, minute);
}

void QueueMetrics::Meter::SampleFairness(int64_t at_ns, MetricMinute& minute) const {
  int64_t quiet[4];
  std::copy(std::begin(counts), std::end(counts), quiet);
  minute.noisy_groups = 0;
  for (const auto& [id, group] : groups) {
    if (!IsNoisy(*group, at_ns)) continue;
    ++minute.noisy_groups;
    for (int state = 0; state < 4; ++state) quiet[state] -= group->counts[state];
  }
  minute.visible_quiet = quiet[Message::kVisible];
  minute.in_flight_quiet = quiet[Message::kInFlight];
  minute.delayed_quiet = quiet[Message::kDelayed];
  for (const auto& [sequence, slot] : oldest) {
    const Shadow& shadow = shadows[slot];
    if (shadow.group != nullptr && IsNoisy(*shadow.group, at_ns)) continue;
    minute.oldest_age_quiet_ns = at_ns - shadow.arrived_ns;
    return;
  }
}

// The rule by which a fair queue delivers: queue/standard_order.h.
bool QueueMetrics::Meter::IsNoisy(const Group& group, int64_t at_ns) const {
  const int64_t in_flight = group.counts[Message::kInFlight];
  return in_flight >= kNoisyInFlightMin &&
         static_cast<double>(in_flight) > kNoisyInFlightShare * static_cast<double>(counts[Message::kInFlight]) &&
         group.last_sent_ns + absl::ToInt64Nanoseconds(kFairQueueQuietAfter) > at_ns;
}

void QueueMetrics::Meter::PassTimers(int64_t before_ns) {
  while (!timers.empty() && timers.top().at_ns < before_ns) {
    const Timer timer = timers.top();
    timers.pop();
    const Shadow& shadow = shadows[timer.slot];
    const bool hidden = shadow.state == Message::kDelayed || shadow.state == Message::kInFlight;
    if (!hidden || shadow.sequence != timer.sequence || shadow.visible_at_ns != timer.at_ns) continue;
    MoveTo(timer.slot, Message::kVisible, timer.at_ns);
  }
}

MetricMinute& QueueMetrics::Meter::MinuteOf(int64_t at_ns) {
  std::deque<MetricMinute>& minutes = series->minutes;
  const int64_t start_ns = MinuteStart(at_ns);
  if (minutes.empty() || minutes.back().start_ns < start_ns) minutes.emplace_back().start_ns = start_ns;
  while (minutes.front().start_ns < start_ns - kKeptNs) minutes.pop_front();
  return minutes.back();
}

// --- Messages -------------------------------------------------------------------------------------------------------

void QueueMetrics::Meter::Arrive(MessagePlace place, const Payload& payload, int64_t visible_at_ns, int64_t at_ns) {
  if (place.slot >= shadows.size()) shadows.resize(place.slot + 1);
  Shadow& shadow = shadows[place.slot];
  shadow = Shadow();
  shadow.sequence = place.sequence;
  shadow.arrived_ns = at_ns;
  shadow.group = GroupOf(payload, at_ns);
  shadow.ever_received = payload.extras() != nullptr && payload.extras()->receives_before > 0;
  oldest[place.sequence] = place.slot;
  MoveTo(place.slot, visible_at_ns > at_ns ? Message::kDelayed : Message::kVisible, visible_at_ns);
}

void QueueMetrics::Meter::Depart(MessagePlace place) {
  Shadow* shadow = Find(place);
  if (shadow == nullptr) return;
  Group* group = shadow->group;
  Count(*shadow, -1);
  shadow->state = Message::kFree;
  oldest.erase(place.sequence);
  if (group != nullptr && group->total() == 0) groups.erase(std::string(group->id));
}

void QueueMetrics::Meter::MoveTo(uint32_t slot, Message::State state, int64_t visible_at_ns) {
  Shadow& shadow = shadows[slot];
  if (shadow.state != Message::kFree) Count(shadow, -1);
  shadow.state = state;
  shadow.visible_at_ns = visible_at_ns;
  Count(shadow, 1);
  if (state != Message::kVisible) timers.push({visible_at_ns, slot, shadow.sequence});
}

// Received, or its visibility changed: in flight until then, or visible at once.
void QueueMetrics::Meter::Hide(MessagePlace place, int64_t visible_at_ns, int64_t at_ns) {
  if (Find(place) == nullptr) return;
  MoveTo(place.slot, visible_at_ns > at_ns ? Message::kInFlight : Message::kVisible, visible_at_ns);
}

void QueueMetrics::Meter::SetReceives(MessagePlace place, uint32_t receives) {
  Shadow& shadow = shadows[place.slot];
  shadow.receives = receives;
  shadow.ever_received = shadow.ever_received || receives > 0;
  if (fifo) return;
  if (receives >= kAgeReceivesMax) {
    oldest.erase(place.sequence);
  } else {
    oldest[place.sequence] = place.slot;
  }
}

QueueMetrics::Shadow* QueueMetrics::Meter::Find(MessagePlace place) {
  if (place.slot >= shadows.size()) return nullptr;
  Shadow& shadow = shadows[place.slot];
  return shadow.state != Message::kFree && shadow.sequence == place.sequence ? &shadow : nullptr;
}

// A new delay of a FIFO queue holds for messages that nobody has received yet: Queue::ReapplyDelay.
void QueueMetrics::Meter::ReapplyDelay(int64_t at_ns) {
  for (uint32_t slot = 0; slot < shadows.size(); ++slot) {
    const Shadow& shadow = shadows[slot];
    if (shadow.state == Message::kFree || shadow.ever_received) continue;
    const int64_t visible_at_ns = shadow.arrived_ns + delay_ns;
    MoveTo(slot, visible_at_ns > at_ns ? Message::kDelayed : Message::kVisible, visible_at_ns);
  }
}

void QueueMetrics::Meter::Count(Shadow& shadow, int change) {
  counts[shadow.state] += change;
  if (shadow.group == nullptr) return;
  int64_t& count = shadow.group->counts[shadow.state];
  if (shadow.state == Message::kInFlight && (change > 0 ? count == 0 : count == 1)) groups_in_flight += change;
  count += change;
}

QueueMetrics::Group* QueueMetrics::Meter::GroupOf(const Payload& payload, int64_t at_ns) {
  if (payload.group_id().empty()) return nullptr;
  if (!fifo) fair = true;
  std::unique_ptr<Group>& group = groups[std::string(payload.group_id())];
  if (group == nullptr) {
    group = std::make_unique<Group>();
    group->id = std::string(payload.group_id());
  }
  group->last_sent_ns = at_ns;
  return group.get();
}

void QueueMetrics::Meter::Clear() {
  shadows.clear();
  timers = {};
  std::fill(std::begin(counts), std::end(counts), 0);
  groups_in_flight = 0;
  oldest.clear();
  groups.clear();
}

}  // namespace sqs
