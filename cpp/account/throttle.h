// FIFO throughput quotas (shared/spec/sqs.md, section 10), enforced only when the fault `fifo_quotas` is on: token
// buckets of one second, a queue (or, in high-throughput mode, a message group) and action each, on the engine clock.
#pragma once

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/operations.h"

namespace sqs {

class FifoThrottle {
 public:
  // Takes one call of `operation` with `messages` messages out of the bucket of `partition` ("" for the queue).
  // False, and nothing taken, if there is not enough: the answer is RequestThrottled.
  bool Admit(Operation operation, absl::string_view partition, int messages, absl::Time now);

 private:
  struct Bucket {
    double calls;
    double messages;
    absl::Time filled_at;
  };
  absl::flat_hash_map<std::string, Bucket> buckets_;  // "operation/partition"; looked up, never walked.
};

}  // namespace sqs
