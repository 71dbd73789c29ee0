// The metrics of AWS/SQS, by the minute, from the stream of effects alone (shared/spec/sqs.md, section 11).
//
//   metrics.Add(effect);            // every effect, in order
//   metrics.AdvanceTo(now);         // before reading: the minutes up to `now` that are over get their samples
//   metrics.series()                // the minutes of each queue
//
// It keeps what it must know of each message (state, deadline, arrival), so that a minute that is over can be sampled
// whenever somebody asks, with the counts that were true then: it does not matter who moved the clock, how far, or
// whether anybody looked. An idle queue costs nothing.
//
// Events (sends, receives, ...) are summed into the minute in which they happen. Gauges (visible, in flight, ...) have
// one sample a minute, taken at its end and stamped with its beginning, while the queue is active: it holds messages,
// or was touched in the last six hours. Counters of an active queue are 0 where nothing happened.
// Thread-compatible: the engine calls it under its lock.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "api/effects.h"
#include "queue/message.h"
#include "queue/queue.h"

namespace sqs {

inline constexpr int64_t kMetricMinuteNs = int64_t{60} * 1'000'000'000;

// What one queue did in one minute, and how it stood at its end.
struct MetricMinute {
  int64_t start_ns = 0;

  // Counters.
  int64_t sent = 0;
  int64_t received = 0;
  int64_t empty_receives = 0;
  int64_t deleted = 0;
  int64_t duplicates = 0;                                    // FIFO sends that repeated a deduplication id.
  std::unique_ptr<absl::btree_map<int64_t, int64_t>> sizes;  // Bytes of a message -> messages sent; null: none.

  // Gauges; they mean something only if `sampled`.
  bool sampled = false;
  int64_t visible = 0;
  int64_t in_flight = 0;
  int64_t delayed = 0;
  int64_t groups_in_flight = 0;   // FIFO.
  int64_t oldest_age_ns = kNone;  // kNone: no message counts.
  int64_t noisy_groups = kNone;   // kNone here: not a fair queue.
  int64_t visible_quiet = 0;
  int64_t in_flight_quiet = 0;
  int64_t delayed_quiet = 0;
  int64_t oldest_age_quiet_ns = kNone;

  static constexpr int64_t kNone = -1;
};

// All queues that had this name one after the other.
struct MetricSeries {
  bool fifo = false;
  std::deque<MetricMinute> minutes;  // Ascending; those in which the queue was not active are missing.
};

class QueueMetrics {
 public:
  QueueMetrics() = default;
  QueueMetrics(const QueueMetrics&) = delete;
  QueueMetrics& operator=(const QueueMetrics&) = delete;

  // For metrics that begin in the midst: what a queue holds at `now`.
  void Begin(const Queue& queue, absl::Time now);

  void Add(const Effect& effect);
  void AdvanceTo(absl::Time now);

  // In order of name.
  const std::map<QueueName, MetricSeries>& series() const { return series_; }

 private:
  // A tenant of a standard queue, or a message group of a FIFO queue, with messages in the queue.
  struct Group {
    std::string id;
    int64_t counts[4] = {};  // By Message::State.
    int64_t last_sent_ns = 0;
    int64_t total() const { return counts[Message::kDelayed] + counts[Message::kVisible] + counts[Message::kInFlight]; }
  };
  struct Shadow {
    uint64_t sequence = 0;
    int64_t arrived_ns = 0;
    int64_t visible_at_ns = 0;
    Group* group = nullptr;
    uint32_t receives = 0;  // In this queue.
    bool ever_received = false;
    Message::State state = Message::kFree;
  };
  struct Timer {
    int64_t at_ns;
    uint32_t slot;
    uint64_t sequence;
    bool operator>(const Timer& other) const { return at_ns > other.at_ns; }
  };
  // A living queue.
  struct Meter {
    MetricSeries* series = nullptr;
    bool fifo = false;
    bool fair = false;
    int64_t delay_ns = 0;
    std::vector<Shadow> shadows;                                            // By slot.
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers;  // Some are of messages that went on since.
    int64_t counts[4] = {};
    int64_t groups_in_flight = 0;
    absl::btree_map<uint64_t, uint32_t> oldest;  // Sequence -> slot, of the messages whose age counts.
    absl::btree_map<std::string, std::unique_ptr<Group>> groups;  // Walked, so ordered.
    int64_t touched_ns = 0;
    int64_t next_sample_ns = 0;

    void SampleUpTo(int64_t now_ns);
    void Sample(int64_t at_ns);
    void SampleFairness(int64_t at_ns, MetricMinute& minute) const;
    void PassTimers(int64_t before_ns);
    bool IsNoisy(const Group& group, int64_t at_ns) const;
    MetricMinute& MinuteOf(int64_t at_ns);

    void Arrive(MessagePlace place, const Payload& payload, int64_t visible_at_ns, int64_t at_ns);
    void Depart(MessagePlace place);
    void MoveTo(uint32_t slot, Message::State state, int64_t visible_at_ns);
    void Hide(MessagePlace place, int64_t visible_at_ns, int64_t at_ns);
    void SetReceives(MessagePlace place, uint32_t receives);
    Shadow* Find(MessagePlace place);
    void ReapplyDelay(int64_t at_ns);
    void Count(Shadow& shadow, int change);
    Group* GroupOf(const Payload& payload, int64_t at_ns);
    void Clear();
  };

  Meter* Find(QueueNumber queue, int64_t at_ns);
  Meter& Open(QueueNumber number, const QueueName& name, bool fifo, int64_t delay_ns, int64_t at_ns);

  // One overload a kind that changes something.
  void AddKind(Meter& meter, int64_t at_ns, const Sent& sent);
  void AddKind(Meter& meter, int64_t at_ns, const SentDuplicate&);
  void AddKind(Meter& meter, int64_t at_ns, const Received& received);
  void AddKind(Meter& meter, int64_t at_ns, const ReceivedNothing&);
  void AddKind(Meter& meter, int64_t at_ns, const VisibilityChanged& changed);
  void AddKind(Meter& meter, int64_t at_ns, const Undelivered& undelivered);
  void AddKind(Meter& meter, int64_t at_ns, const Deleted& deleted);
  void AddKind(Meter& meter, int64_t at_ns, const DeleteIgnored&);
  void AddKind(Meter& meter, int64_t at_ns, const Expired& expired);
  void AddKind(Meter& meter, int64_t at_ns, const Moved& moved);
  void AddKind(Meter& meter, int64_t at_ns, const Redriven& redriven);
  void AddKind(Meter& meter, int64_t at_ns, const QueuePurged&);
  void AddKind(Meter& meter, int64_t at_ns, const QueueConfigured& configured);
  template <class Kind>
  void AddKind(Meter&, int64_t, const Kind&) {}

  std::map<QueueName, MetricSeries> series_;  // A std::map: its nodes stay where they are.
  absl::btree_map<QueueNumber, std::unique_ptr<Meter>> meters_;
};

}  // namespace sqs
