// The quotas of Amazon SQS, each with its source. Section numbers are those of shared/spec/sqs.md; AWS publishes them
// under "Amazon SQS quotas" in the developer guide and at the operation in the API reference.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace sqs {

inline constexpr int kQueueNameMax = 80;                    // 3.1
inline constexpr int kListedQueuesMax = 1000;               // 3.2
inline constexpr int kTagsMax = 50;                         // 3.4
inline constexpr int kTagKeyMax = 128;                      // 3.4, characters
inline constexpr int kTagValueMax = 256;                    // 3.4, characters
inline constexpr int kPermissionActionsMax = 7;             // 3.5
inline constexpr int kPolicyBytesMax = 8192;                // 4.3
inline constexpr int kPolicyStatementsMax = 20;             // 4.3
inline constexpr int kPolicyPrincipalsMax = 50;             // 4.3
inline constexpr int kPolicyConditionsMax = 10;             // 4.3
inline constexpr int kMaxReceiveCountMax = 1000;            // 4.4
inline constexpr int kRedriveAllowSourcesMax = 10;          // 4.5
inline constexpr int64_t kMessageBytesMax = 1048576;        // 5.2
inline constexpr int64_t kMessageBytesMaxLowest = 1024;     // 4, lowest MaximumMessageSize
inline constexpr int64_t kBatchBytesMax = 1048576;          // 9
inline constexpr int kMessageAttributesMax = 10;            // 5.3
inline constexpr int kMessageAttributeNameMax = 256;        // 5.3
inline constexpr int kMessageAttributeTypeMax = 256;        // 5.3
inline constexpr int kDelaySecondsMax = 900;                // 6.2
inline constexpr int kMaxMessagesMin = 1;                   // 6.3
inline constexpr int kMaxMessagesMax = 10;                  // 6.3
inline constexpr int kWaitTimeSecondsMax = 20;              // 6.3
inline constexpr int kVisibilityTimeoutSecondsMax = 43200;  // 6.5, twelve hours
inline constexpr int kInFlightMax = 120000;                 // 6.8
inline constexpr int kBatchEntriesMax = 10;                 // 9
inline constexpr int kBatchEntryIdMax = 80;                 // 9
inline constexpr int kGroupIdMax = 128;                     // 7.2, deduplication ids as well
inline constexpr int kReceiveRequestAttemptIdMax = 128;     // 6.3
inline constexpr int kMoveTaskRateMax = 500;                // 8.3, messages a second
inline constexpr int kActiveMoveTasksMax = 100;             // 8.3, an account
inline constexpr int kListedMoveTasksMax = 10;              // 8.4
inline constexpr int kFifoCallsPerSecond = 300;             // 10, an action and queue or partition
inline constexpr int kFifoMessagesPerCall = 10;             // 10: batched, ten times as many messages as calls

inline constexpr absl::Duration kDeduplicationInterval = absl::Minutes(5);     // 7.3
inline constexpr absl::Duration kReceiveAttemptInterval = absl::Minutes(5);    // 7.5
inline constexpr absl::Duration kDeletedRecentlyInterval = absl::Seconds(60);  // 3.1
inline constexpr absl::Duration kPurgeInterval = absl::Seconds(60);            // 3.3
inline constexpr absl::Duration kMoveTaskLifeMax = absl::Hours(36);            // 8.3
inline constexpr absl::Duration kFairQueueQuietAfter = absl::Minutes(5);       // 6.9
inline constexpr int kNoisyInFlightMin = 30;                                   // 6.9
inline constexpr double kNoisyInFlightShare = 0.10;                            // 6.9

}  // namespace sqs
