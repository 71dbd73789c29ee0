// Seeded faults: what AWS allows itself to do, on demand. All off by default.
#pragma once

#include <optional>

namespace sqs {

// Probabilities are in [0, 1] and drawn from the engine's seed; 0 draws nothing.
struct FaultOptions {
  // Standard queues (at-least-once, best-effort order, short polls that sample servers):
  double duplicate = 0;      // A delivered message also stays visible, so that somebody else may get it too.
  double reorder = 0;        // A receive takes its messages in another order.
  double sample = 0;         // A short poll finds fewer messages than there are, perhaps none.
  double forget_delete = 0;  // A delete answers success and the message comes back.
  // Any queue:
  double throttle = 0;               // A call answers RequestThrottled.
  std::optional<int> in_flight_max;  // OverLimit (standard) or empty answers (FIFO) at a lower cap.
  bool fifo_quotas = false;          // 300 calls and 3,000 messages a second (10), else RequestThrottled.
  double latency_seconds = 0;        // Every call takes this long on the engine's clock.

  friend bool operator==(const FaultOptions&, const FaultOptions&) = default;
};

// Calls `v(name, member)` for each: the one list of their names, for reading and for writing.
template <class V, class F>
void FaultMembers(V&& v, F& faults) {
  v("duplicate", faults.duplicate);
  v("reorder", faults.reorder);
  v("sample", faults.sample);
  v("forget_delete", faults.forget_delete);
  v("throttle", faults.throttle);
  v("in_flight_max", faults.in_flight_max);
  v("fifo_quotas", faults.fifo_quotas);
  v("latency_seconds", faults.latency_seconds);
}

}  // namespace sqs
