// Billable requests: what AWS would have counted. Prices are the Python package's business (costs.py).
//
// Every API call is one request, failed ones and empty receives included; a send or a receive counts one for every
// 64 KiB of payload or part of it (shared/spec/sqs.md, section 10).
#pragma once

#include <array>
#include <cstdint>

#include "api/operations.h"

namespace sqs {

enum class QueueType : uint8_t { kStandard, kFifo, kNone };  // kNone: no queue, or one that does not exist.
inline constexpr int kQueueTypeCount = 3;

// What one call came to; the account fills it in on the way.
struct CallCost {
  QueueType queue_type = QueueType::kNone;
  int64_t payload_bytes = 0;
  int64_t messages_with_group = 0;  // On standard queues: the fair-queue surcharge.
};

struct Usage {
  struct Row {
    int64_t calls = 0;
    int64_t requests = 0;  // Billed: calls times their 64 KiB units.
  };
  std::array<std::array<Row, kQueueTypeCount>, kOperationCount> rows{};
  int64_t fair_queue_messages = 0;

  void Add(Operation operation, const CallCost& cost) {
    constexpr int64_t kUnit = 64 * 1024;
    Row& row = rows[static_cast<int>(operation)][static_cast<int>(cost.queue_type)];
    ++row.calls;
    row.requests += cost.payload_bytes <= kUnit ? 1 : (cost.payload_bytes + kUnit - 1) / kUnit;
    fair_queue_messages += cost.messages_with_group;
  }
};

}  // namespace sqs
