// FIFO throughput quotas (shared/spec/sqs.md, section 10), enforced only when the fault `fifo_quotas` is on: token
// buckets of one second on the engine's clock, one for each action of a queue and, in high-throughput mode, one more
// for each message group, which is a partition of its own here.
#pragma once

#include <cstdint>
#include <string>

#include "absl/container/node_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/operations.h"

namespace sqs {

// The calls a second of one action that a queue in high-throughput mode may take in `region`.
int HighThroughputCallsPerSecond(absl::string_view region);

class FifoThrottle {
 public:
  // What a call takes from one bucket: one call, and so many messages.
  struct Draw {
    absl::string_view group;  // Empty: the queue's own bucket.
    int calls_per_second;     // The size of the bucket; of messages it holds ten times as many.
    int messages;
  };

  // False, and nothing taken, if one of the buckets has not enough: the answer is RequestThrottled.
  bool Admit(Operation operation, absl::Span<const Draw> draws, absl::Time now);

 private:
  struct Bucket {
    double calls;
    double messages;
    absl::Time filled_at;
  };
  Bucket& Filled(Operation operation, const Draw& draw, absl::Time now);

  absl::node_hash_map<std::string, Bucket> buckets_;  // "operation/group"; looked up, never walked.
};

}  // namespace sqs
