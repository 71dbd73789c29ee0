#include "account/throttle.h"

#include <algorithm>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "account/accounts.h"
#include "api/limits.h"

namespace sqs {

int HighThroughputCallsPerSecond(absl::string_view region) {
  struct RegionLimit {
    absl::string_view region;
    int calls_per_second;
  };
  static constexpr RegionLimit kLimits[] = {
      {"us-east-1", 70000},     {"us-west-2", 70000}, {"eu-west-1", 70000},     {"us-east-2", 19000},
      {"eu-central-1", 19000},  {"ap-south-1", 9000}, {"ap-southeast-1", 9000}, {"ap-southeast-2", 9000},
      {"ap-northeast-1", 9000}, {"eu-west-2", 4500},  {"sa-east-1", 4500},
  };
  for (const RegionLimit& limit : kLimits) {
    if (limit.region == region) return limit.calls_per_second;
  }
  return 2400;
}

FifoThrottle::Bucket& FifoThrottle::Filled(Operation operation, const Draw& draw, absl::Time now) {
  const double calls = draw.calls_per_second;
  const double messages = calls * kFifoMessagesPerCall;
  const auto [found, is_new] =
      buckets_.try_emplace(absl::StrCat(static_cast<int>(operation), "/", draw.group), Bucket{calls, messages, now});
  Bucket& bucket = found->second;
  const double seconds = absl::ToDoubleSeconds(now - bucket.filled_at);
  bucket.calls = std::min(calls, bucket.calls + seconds * calls);
  bucket.messages = std::min(messages, bucket.messages + seconds * messages);
  bucket.filled_at = now;
  return bucket;
}

bool FifoThrottle::Admit(Operation operation, absl::Span<const Draw> draws, absl::Time now) {
  std::vector<Bucket*> buckets;
  for (const Draw& draw : draws) {
    Bucket& bucket = Filled(operation, draw, now);
    if (bucket.calls < 1 || bucket.messages < draw.messages) return false;
    buckets.push_back(&bucket);
  }
  for (size_t i = 0; i < draws.size(); ++i) {
    buckets[i]->calls -= 1;
    buckets[i]->messages -= draws[i].messages;
  }
  return true;
}

absl::Status Accounts::AdmitFifo(const Queue& queue, Operation operation, int messages, absl::Time now,
                                 absl::Span<const absl::string_view> groups) {
  if (!faults_.fifo_quotas || !queue.fifo()) return absl::OkStatus();
  std::vector<FifoThrottle::Draw> draws;
  if (queue.config().fifo_throughput_limit == FifoThroughputLimit::kPerMessageGroupId) {
    draws.push_back({"", HighThroughputCallsPerSecond(queue.name().region), messages});
    absl::btree_map<absl::string_view, int> messages_of_group;
    for (absl::string_view group : groups) ++messages_of_group[group];
    for (const auto& [group, count] : messages_of_group) draws.push_back({group, kFifoCallsPerSecond, count});
  } else {
    draws.push_back({"", kFifoCallsPerSecond, messages});
  }
  if (RecordOf(queue).throttle.Admit(operation, draws, now)) return absl::OkStatus();
  return SqsError(ErrorCode::kRequestThrottled, "Request is throttled.");
}

}  // namespace sqs
