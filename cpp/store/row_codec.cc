#include "store/row_codec.h"

#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "store/bytes.h"

namespace sqs {
namespace {

absl::string_view View(const Md5Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

int64_t Ns(absl::Time at) { return absl::ToUnixNanos(at); }
absl::Time Instant(int64_t ns) { return absl::FromUnixNanos(ns); }

absl::Status Damaged(absl::string_view table, absl::string_view key) {
  return absl::DataLossError(absl::StrCat("damaged: table ", table, ", ", key));
}

// OK if all columns were readable and the checksum is that of the columns.
absl::Status Check(Statement& from, bool readable, absl::string_view table, absl::string_view key) {
  const bool sealed = from.ReadSeal();
  return readable && sealed ? absl::OkStatus() : Damaged(table, key);
}

std::string KeyOf(const char* column, uint64_t value) { return absl::StrCat(column, " ", value); }
std::string KeyOf(const char* column, uint64_t value, const char* column2, uint64_t value2) {
  return absl::StrCat(column, " ", value, ", ", column2, " ", value2);
}

// As 16 bytes, big-endian: the hex of them is the text without its hyphens.
std::string UuidBytes(const Uuid& id) {
  std::string bytes;
  AppendBigEndian(id.high, &bytes);
  AppendBigEndian(id.low, &bytes);
  return bytes;
}

bool ReadUuid(absl::string_view bytes, Uuid* id) {
  return bytes.size() == 16 && TakeBigEndian(&bytes, &id->high) && TakeBigEndian(&bytes, &id->low);
}

// --- Message attributes: a count, then name, type, kind and value of each -------------------------------------------

enum ValueKind : uint8_t { kNoValue = 0, kString = 1, kBinary = 2 };

std::string EncodeAttributes(const AttributeValueMap& attributes) {
  std::string bytes;
  AppendNumber(attributes.size(), &bytes);
  for (const auto& [name, value] : attributes) {
    AppendSized(name, &bytes);
    AppendSized(value.data_type, &bytes);
    const ValueKind kind = value.string_value.has_value()   ? kString
                           : value.binary_value.has_value() ? kBinary
                                                            : kNoValue;
    AppendNumber(kind, &bytes);
    if (kind == kString) AppendSized(*value.string_value, &bytes);
    if (kind == kBinary) AppendSized(value.binary_value->bytes, &bytes);
  }
  return bytes;
}

bool DecodeAttributes(absl::string_view bytes, AttributeValueMap* attributes) {
  uint64_t count = 0;
  if (!TakeNumber(&bytes, &count) || count > bytes.size()) return false;
  attributes->resize(count);
  for (auto& [name, value] : *attributes) {
    uint64_t kind = 0;
    absl::string_view text;
    if (!TakeSized(&bytes, &text)) return false;
    name = std::string(text);
    if (!TakeSized(&bytes, &text) || !TakeNumber(&bytes, &kind)) return false;
    value.data_type = std::string(text);
    if (kind == kNoValue) continue;
    if (!TakeSized(&bytes, &text)) return false;
    if (kind == kString) value.string_value = std::string(text);
    if (kind == kBinary) value.binary_value = Blob{std::string(text)};
  }
  return bytes.empty();
}

}  // namespace

std::string InsertSql(absl::string_view table, int columns) {
  std::string sql = absl::StrCat("INSERT INTO ", table, " VALUES (?1");
  for (int i = 2; i <= columns; ++i) absl::StrAppend(&sql, ", ?", i);
  return sql + ")";
}

// --- The engine -----------------------------------------------------------------------------------------------------

void BindEngine(Statement& to, const EngineRow& row) {
  constexpr int64_t kOnlyId = 1;
  to.Int(kOnlyId).Int(row.epoch).Text(row.owner).Int(static_cast<int64_t>(row.seed)).Int(Ns(row.progress.now));
  to.Int(static_cast<int64_t>(row.progress.effect_count)).Int(static_cast<int64_t>(row.progress.next_queue)).Seal();
}

absl::Status ReadEngine(Statement& from, EngineRow* row) {
  const int64_t id = from.ReadInt();
  row->epoch = from.ReadInt();
  row->owner = std::string(from.ReadText());
  row->seed = static_cast<uint64_t>(from.ReadInt());
  row->progress.now = Instant(from.ReadInt());
  row->progress.effect_count = static_cast<uint64_t>(from.ReadInt());
  row->progress.next_queue = static_cast<QueueNumber>(from.ReadInt());
  // In version 1, and until the first engine has opened a file that comes from there.
  if (from.NextIsNull()) return absl::OkStatus();
  return Check(from, id == 1, "engine", KeyOf("id", static_cast<uint64_t>(id)));
}

// --- Queues ---------------------------------------------------------------------------------------------------------

void BindQueue(Statement& to, const QueueRow& row) {
  std::string key;
  AppendBigEndian(row.handle_key[0], &key);
  AppendBigEndian(row.handle_key[1], &key);
  to.Int(static_cast<int64_t>(row.number)).Text(row.name->region).Text(row.name->account).Text(row.name->name);
  to.OwnedBlob(key).Int(Ns(row.created_at)).Int(Ns(row.last_modified_at));
  to.OptionalInt(row.purged_at.has_value() ? std::optional(Ns(*row.purged_at)) : std::nullopt).Seal();
}

absl::Status ReadQueue(Statement& from, QueueRow* row, QueueConfig* config) {
  *config = QueueConfig();
  row->number = static_cast<QueueNumber>(from.ReadInt());
  auto name = std::make_shared<QueueName>();
  name->region = std::string(from.ReadText());
  name->account = std::string(from.ReadText());
  name->name = std::string(from.ReadText());
  absl::string_view key = from.ReadText();
  const bool readable =
      key.size() == 16 && TakeBigEndian(&key, &row->handle_key[0]) && TakeBigEndian(&key, &row->handle_key[1]);
  row->created_at = Instant(from.ReadInt());
  row->last_modified_at = Instant(from.ReadInt());
  const std::optional<int64_t> purged_at = from.ReadOptionalInt();
  row->purged_at = purged_at.has_value() ? std::optional(Instant(*purged_at)) : std::nullopt;
  row->name = std::move(name);
  return Check(from, readable, "queues", KeyOf("number", row->number));
}

void BindAttribute(Statement& to, QueueNumber queue, absl::string_view name, absl::string_view value) {
  to.Int(static_cast<int64_t>(queue)).Text(name).Text(value).Seal();
}

absl::Status ReadAttribute(Statement& from, QueueNumber* queue, std::string* name, std::string* value) {
  *queue = static_cast<QueueNumber>(from.ReadInt());
  *name = std::string(from.ReadText());
  *value = std::string(from.ReadText());
  return Check(from, true, "queue_attributes", absl::StrCat("queue ", *queue, ", name ", *name));
}

void BindTag(Statement& to, QueueNumber queue, int64_t position, absl::string_view name, absl::string_view value) {
  to.Int(static_cast<int64_t>(queue)).Int(position).Text(name).Text(value).Seal();
}

absl::Status ReadTag(Statement& from, QueueNumber* queue, std::pair<std::string, std::string>* tag) {
  *queue = static_cast<QueueNumber>(from.ReadInt());
  const int64_t position = from.ReadInt();
  tag->first = std::string(from.ReadText());
  tag->second = std::string(from.ReadText());
  return Check(from, true, "queue_tags", KeyOf("queue", *queue, "position", static_cast<uint64_t>(position)));
}

void BindCounters(Statement& to, const QueueCounters& row) {
  const bool redriven = row.redriven_at != absl::InfinitePast();
  to.Int(static_cast<int64_t>(row.queue)).Int(static_cast<int64_t>(row.next_sequence));
  to.OptionalInt(redriven ? std::optional(Ns(row.redriven_at)) : std::nullopt);
  to.Int(static_cast<int64_t>(row.redriven_from)).Seal();
}

absl::Status ReadCounters(Statement& from, QueueCounters* row) {
  row->queue = static_cast<QueueNumber>(from.ReadInt());
  row->next_sequence = static_cast<uint64_t>(from.ReadInt());
  const std::optional<int64_t> redriven_at = from.ReadOptionalInt();
  row->redriven_at = redriven_at.has_value() ? Instant(*redriven_at) : absl::InfinitePast();
  row->redriven_from = static_cast<uint64_t>(from.ReadInt());
  return Check(from, true, "queue_counters", KeyOf("queue", row->queue));
}

// --- Messages -------------------------------------------------------------------------------------------------------

void BindMessage(Statement& to, const MessageRow& row, std::string* attributes) {
  static const PayloadExtras kNone;
  const Payload& payload = *row.payload;
  const PayloadExtras& extras = payload.extras() == nullptr ? kNone : *payload.extras();
  to.Int(row.id).Int(static_cast<int64_t>(row.queue)).Int(static_cast<int64_t>(row.place.sequence)).Int(row.place.slot);
  to.OwnedBlob(UuidBytes(payload.id())).Int(payload.retained_from_ns()).Blob(View(payload.body_md5()));
  to.Text(payload.body());
  if (extras.message_attributes.empty()) {
    to.Null();
  } else {
    *attributes = EncodeAttributes(extras.message_attributes);
    to.Blob(*attributes);
  }
  to.OptionalText(extras.group_id).OptionalText(extras.deduplication_id).OptionalText(extras.sender_id);
  to.OptionalText(extras.trace_header).OptionalText(extras.dead_letter_source_arn);
  to.OptionalInt(extras.sent_at == absl::InfinitePast() ? std::nullopt : std::optional(Ns(extras.sent_at)));
  to.OptionalInt(extras.receives_before == 0 ? std::nullopt : std::optional<int64_t>(extras.receives_before)).Seal();
}

absl::Status ReadMessage(Statement& from, MessageRow* row) {
  row->id = from.ReadInt();
  row->queue = static_cast<QueueNumber>(from.ReadInt());
  row->place.sequence = static_cast<uint64_t>(from.ReadInt());
  row->place.slot = static_cast<uint32_t>(from.ReadInt());
  Uuid id;
  bool readable = ReadUuid(from.ReadText(), &id);
  const absl::Time retained_from = Instant(from.ReadInt());
  const absl::string_view md5_bytes = from.ReadText();
  Md5Digest md5{};
  readable = readable && md5_bytes.size() == md5.size();
  if (readable) std::memcpy(md5.data(), md5_bytes.data(), md5.size());
  const absl::string_view body = from.ReadText();

  PayloadExtras extras;
  if (const absl::string_view attributes = from.ReadOptionalText(); !attributes.empty()) {
    readable = DecodeAttributes(attributes, &extras.message_attributes) && readable;
  }
  for (std::string* text : {&extras.group_id, &extras.deduplication_id, &extras.sender_id, &extras.trace_header,
                            &extras.dead_letter_source_arn}) {
    *text = std::string(from.ReadOptionalText());
  }
  if (const auto sent_at = from.ReadOptionalInt(); sent_at.has_value()) extras.sent_at = Instant(*sent_at);
  extras.receives_before = static_cast<uint32_t>(from.ReadOptionalInt().value_or(0));
  const absl::Status status = Check(from, readable, "messages", KeyOf("id", static_cast<uint64_t>(row->id)));
  if (!status.ok()) return status;
  static const PayloadExtras kNone;
  row->payload = PayloadPtr::Make(id, retained_from, body, md5,
                                  extras == kNone ? nullptr : std::make_unique<PayloadExtras>(std::move(extras)));
  return absl::OkStatus();
}

void BindState(Statement& to, const MessageStateRow& row) {
  to.Int(row.id).Int(row.state).Int(row.visible_at_ns).Int(row.received_at_ns).Int(row.first_received_at_ns);
  to.Int(row.receive_count).Int(static_cast<int64_t>(row.turn)).Seal();
}

absl::Status ReadState(Statement& from, MessageStateRow* row) {
  row->id = from.ReadInt();
  row->state = static_cast<int>(from.ReadInt());
  row->visible_at_ns = from.ReadInt();
  row->received_at_ns = from.ReadInt();
  row->first_received_at_ns = from.ReadInt();
  row->receive_count = static_cast<uint32_t>(from.ReadInt());
  row->turn = static_cast<uint64_t>(from.ReadInt());
  return Check(from, row->state >= 1 && row->state <= 3, "message_states", KeyOf("id", static_cast<uint64_t>(row->id)));
}

// --- FIFO memory, tasks, tenants, names -----------------------------------------------------------------------------

void BindDuplicate(Statement& to, const DuplicateRow& row) {
  to.Int(static_cast<int64_t>(row.queue)).Int(static_cast<int64_t>(row.sequence)).Text(row.group_id);
  to.Text(row.deduplication_id).OwnedBlob(UuidBytes(row.message_id)).Int(Ns(row.sent_at)).Seal();
}

absl::Status ReadDuplicate(Statement& from, DuplicateRow* row) {
  row->queue = static_cast<QueueNumber>(from.ReadInt());
  row->sequence = static_cast<uint64_t>(from.ReadInt());
  row->group_id = std::string(from.ReadText());
  row->deduplication_id = std::string(from.ReadText());
  const bool readable = ReadUuid(from.ReadText(), &row->message_id);
  row->sent_at = Instant(from.ReadInt());
  return Check(from, readable, "duplicates", KeyOf("queue", row->queue, "sequence", row->sequence));
}

void BindAttempt(Statement& to, const AttemptRow& row, std::string* messages) {
  messages->clear();
  AppendNumber(row.messages.size(), messages);
  for (const AttemptRow::Delivered& delivered : row.messages) {
    AppendNumber(delivered.place.sequence, messages);
    AppendNumber(delivered.place.slot, messages);
    AppendNumber(delivered.receive_count, messages);
    AppendBigEndian(static_cast<uint64_t>(Ns(delivered.visible_at)), messages);
  }
  to.Int(static_cast<int64_t>(row.queue)).Int(Ns(row.made_at)).Text(row.attempt_id).Blob(*messages).Seal();
}

absl::Status ReadAttempt(Statement& from, AttemptRow* row) {
  row->queue = static_cast<QueueNumber>(from.ReadInt());
  row->made_at = Instant(from.ReadInt());
  row->attempt_id = std::string(from.ReadText());
  absl::string_view bytes = from.ReadText();
  uint64_t count = 0;
  bool readable = TakeNumber(&bytes, &count) && count <= bytes.size();
  row->messages.assign(readable ? count : 0, {});
  for (AttemptRow::Delivered& delivered : row->messages) {
    uint64_t slot = 0, receive_count = 0, visible_at = 0;
    readable = readable && TakeNumber(&bytes, &delivered.place.sequence) && TakeNumber(&bytes, &slot) &&
               TakeNumber(&bytes, &receive_count) && TakeBigEndian(&bytes, &visible_at);
    delivered.place.slot = static_cast<uint32_t>(slot);
    delivered.receive_count = static_cast<uint32_t>(receive_count);
    delivered.visible_at = Instant(static_cast<int64_t>(visible_at));
  }
  return Check(from, readable && bytes.empty(), "receive_attempts",
               absl::StrCat("queue ", row->queue, ", attempt_id ", row->attempt_id));
}

void BindTask(Statement& to, const TaskRow& row) {
  to.Int(static_cast<int64_t>(row.queue)).Int(row.position).OwnedBlob(UuidBytes(row.id));
  to.Int(static_cast<int64_t>(row.to_queue)).Text(row.destination_arn).OptionalInt(row.max_per_second);
  to.Int(row.to_move).Int(Ns(row.started_at)).Int(static_cast<int64_t>(row.status)).Text(row.failure_reason);
  to.Int(row.moved).Int(Ns(row.next_step_at)).Int(Ns(row.paced_from)).Int(row.moved_since_paced).Seal();
}

absl::Status ReadTask(Statement& from, TaskRow* row) {
  row->queue = static_cast<QueueNumber>(from.ReadInt());
  row->position = from.ReadInt();
  bool readable = ReadUuid(from.ReadText(), &row->id);
  row->to_queue = static_cast<QueueNumber>(from.ReadInt());
  row->destination_arn = std::string(from.ReadText());
  row->max_per_second = from.ReadOptionalInt();
  row->to_move = from.ReadInt();
  row->started_at = Instant(from.ReadInt());
  const int64_t status = from.ReadInt();
  readable = readable && status >= 0 && status <= static_cast<int64_t>(MoveTaskStatus::kFailed);
  row->status = static_cast<MoveTaskStatus>(status);
  row->failure_reason = std::string(from.ReadText());
  row->moved = from.ReadInt();
  row->next_step_at = Instant(from.ReadInt());
  row->paced_from = Instant(from.ReadInt());
  row->moved_since_paced = from.ReadInt();
  return Check(from, readable, "move_tasks",
               KeyOf("queue", row->queue, "position", static_cast<uint64_t>(row->position)));
}

void BindTenant(Statement& to, const TenantRow& row) {
  to.Int(static_cast<int64_t>(row.queue)).Text(row.group_id).Int(Ns(*row.last_sent_at)).Seal();
}

absl::Status ReadTenant(Statement& from, TenantRow* row) {
  row->queue = static_cast<QueueNumber>(from.ReadInt());
  row->group_id = std::string(from.ReadText());
  row->last_sent_at = Instant(from.ReadInt());
  return Check(from, true, "tenants", absl::StrCat("queue ", row->queue, ", group_id ", row->group_id));
}

void BindDeletedName(Statement& to, const DeletedNameRow& row) {
  to.Text(row.name.region).Text(row.name.account).Text(row.name.name).Int(Ns(*row.deleted_at)).Seal();
}

absl::Status ReadDeletedName(Statement& from, DeletedNameRow* row) {
  row->name.region = std::string(from.ReadText());
  row->name.account = std::string(from.ReadText());
  row->name.name = std::string(from.ReadText());
  row->deleted_at = Instant(from.ReadInt());
  return Check(from, true, "deleted_names", absl::StrCat("name ", row->name.name));
}

}  // namespace sqs
