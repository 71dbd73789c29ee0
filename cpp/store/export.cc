#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/inspect.h"
#include "store/journal.h"
#include "store/log_check.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/sqlite_load.h"
#include "store/structure.h"

namespace sqs {
namespace {

using Json = nlohmann::ordered_json;

Json AttributesJson(const AttributeValueMap& attributes) {
  Json json = Json::object();
  for (const auto& [name, value] : attributes) {
    Json& entry = json[name];
    entry["DataType"] = value.data_type;
    if (value.string_value.has_value()) entry["StringValue"] = *value.string_value;
    if (value.binary_value.has_value()) entry["BinaryValue"] = absl::Base64Escape(value.binary_value->bytes);
  }
  return json;
}

void AddExtras(const PayloadExtras& extras, Json* json) {
  const auto add = [json](const char* name, const std::string& text) {
    if (!text.empty()) (*json)[name] = text;
  };
  if (!extras.message_attributes.empty()) (*json)["MessageAttributes"] = AttributesJson(extras.message_attributes);
  add("MessageGroupId", extras.group_id);
  add("MessageDeduplicationId", extras.deduplication_id);
  add("SenderId", extras.sender_id);
  add("AWSTraceHeader", extras.trace_header);
  add("DeadLetterQueueSourceArn", extras.dead_letter_source_arn);
}

// Names and units are those of ReceiveMessage, where it has them.
class Exporter : public LoadSink {
 public:
  explicit Exporter(absl::FunctionRef<void(const std::string&)> line) : line_(line) {}

  void OnQueue(QueueRow row) override { names_[row.number] = std::move(row.name); }

  void OnMessage(MessageRow row, const MessageStateRow& state) override {
    static constexpr const char* kStates[] = {"", "delayed", "visible", "in flight"};
    const Payload& payload = *row.payload;
    Json json;
    if (const auto& name = names_[row.queue]; name != nullptr) {
      json["Region"] = name->region;
      json["Account"] = name->account;
      json["QueueName"] = name->name;
    }
    json["MessageId"] = payload.id().ToString();
    json["Body"] = std::string(payload.body());
    json["MD5OfBody"] = std::string(HexLower(payload.body_md5()));
    json["SentTimestamp"] = absl::ToUnixMillis(payload.sent_at());
    json["State"] = kStates[state.state];
    if (state.state != 2) json["VisibleTimestamp"] = state.visible_at_ns / 1'000'000;
    json["ApproximateReceiveCount"] = state.receive_count;
    if (state.receive_count > 0) json["ApproximateFirstReceiveTimestamp"] = state.first_received_at_ns / 1'000'000;
    if (payload.extras() != nullptr) AddExtras(*payload.extras(), &json);
    line_(json.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  void OnCounters(const QueueCounters&) override {}
  void OnDuplicate(const DuplicateRow&) override {}
  void OnAttempt(const AttemptRow&) override {}
  void OnTask(const TaskRow&) override {}
  void OnTenant(const TenantRow&) override {}
  void OnDeletedName(const DeletedNameRow&) override {}

 private:
  const absl::FunctionRef<void(const std::string&)> line_;
  std::map<QueueNumber, std::shared_ptr<const QueueName>> names_;
};

// A copy with everything in its table; the file stays as it is.
absl::Status CopyWithoutJournal(Database& file, std::unique_ptr<Database>* copy) {
  SQS_ASSIGN_OR_RETURN(*copy, Database::Open("", Database::kCreate));
  SQS_RETURN_IF_ERROR(file.CopyTo(**copy));
  SQS_RETURN_IF_ERROR(CheckStructure(**copy));
  SQS_RETURN_IF_ERROR((*copy)->Execute("BEGIN"));
  SQS_RETURN_IF_ERROR(RecoverJournal(**copy));
  return (*copy)->Execute("COMMIT");
}

absl::Status Export(Database& file, absl::FunctionRef<void(const std::string&)> line) {
  std::unique_ptr<Database> copy;
  SQS_ASSIGN_OR_RETURN(const int64_t journaled, file.QueryInt("SELECT count(*) FROM journal"));
  if (journaled > 0) SQS_RETURN_IF_ERROR(CopyWithoutJournal(file, &copy));
  Exporter exporter(line);
  return LoadRows(copy == nullptr ? file : *copy, exporter);
}

}  // namespace

absl::Status ExportSqliteFile(const std::string& path, absl::FunctionRef<void(const std::string&)> line) {
  SQS_RETURN_IF_ERROR(CheckLogIfNobodyHasIt(path));
  SQS_ASSIGN_OR_RETURN(const auto db, Database::Open(path, Database::kReadOnly));
  SQS_ASSIGN_OR_RETURN(const int version, SchemaVersionOf(*db));
  if (version != kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": version ", version, " of the format, not ",
                                                      kSchemaVersion, ": open it once with this localsqs"));
  }
  // One look at the file, however much is committed meanwhile.
  SQS_RETURN_IF_ERROR(db->Execute("BEGIN"));
  const absl::Status status = Export(*db, line);
  db->Execute("COMMIT").IgnoreError();
  return status.ok() ? status : absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

}  // namespace sqs
