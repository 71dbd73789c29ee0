#include "server/history_json.h"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "account/queue_address.h"
#include "api/attributes.h"
#include "api/effect_details.h"
#include "server/json_values.h"

namespace sqs::server {
namespace {

constexpr size_t kCopiedAtOnce = 1000;
constexpr size_t kLookedThroughMax = 100'000;
constexpr size_t kBodyBytesMax = size_t{8} << 20;

// Puts what an effect says into an object.
class DetailsVisitor {
 public:
  explicit DetailsVisitor(Engine& engine) : engine_(engine) {}

  void operator()(const char* name, absl::Time at) {
    details[absl::StrCat(name, "_ns")] = absl::ToUnixNanos(at);
    details[name] = JsonTime(at);
  }
  void operator()(const char* name, bool value) { details[name] = value; }
  void operator()(const char* name, uint32_t value) { details[name] = value; }
  void operator()(const char* name, uint64_t value) { details[name] = value; }
  void operator()(const char* name, int64_t value) { details[name] = value; }
  void operator()(const char* name, std::optional<int64_t> value) {
    details[name] = value.has_value() ? Json(*value) : Json();
  }
  void operator()(const char* name, const std::string& value) { details[name] = value; }
  void operator()(const char* name, MoveTaskStatus value) { details[name] = NameOf(value); }
  void operator()(const char* name, const Uuid& value) { details[name] = value.ToString(); }
  // The queue's name, and its number, which no other queue ever has. Null: no queue.
  void operator()(const char* name, QueueReference value) {
    const std::shared_ptr<const QueueName> queue = engine_.QueueNameOf(value.number);
    details[name] = queue == nullptr ? Json() : Json(queue->name);
    details[absl::StrCat(name, "_number")] = value.number == 0 ? Json() : Json(value.number);
  }
  void operator()(const char* name, const SipHashKey& key) { details[name] = Json::array({key[0], key[1]}); }
  void operator()(const char* name, const StringList& list) { details[name] = list; }
  void operator()(const char* name, const StringMap& map) {
    Json texts = Json::object();
    for (const auto& [key, value] : map) texts[key] = value;
    details[name] = std::move(texts);
  }
  void operator()(const char* name, const MessagePlace& place) { details[name] = PlaceJson(place); }
  void operator()(const char* name, const std::vector<MessagePlace>& places) {
    Json list = Json::array();
    for (const MessagePlace& place : places) list.push_back(PlaceJson(place));
    details[name] = std::move(list);
  }
  void operator()(const char* name, const QueueConfig& config) {
    Json attributes = Json::object();
    for (const AttributeInfo& info : AllAttributes()) {
      if (info.access == AttributeAccess::kReadOnly) continue;
      if (auto text = AttributeText(info, config, {}); text.has_value()) attributes[info.name] = *std::move(text);
    }
    details[name] = std::move(attributes);
  }

  void operator()(const char* name, const AttributeValueMap& attributes) { details[name] = JsonAttributes(attributes); }
  void operator()(const char*, const Payload& payload) { DescribeMessage(*this, payload); }
  void Body(const char* name, absl::string_view body) { details[name] = JsonText(body); }

  Json details = Json::object();

 private:
  static Json PlaceJson(const MessagePlace& place) { return Json::array({place.slot, place.sequence}); }

  Engine& engine_;
};

// Where `queue`, a name, an ARN or a URL, points; empty pieces are those it does not name.
QueueAddress AddressOf(absl::string_view queue) {
  QueueAddress address;
  if (ParseQueueArn(queue, &address)) return address;
  const std::vector<absl::string_view> parts = absl::StrSplit(queue, '/');
  address = {};
  address.name = parts.back();
  if (parts.size() > 1) address.account = parts[parts.size() - 2];
  return address;
}

// A query's filters, made ready for many effects.
class Filter {
 public:
  explicit Filter(const HistoryQuery& query) : query_(query) {
    if (query.queue.has_value()) address_ = AddressOf(*query.queue);
  }
  bool takes_all() const {
    return !query_.queue.has_value() && !query_.kind.has_value() && !query_.message_id.has_value();
  }
  bool Takes(const HistoryEntry& entry) const {
    if (query_.kind.has_value() && *query_.kind != KindName(entry.effect)) return false;
    if (query_.queue.has_value() && !TakesQueue(entry.queue_name.get())) return false;
    return !query_.message_id.has_value() || *query_.message_id == MessageIdOf(entry.effect);
  }

 private:
  bool TakesQueue(const QueueName* name) const {
    return name != nullptr && name->name == address_.name &&
           (address_.account.empty() || name->account == address_.account) &&
           (address_.region.empty() || name->region == address_.region);
  }

  const HistoryQuery& query_;
  QueueAddress address_;
};

size_t BodyBytes(const Effect& effect) {
  return std::visit(
      [](const auto& kind) -> size_t {
        if constexpr (requires { kind.payload; }) {
          return kind.payload->content_bytes();
        } else {
          return 0;
        }
      },
      effect.kind);
}

template <class... Kinds>
bool IsOneOf(absl::string_view name, const std::variant<Kinds...>*) {
  return ((name == Kinds::kKind) || ...);
}

}  // namespace

bool IsEffectKind(absl::string_view name) { return IsOneOf(name, static_cast<const EffectKinds*>(nullptr)); }

Json EffectJson(Engine& engine, const HistoryEntry& entry) {
  const QueueName* name = entry.queue_name.get();
  DetailsVisitor visitor(engine);
  const auto describe = [&visitor](const auto& kind) { Describe(visitor, kind); };
  if (LacksContent(entry.effect)) {
    std::visit(describe, engine.WithContent(entry.effect).kind);
  } else {
    std::visit(describe, entry.effect.kind);
  }
  return {{"number", entry.number},
          {"at", JsonTime(entry.effect.at)},
          {"at_ns", absl::ToUnixNanos(entry.effect.at)},
          {"kind", KindName(entry.effect)},
          {"queue_number", entry.effect.queue},
          {"queue", name == nullptr ? Json() : Json(name->name)},
          {"queue_arn", name == nullptr ? Json() : Json(MakeQueueArn(*name))},
          {"message_id", JsonTextOrNull(MessageIdOf(entry.effect))},
          {"details", std::move(visitor.details)}};
}

Json HistoryPage(Engine& engine, const HistoryQuery& query) {
  const uint64_t count = engine.effect_count();
  uint64_t next = std::min(query.since, count);
  const Filter filter(query);
  Json effects = Json::array();
  size_t body_bytes = 0;
  for (size_t looked_through = 0; looked_through < kLookedThroughMax;) {
    const size_t at_once = filter.takes_all() ? std::min(query.limit - effects.size(), kCopiedAtOnce) : kCopiedAtOnce;
    const std::vector<HistoryEntry> entries = engine.HistorySince(next, at_once);
    if (entries.empty()) {
      next = std::max(next, count);  // Behind what the history does not keep.
      break;
    }
    for (const HistoryEntry& entry : entries) {
      if (effects.size() == query.limit || body_bytes > kBodyBytesMax) break;
      next = entry.number + 1;
      if (!filter.Takes(entry)) continue;
      body_bytes += BodyBytes(entry.effect);
      effects.push_back(EffectJson(engine, entry));
    }
    if (effects.size() == query.limit || body_bytes > kBodyBytesMax) break;
    looked_through += entries.size();
  }
  return {{"effects", std::move(effects)}, {"next", next}, {"count", std::max(next, count)}};
}

}  // namespace sqs::server
