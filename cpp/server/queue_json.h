// A look at queues and into them, without receiving: nothing changes, nothing is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "account/json.h"
#include "engine/engine.h"

namespace sqs::server {

// {"queues": [QueueJson, ...]}, in order of creation.
Json QueuesPage(Engine& engine);

// {"name", "account", "region", "arn", "fifo", "created_at", "messages": {"visible", "in_flight", "delayed"},
//  "dead_letter": null | {"target_arn", "max_receive_count"}}. Nothing if there is no such queue.
std::optional<Json> QueuePage(Engine& engine, const QueueName& name);

struct MessagesQuery {
  Message::State state = Message::kFree;  // kFree: any.
  uint64_t cursor = 0;                    // The first sequence to answer.
  size_t limit = 100;
};

// {"messages": [...], "next": cursor of the next page or null, "queue": as QueuePage}, in order of arrival. A page may
// hold fewer than `limit` before the last, if bodies are long. Each message:
//
//   message_id, sequence, state ("visible", "in_flight", "delayed"), body, body_is_base64 (the body is no UTF-8),
//   attributes (system attributes by their AWS names, texts), message_attributes (see JsonAttributes), receive_count,
//   receives_in_this_queue (what maxReceiveCount is compared with), sent_at, expires_at,
//   visible_at (null: it is), group_id and deduplication_id (or null), dead_letter_source_arn (or null)
//
// Under the engine's lock, one pass over the queue's table and a copy of `limit` messages without their bodies; with a
// limit on memory, a hundred bodies at most are read from the file: then the page ends. An error if one cannot be.
absl::StatusOr<std::optional<Json>> MessagesPage(Engine& engine, const QueueName& name, const MessagesQuery& query);

}  // namespace sqs::server
