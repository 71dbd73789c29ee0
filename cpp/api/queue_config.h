// The settable attributes of one queue, parsed. `api/attributes.h` has the table that leads from the text of an
// attribute to its member here and back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "api/limits.h"

namespace sqs {

enum class DeduplicationScope : uint8_t { kQueue, kMessageGroup };
enum class FifoThroughputLimit : uint8_t { kPerQueue, kPerMessageGroupId };

struct RedrivePolicy {
  std::string dead_letter_target_arn;  // Empty: no redrive policy.
  int64_t max_receive_count = 0;
  friend bool operator==(const RedrivePolicy&, const RedrivePolicy&) = default;
};

struct QueueConfig {
  // Seconds, as the attributes have them.
  int64_t delay_seconds = 0;
  int64_t maximum_message_size = kMessageBytesMax;
  int64_t message_retention_period = 345600;
  int64_t receive_message_wait_time_seconds = 0;
  int64_t visibility_timeout = 30;

  std::string policy;  // JSON as given; empty: none.
  RedrivePolicy redrive_policy;
  std::string redrive_allow_policy;  // Compact JSON; empty: none, which means allowAll.

  std::string kms_master_key_id;  // Empty: none.
  int64_t kms_data_key_reuse_period_seconds = 300;
  bool sqs_managed_sse_enabled = true;

  bool fifo = false;
  bool content_based_deduplication = false;
  DeduplicationScope deduplication_scope = DeduplicationScope::kQueue;
  FifoThroughputLimit fifo_throughput_limit = FifoThroughputLimit::kPerQueue;

  absl::Duration delay() const { return absl::Seconds(delay_seconds); }
  absl::Duration retention() const { return absl::Seconds(message_retention_period); }
  absl::Duration visibility() const { return absl::Seconds(visibility_timeout); }

  friend bool operator==(const QueueConfig&, const QueueConfig&) = default;
};

}  // namespace sqs
