// What each kind of effect says, by name: the `details` of an event, in Python and in JSON.
//
// One overload of Describe a kind, calling `v(name, value)` for each member in order; message and configuration are
// values too. A new effect adds its overload here, else its visitors (binding/register_history.cc,
// server/history_json.cc) do not compile.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "api/effects.h"

namespace sqs {

// Another queue than the effect's own; 0 is none.
struct QueueReference {
  QueueNumber number;
};

// The members of a message stand beside those of its effect; what it does not have is left out.
template <class V>
void DescribeMessage(V& v, const Payload& payload) {
  v("message_id", payload.id());
  if (payload.has_content()) v.Body("body", payload.body());
  v("sent_at", payload.sent_at());
  v("retained_from", payload.retained_from());
  if (payload.extras() == nullptr) return;
  const PayloadExtras& extras = *payload.extras();
  const auto unless_empty = [&v](const char* name, const std::string& text) {
    if (!text.empty()) v(name, text);
  };
  if (!extras.message_attributes.empty()) v("message_attributes", extras.message_attributes);
  unless_empty("trace_header", extras.trace_header);
  unless_empty("message_group_id", extras.group_id);
  unless_empty("message_deduplication_id", extras.deduplication_id);
  unless_empty("sender_id", extras.sender_id);
  unless_empty("dead_letter_source_arn", extras.dead_letter_source_arn);
}

template <class V>
void Describe(V& v, const MessagePlace& place) {
  v("slot", place.slot);
  v("sequence", place.sequence);
}

template <class V>
void Describe(V& v, const QueueCreated& e) {
  v("attributes", *e.config);
  v("tags", e.tags);
  v("handle_key", e.handle_key);
}

template <class V>
void Describe(V&, const QueueDeleted&) {}

template <class V>
void Describe(V&, const QueuePurged&) {}

template <class V>
void Describe(V& v, const QueueConfigured& e) {
  v("attributes", *e.config);
}

template <class V>
void Describe(V& v, const QueueTagged& e) {
  v("tags", e.tags);
}

template <class V>
void Describe(V& v, const QueueUntagged& e) {
  v("tag_keys", e.tag_keys);
}

template <class V>
void Describe(V& v, const Sent& e) {
  Describe(v, e.place);
  v("visible_at", e.visible_at);
  v("message", *e.payload);
}

template <class V>
void Describe(V& v, const SentDuplicate& e) {
  v("original_id", e.original_id);
}

template <class V>
void Describe(V& v, const Received& e) {
  Describe(v, e.place);
  v("receive_count", e.receive_count);
  v("visible_at", e.visible_at);
  v("message", *e.payload);
}

template <class V>
void Describe(V& v, const ReceiveAttempted& e) {
  v("attempt_id", e.attempt_id);
  v("places", e.places);
}

template <class V>
void Describe(V&, const ReceivedNothing&) {}

template <class V>
void Describe(V& v, const Undelivered& e) {
  Describe(v, e.place);
  v("message", *e.payload);
}

template <class V>
void Describe(V& v, const VisibilityChanged& e) {
  Describe(v, e.place);
  v("visible_at", e.visible_at);
  v("message", *e.payload);
}

template <class V>
void Describe(V& v, const Deleted& e) {
  Describe(v, e.place);
  v("message", *e.payload);
}

template <class V>
void Describe(V& v, const DeleteIgnored& e) {
  v("forgotten", e.forgotten);
}

template <class V>
void Describe(V& v, const Expired& e) {
  Describe(v, e.place);
  v("message", *e.payload);
}

template <class V>
void Describe(V& v, const Moved& e) {
  Describe(v, e.place);
  v("to_queue", QueueReference{e.to_queue});
  v("to_place", e.to_place);
  v("message", *e.payload);
}

template <class V>
void Describe(V& v, const MoveTaskStarted& e) {
  v("task", e.task);
  v("to_queue", QueueReference{e.to_queue});
  v("destination_arn", e.destination_arn);
  v("max_per_second", e.max_per_second);
  v("to_move", e.to_move);
}

template <class V>
void Describe(V& v, const Redriven& e) {
  v("task", e.task);
  Describe(v, e.place);
  v("to_queue", QueueReference{e.to_queue});
  v("to_place", e.to_place);
  v("visible_at", e.visible_at);
  v("message", *e.payload);
}

template <class V>
void Describe(V& v, const MoveTaskChanged& e) {
  v("task", e.task);
  v("status", e.status);
  v("failure_reason", e.failure_reason);
}

// The message that an effect is about, and where it is after it.
struct EffectMessage {
  PayloadPtr* payload;  // The effect's own.
  QueueNumber queue;
  MessagePlace place;
};

// Absent for an effect that is about none.
inline std::optional<EffectMessage> MessageOf(Effect& effect) {
  return std::visit(
      [&effect](auto& kind) -> std::optional<EffectMessage> {
        if constexpr (requires { kind.to_place; }) {
          if (kind.to_queue != 0) return EffectMessage{&kind.payload, kind.to_queue, kind.to_place};
        }
        if constexpr (requires { kind.payload; }) {
          return EffectMessage{&kind.payload, effect.queue, kind.place};
        } else {
          return std::nullopt;
        }
      },
      effect.kind);
}

// Whether an effect is about a message, and without its content.
inline bool LacksContent(const Effect& effect) {
  return std::visit(
      [](const auto& kind) {
        if constexpr (requires { kind.payload; }) {
          return !kind.payload->has_content();
        } else {
          return false;
        }
      },
      effect.kind);
}

// The id of the message that an effect is about; empty for one that is about none.
inline std::string MessageIdOf(const Effect& effect) {
  return std::visit(
      [](const auto& kind) -> std::string {
        if constexpr (requires { kind.payload; }) {
          return kind.payload->id().ToString();
        } else if constexpr (requires { kind.original_id; }) {
          return kind.original_id.ToString();
        } else {
          return "";
        }
      },
      effect.kind);
}

inline const char* NameOf(MoveTaskStatus status) {
  switch (status) {
    case MoveTaskStatus::kRunning:
      return "RUNNING";
    case MoveTaskStatus::kCompleted:
      return "COMPLETED";
    case MoveTaskStatus::kCancelling:
      return "CANCELLING";
    case MoveTaskStatus::kCancelled:
      return "CANCELLED";
    case MoveTaskStatus::kFailed:
      return "FAILED";
  }
  return "";
}

}  // namespace sqs
