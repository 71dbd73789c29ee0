#include "server/queue_json.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "account/system_attribute_values.h"
#include "server/json_values.h"

namespace sqs::server {
namespace {

constexpr size_t kBodyBytesMax = size_t{8} << 20;
// Of contents that only the file has: they are read while the engine is locked.
constexpr size_t kReadsMax = 100;

// What is copied of a queue while the engine is locked.
struct QueueLook {
  QueueName name;
  std::string arn;
  bool fifo = false;
  absl::Time created_at;
  int64_t visible = 0;
  int64_t in_flight = 0;
  int64_t delayed = 0;
  absl::Duration retention;
  RedrivePolicy redrive_policy;
};

QueueLook LookAt(const Queue& queue) {
  return {queue.name(),
          queue.arn(),
          queue.fifo(),
          queue.created_at(),
          queue.visible_count(),
          queue.in_flight_count(),
          queue.delayed_count(),
          queue.config().retention(),
          queue.config().redrive_policy};
}

Json DeadLetterJson(const RedrivePolicy& policy) {
  if (policy.dead_letter_target_arn.empty()) return Json();
  return {{"target_arn", policy.dead_letter_target_arn}, {"max_receive_count", policy.max_receive_count}};
}

Json QueueJson(const QueueLook& queue) {
  return {{"name", queue.name.name},
          {"account", queue.name.account},
          {"region", queue.name.region},
          {"arn", queue.arn},
          {"fifo", queue.fifo},
          {"created_at", JsonTime(queue.created_at)},
          {"messages", {{"visible", queue.visible}, {"in_flight", queue.in_flight}, {"delayed", queue.delayed}}},
          {"dead_letter", DeadLetterJson(queue.redrive_policy)}};
}

const char* StateName(Message::State state) {
  switch (state) {
    case Message::kDelayed:
      return "delayed";
    case Message::kVisible:
      return "visible";
    case Message::kInFlight:
      return "in_flight";
    case Message::kFree:
      return "gone";
  }
  return "";
}

// As a receive would answer them now.
Json SystemAttributesJson(const QueueLook& queue, const Message& message) {
  Json attributes = Json::object();
  for (auto& [name, value] : SystemAttributesOf(message, queue.name.account, queue.fifo, kAllSystemAttributes)) {
    attributes[name] = std::move(value);
  }
  return attributes;
}

const PayloadExtras& ExtrasOf(const Payload& payload) {
  static const PayloadExtras kNone;
  return payload.extras() == nullptr ? kNone : *payload.extras();
}

Json MessageJson(const QueueLook& queue, const Message& message, const Payload& content) {
  const Payload& payload = *message.payload;
  const PayloadExtras& extras = ExtrasOf(payload);
  const bool is_text = IsUtf8(content.body());
  const bool is_visible = message.state == Message::kVisible;
  return {{"message_id", payload.id().ToString()},
          {"sequence", message.sequence},
          {"state", StateName(message.state)},
          {"body", is_text ? JsonText(content.body()) : Json(absl::Base64Escape(content.body()))},
          {"body_is_base64", !is_text},
          {"attributes", SystemAttributesJson(queue, message)},
          {"message_attributes", JsonAttributes(ExtrasOf(content).message_attributes)},
          {"receive_count", message.receive_count},
          {"receives_in_this_queue", Queue::ReceivesInThisQueue(message)},
          {"sent_at", JsonTime(payload.sent_at())},
          {"expires_at", JsonTime(payload.retained_from() + queue.retention)},
          {"visible_at", is_visible ? Json() : JsonTime(absl::FromUnixNanos(message.visible_at_ns))},
          {"group_id", JsonTextOrNull(extras.group_id)},
          {"deduplication_id", JsonTextOrNull(extras.deduplication_id)},
          {"dead_letter_source_arn", JsonTextOrNull(extras.dead_letter_source_arn)}};
}

}  // namespace

Json QueuesPage(Engine& engine) {
  std::vector<QueueLook> looks;
  engine.Look([&looks](const Accounts& accounts, absl::Time) {
    for (const Queue* queue : accounts.queues()) looks.push_back(LookAt(*queue));
  });
  Json queues = Json::array();
  for (const QueueLook& look : looks) queues.push_back(QueueJson(look));
  return {{"queues", std::move(queues)}};
}

std::optional<Json> QueuePage(Engine& engine, const QueueName& name) {
  std::optional<QueueLook> look;
  engine.Look([&](const Accounts& accounts, absl::Time) {
    const Queue* queue = accounts.FindQueue(name);
    if (queue != nullptr) look = LookAt(*queue);
  });
  if (!look.has_value()) return std::nullopt;
  return QueueJson(*look);
}

namespace {

// How many of `places` fit on a page.
size_t PageLength(const Queue& queue, absl::Span<const MessagePlace> places, size_t limit) {
  size_t length = 0;
  size_t bytes = 0;
  size_t reads = 0;
  for (; length < std::min(places.size(), limit) && bytes <= kBodyBytesMax && reads < kReadsMax; ++length) {
    const Payload& payload = *queue.Find(places[length])->payload;
    bytes += payload.content_bytes();
    if (!payload.has_content()) ++reads;
  }
  return length;
}

}  // namespace

absl::StatusOr<std::optional<Json>> MessagesPage(Engine& engine, const QueueName& name, const MessagesQuery& query) {
  std::optional<QueueLook> look;
  std::vector<Message> messages;
  Contents contents;
  absl::Status status;
  Json next;
  engine.Look([&](const Accounts& accounts, absl::Time) {
    const Queue* queue = accounts.FindQueue(name);
    if (queue == nullptr) return;
    look = LookAt(*queue);
    std::vector<MessagePlace> places = queue->PlacesFrom(query.cursor, query.state, query.limit + 1);
    const size_t length = PageLength(*queue, places, query.limit);
    if (length < places.size()) next = places[length].sequence;
    places.resize(length);
    for (const MessagePlace& place : places) messages.push_back(*queue->Find(place));
    status = accounts.LoadContents(*queue, places, &contents);
  });
  if (!status.ok()) return absl::InternalError(status.message());
  if (!look.has_value()) return std::optional<Json>();

  Json page = Json::array();
  for (size_t i = 0; i < messages.size(); ++i) {
    page.push_back(MessageJson(*look, messages[i], contents.empty() ? *messages[i].payload : *contents[i]));
  }
  return std::optional<Json>(
      Json{{"messages", std::move(page)}, {"next", std::move(next)}, {"queue", QueueJson(*look)}});
}

}  // namespace sqs::server
