#include "store/sqlite_load.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/row_codec.h"

namespace sqs {
namespace {

// Calls `read` for every row of the table.
template <class Read>
absl::Status ForEachRow(Database& db, absl::string_view table, absl::string_view order, Read read) {
  Statement rows;
  SQS_RETURN_IF_ERROR(rows.Prepare(db.handle(), table, absl::StrCat("SELECT * FROM ", table, " ORDER BY ", order)));
  for (;;) {
    SQS_ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return absl::OkStatus();
    SQS_RETURN_IF_ERROR(read(rows));
  }
}

absl::Status Orphan(absl::string_view table, absl::string_view key) {
  return absl::DataLossError(absl::StrCat("damaged: table ", table, ", ", key, " belongs to nothing"));
}

absl::Status LoadQueues(Database& db, LoadSink& sink) {
  struct Parts {
    QueueRow row;
    QueueConfig config;
  };
  std::map<QueueNumber, Parts> queues;
  SQS_RETURN_IF_ERROR(ForEachRow(db, "queues", "number", [&](Statement& from) {
    Parts parts;
    const absl::Status status = ReadQueue(from, &parts.row, &parts.config);
    if (status.ok()) queues[parts.row.number] = std::move(parts);
    return status;
  }));
  SQS_RETURN_IF_ERROR(ForEachRow(db, "queue_attributes", "queue, name", [&](Statement& from) -> absl::Status {
    QueueNumber number = 0;
    std::string name, value;
    SQS_RETURN_IF_ERROR(ReadAttribute(from, &number, &name, &value));
    const auto found = queues.find(number);
    if (found == queues.end() || !SetAttributeText(name, value, &found->second.config)) {
      return Orphan("queue_attributes", absl::StrCat("queue ", number, ", name ", name));
    }
    return absl::OkStatus();
  }));
  SQS_RETURN_IF_ERROR(ForEachRow(db, "queue_tags", "queue, position", [&](Statement& from) -> absl::Status {
    QueueNumber number = 0;
    std::pair<std::string, std::string> tag;
    SQS_RETURN_IF_ERROR(ReadTag(from, &number, &tag));
    const auto found = queues.find(number);
    if (found == queues.end()) return Orphan("queue_tags", absl::StrCat("queue ", number));
    found->second.row.tags.push_back(std::move(tag));
    return absl::OkStatus();
  }));
  for (auto& [number, parts] : queues) {
    parts.row.config = std::make_shared<const QueueConfig>(std::move(parts.config));
    sink.OnQueue(std::move(parts.row));
  }
  return absl::OkStatus();
}

// The two tables of messages have the same ids, and are read side by side.
absl::Status LoadMessages(Database& db, LoadSink& sink) {
  Statement messages, states;
  SQS_RETURN_IF_ERROR(messages.Prepare(db.handle(), "messages", "SELECT * FROM messages ORDER BY id"));
  SQS_RETURN_IF_ERROR(states.Prepare(db.handle(), "message_states", "SELECT * FROM message_states ORDER BY id"));
  for (;;) {
    SQS_ASSIGN_OR_RETURN(const bool has_message, messages.Step());
    SQS_ASSIGN_OR_RETURN(const bool has_state, states.Step());
    if (!has_message && !has_state) return absl::OkStatus();
    MessageRow row;
    MessageStateRow state;
    if (has_message) SQS_RETURN_IF_ERROR(ReadMessage(messages, &row));
    if (has_state) SQS_RETURN_IF_ERROR(ReadState(states, &state));
    if (!has_state || (has_message && row.id < state.id)) return Orphan("messages", absl::StrCat("id ", row.id));
    if (!has_message || state.id < row.id) return Orphan("message_states", absl::StrCat("id ", state.id));
    sink.OnMessage(std::move(row), state);
  }
}

template <class Row>
absl::Status LoadTable(Database& db, absl::string_view table, absl::string_view order,
                       absl::Status (*read)(Statement&, Row*), LoadSink& sink, void (LoadSink::*take)(const Row&)) {
  return ForEachRow(db, table, order, [&](Statement& from) {
    Row row;
    const absl::Status status = read(from, &row);
    if (status.ok()) (sink.*take)(row);
    return status;
  });
}

}  // namespace

absl::Status LoadRows(Database& db, LoadSink& sink) {
  SQS_RETURN_IF_ERROR(LoadQueues(db, sink));
  SQS_RETURN_IF_ERROR(LoadTable(db, "queue_counters", "queue", &ReadCounters, sink, &LoadSink::OnCounters));
  SQS_RETURN_IF_ERROR(LoadMessages(db, sink));
  SQS_RETURN_IF_ERROR(LoadTable(db, "duplicates", "queue, sequence", &ReadDuplicate, sink, &LoadSink::OnDuplicate));
  SQS_RETURN_IF_ERROR(
      LoadTable(db, "receive_attempts", "queue, made_at, attempt_id", &ReadAttempt, sink, &LoadSink::OnAttempt));
  SQS_RETURN_IF_ERROR(LoadTable(db, "move_tasks", "queue, position", &ReadTask, sink, &LoadSink::OnTask));
  SQS_RETURN_IF_ERROR(LoadTable(db, "tenants", "queue, group_id", &ReadTenant, sink, &LoadSink::OnTenant));
  return LoadTable(db, "deleted_names", "region, account, name", &ReadDeletedName, sink, &LoadSink::OnDeletedName);
}

}  // namespace sqs
