#include "account/throttle.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "account/accounts.h"
#include "api/limits.h"

namespace sqs {

bool FifoThrottle::Admit(Operation operation, absl::string_view partition, int messages, absl::Time now) {
  const Bucket full{kFifoCallsPerSecond, kFifoMessagesPerSecond, now};
  const auto [found, is_new] = buckets_.try_emplace(absl::StrCat(static_cast<int>(operation), "/", partition), full);
  Bucket& bucket = found->second;
  const double seconds = absl::ToDoubleSeconds(now - bucket.filled_at);
  bucket.calls = std::min<double>(kFifoCallsPerSecond, bucket.calls + seconds * kFifoCallsPerSecond);
  bucket.messages = std::min<double>(kFifoMessagesPerSecond, bucket.messages + seconds * kFifoMessagesPerSecond);
  bucket.filled_at = now;
  if (bucket.calls < 1 || bucket.messages < messages) return false;
  bucket.calls -= 1;
  bucket.messages -= messages;
  return true;
}

absl::Status Accounts::AdmitFifo(const Queue& queue, Operation operation, absl::string_view partition, int messages,
                                 absl::Time now) {
  if (!faults_.fifo_quotas || !queue.fifo()) return absl::OkStatus();
  // In high-throughput mode the quota is one of each message group (a partition of its own here); operations that
  // name no group are then not limited.
  const bool by_group = queue.config().fifo_throughput_limit == FifoThroughputLimit::kPerMessageGroupId;
  if (by_group && partition.empty()) return absl::OkStatus();
  if (RecordOf(queue).throttle.Admit(operation, by_group ? partition : "", messages, now)) return absl::OkStatus();
  return SqsError(ErrorCode::kRequestThrottled, "Request is throttled.");
}

}  // namespace sqs
