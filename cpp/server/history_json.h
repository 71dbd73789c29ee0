// Effects as JSON: what the history page answers, with the members of Python's Event.
//
//   {"number": 3, "at": "2026-01-01T00:00:00.000Z", "at_ns": 1767225600000000000, "kind": "Sent", "queue_number": 1,
//    "queue": "orders", "queue_arn": "arn:aws:sqs:us-east-1:000000000000:orders", "message_id": "...",
//    "details": {"slot": 0, "sequence": 0, "visible_at_ns": ..., "visible_at": "...", "body": "42", ...}}
//
// The details of each kind are those of api/effect_details.h. An instant has two members, the exact one ends in "_ns".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "account/json.h"
#include "engine/engine.h"

namespace sqs::server {

// Which effects to answer; absent means all.
struct HistoryQuery {
  uint64_t since = 0;
  size_t limit = 1000;
  std::optional<std::string> queue;  // A queue's name, ARN or URL.
  std::optional<std::string> kind;
  std::optional<std::string> message_id;
};

// Whether there is a kind of effect of that name.
bool IsEffectKind(absl::string_view name);

// {"effects": [...], "next": M, "count": N}. `next` is the mark to go on from; nothing is left once it is `count`. An
// answer may hold fewer than `limit` before that, since it has limits of its own: of what it looks through, and of the
// bodies it carries. Holds the engine's lock for a thousand effects at most at a time.
Json HistoryPage(Engine& engine, const HistoryQuery& query);

Json EffectJson(Engine& engine, const HistoryEntry& entry);

}  // namespace sqs::server
