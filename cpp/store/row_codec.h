// Rows <-> the columns of their tables, each table in one pair of functions. The columns are in the order of
// schema.cc, the checksum last.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "store/rows.h"
#include "store/sqlite.h"

namespace sqs {

// "INSERT INTO messages VALUES (?, ...)" for the table's columns.
std::string InsertSql(absl::string_view table, int columns);

void BindEngine(Statement& to, const EngineRow& row);
void BindQueue(Statement& to, const QueueRow& row);
void BindAttribute(Statement& to, QueueNumber queue, absl::string_view name, absl::string_view value);
void BindTag(Statement& to, QueueNumber queue, int64_t position, absl::string_view name, absl::string_view value);
void BindCounters(Statement& to, const QueueCounters& row);
// `attributes` holds the encoded message attributes until the statement has run.
void BindMessage(Statement& to, const MessageRow& row, std::string* attributes);
void BindState(Statement& to, const MessageStateRow& row);
void BindDuplicate(Statement& to, const DuplicateRow& row);
void BindAttempt(Statement& to, const AttemptRow& row, std::string* messages);
void BindTask(Statement& to, const TaskRow& row);
void BindTenant(Statement& to, const TenantRow& row);
void BindDeletedName(Statement& to, const DeletedNameRow& row);

// DataLoss, naming the table and `key`, if the checksum is another or a column cannot be read.
absl::Status ReadEngine(Statement& from, EngineRow* row);
absl::Status ReadQueue(Statement& from, QueueRow* row, QueueConfig* config);  // Without attributes and tags.
absl::Status ReadAttribute(Statement& from, QueueNumber* queue, std::string* name, std::string* value);
absl::Status ReadTag(Statement& from, QueueNumber* queue, std::pair<std::string, std::string>* tag);
absl::Status ReadCounters(Statement& from, QueueCounters* row);
absl::Status ReadMessage(Statement& from, MessageRow* row);
absl::Status ReadState(Statement& from, MessageStateRow* row);
absl::Status ReadDuplicate(Statement& from, DuplicateRow* row);
absl::Status ReadAttempt(Statement& from, AttemptRow* row);
absl::Status ReadTask(Statement& from, TaskRow* row);
absl::Status ReadTenant(Statement& from, TenantRow* row);
absl::Status ReadDeletedName(Statement& from, DeletedNameRow* row);

// Every attribute of a queue as text, by its AWS name; and back. False for a text that is no value of it.
StringMap AttributeTexts(const QueueConfig& config);
bool SetAttributeText(absl::string_view name, absl::string_view value, QueueConfig* config);

}  // namespace sqs
