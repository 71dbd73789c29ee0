// One StartMessageMoveTask: what it was asked and how far it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/effects.h"

namespace sqs {

struct MoveTask {
  Uuid id;
  QueueNumber to_queue = 0;  // 0: each message to where it came from.
  std::string destination_arn;
  std::optional<int64_t> max_per_second;
  int64_t to_move = 0;  // The backlog at the start.
  absl::Time started_at;
  MoveTaskStatus status = MoveTaskStatus::kRunning;
  std::string failure_reason;
  int64_t moved = 0;
  absl::Time next_step_at;  // Not before this, by the rate.
  // The k-th move since `paced_from` is due k/rate after it: a task that had to wait does not catch up in a burst.
  absl::Time paced_from;
  int64_t moved_since_paced = 0;

  // One message went at `at`; the rate says when the next may.
  void CountMove(absl::Time at);

  bool active() const { return status == MoveTaskStatus::kRunning || status == MoveTaskStatus::kCancelling; }
  // "RUNNING", ...
  const char* StatusText() const;
  // base64 of {"taskId":"<uuid>","sourceArn":"<arn>"} (8.3).
  std::string Handle(absl::string_view source_arn) const;
  // False for text that no Handle made. The ids need not belong to a task or a queue.
  static bool ParseHandle(absl::string_view handle, Uuid* id, std::string* source_arn);
};

}  // namespace sqs
