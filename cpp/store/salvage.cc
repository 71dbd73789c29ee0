#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/inspect.h"
#include "store/journal.h"
#include "store/log_check.h"
#include "store/row_codec.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/tables.h"

namespace sqs {
namespace {

constexpr size_t kLostMax = 1000;
// Ids tried one by one after a page that cannot be read; a page holds a few hundred rows at most.
constexpr int64_t kTriedOneByOne = 2000;

class Salvager {
 public:
  Salvager(Database& from, Database& to, SalvageReport* report) : from_(from), to_(to), report_(report) {}

  absl::Status Run() {
    SQS_RETURN_IF_ERROR(to_.Execute("BEGIN"));
    SQS_RETURN_IF_ERROR(from_.Execute("BEGIN"));  // One look, however much is committed meanwhile.
    SQS_RETURN_IF_ERROR(CopyEngine());
    const int version = SchemaVersionOf(from_).value_or(kSchemaVersion);
    for (const TableInfo& table : Tables()) {
      if (table.since <= version) SQS_RETURN_IF_ERROR(CopyTable(table));
    }
    SQS_RETURN_IF_ERROR(SalvageJournal(to_, [this](std::string what) { Lose(std::move(what)); }));
    SQS_RETURN_IF_ERROR(Mend());
    return to_.Execute("COMMIT");
  }

 private:
  void Lose(std::string what) {
    if (report_->lost.size() < kLostMax) report_->lost.push_back(std::move(what));
  }

  // Without its row the file goes on as a new one, at a time before every message.
  absl::Status CopyEngine() {
    Statement row, insert;
    SQS_RETURN_IF_ERROR(insert.Prepare(to_.handle(), "engine", InsertSql("engine", 8)));
    EngineRow engine;
    const bool is_sound = row.Prepare(from_.handle(), "engine", "SELECT * FROM engine").ok() &&
                          row.Step().value_or(false) && ReadEngine(row, &engine).ok();
    if (!is_sound) {
      engine = {.epoch = 1};
      Lose("table engine: the file's own row");
    }
    BindEngine(insert, engine);
    return insert.Run();
  }

  absl::Status CopyTable(const TableInfo& table) {
    Statement insert;
    std::string sql = InsertSql(table.name, table.columns);
    sql.replace(0, 6, "INSERT OR IGNORE");  // Rows may be met twice.
    SQS_RETURN_IF_ERROR(insert.Prepare(to_.handle(), table.name, sql));
    saved_ = 0;
    const absl::Status whole = Copy(table, absl::StrCat(" ORDER BY ", table.key), insert);
    if (!whole.ok() && write_error_.ok()) {
      Lose(absl::StrCat("table ", table.name, ": ", whole.message()));
      if (IsNumbered(table)) {
        CopyAround(table, insert);
      } else {
        CopyFromTheEnd(table, insert);
      }
    }
    SQS_RETURN_IF_ERROR(write_error_);
    report_->saved.emplace_back(table.name, saved_);
    return absl::OkStatus();
  }

  static bool IsNumbered(const TableInfo& table) {
    return absl::string_view(table.key).find(',') == absl::string_view::npos;
  }

  // Copies the sound rows until the end or to where the file cannot be read. An error of the new file is kept apart, in
  // write_error_: nothing is lost by it that was not in the old one.
  absl::Status Copy(const TableInfo& table, const std::string& rest, Statement& insert) {
    Statement rows;
    SQS_RETURN_IF_ERROR(rows.Prepare(from_.handle(), table.name, absl::StrCat("SELECT * FROM ", table.name, rest)));
    for (;;) {
      SQS_ASSIGN_OR_RETURN(const bool found, rows.Step());
      if (!found) return absl::OkStatus();
      const std::string key = rows.ColumnText(0);
      const bool is_sound = rows.ReadWholeRow();
      if (IsNumbered(table)) last_number_ = std::max<int64_t>(last_number_, std::atoll(key.c_str()));
      if (!is_sound) {
        Lose(absl::StrCat("table ", table.name, ", row ", key, " ", rows.ColumnText(1), ": checksum"));
        continue;
      }
      insert.BindRow(rows);
      write_error_ = insert.Run();
      if (!write_error_.ok()) return write_error_;
      saved_ += to_.changes();
    }
  }

  // From the other end, up to where that cannot be read either.
  void CopyFromTheEnd(const TableInfo& table, Statement& insert) {
    std::string order = absl::StrCat(" ORDER BY ", table.key, " DESC");
    for (size_t comma = order.find(','); comma != std::string::npos; comma = order.find(',', comma + 6)) {
      order.insert(comma, " DESC");
    }
    Copy(table, order, insert).IgnoreError();
  }

  // Goes on behind what cannot be read: by one row at first, then by more.
  void CopyAround(const TableInfo& table, Statement& insert) {
    const auto last = from_.QueryInt(absl::StrCat("SELECT max(", table.key, ") FROM ", table.name));
    const int64_t end = last.ok() ? *last : int64_t{1} << 40;
    last_number_ = 0;
    int64_t tried = 0;
    for (int64_t next = FirstUnread(table); next <= end;) {
      const int64_t before = last_number_;
      const absl::Status status =
          Copy(table, absl::StrCat(" WHERE ", table.key, " >= ", next, " ORDER BY ", table.key), insert);
      if (status.ok() || !write_error_.ok()) break;
      if (last_number_ > before && last_number_ >= next) {
        next = last_number_ + 1;
        tried = 0;
      } else {
        next += ++tried <= kTriedOneByOne ? 1 : tried - kTriedOneByOne;
      }
    }
  }

  int64_t FirstUnread(const TableInfo& table) {
    const auto last = to_.QueryInt(absl::StrCat("SELECT coalesce(max(", table.key, "), 0) FROM ", table.name));
    return last.ok() ? *last + 1 : 1;
  }

  // What is left of rows that need each other.
  absl::Status Mend() {
    SQS_RETURN_IF_ERROR(DropOrphans());
    SQS_RETURN_IF_ERROR(DropSharedSlots());
    return MakeVisible();
  }

  absl::Status DropOrphans() {
    for (const TableInfo& table : Tables()) {
      if (table.owner_table == nullptr) continue;
      const bool of_queue = absl::string_view(table.owner_table) == "queues";
      SQS_RETURN_IF_ERROR(
          to_.Execute(absl::StrCat("DELETE FROM ", table.name, " WHERE ", table.owner_column, " NOT IN (SELECT ",
                                   of_queue ? "number" : "id", " FROM ", table.owner_table, ")")));
      if (to_.changes() > 0) Lose(absl::StrCat("table ", table.name, ": ", to_.changes(), " rows whose owner is lost"));
    }
    return absl::OkStatus();
  }

  // An old page may have come back: of two messages in one place the later is right.
  absl::Status DropSharedSlots() {
    SQS_RETURN_IF_ERROR(
        to_.Execute("DELETE FROM messages WHERE id NOT IN (SELECT max(id) FROM messages GROUP BY queue, slot)"));
    if (to_.changes() > 0) Lose(absl::StrCat("table messages: ", to_.changes(), " rows that share a place"));
    return to_.Execute("DELETE FROM message_states WHERE id NOT IN (SELECT id FROM messages)");
  }

  // Messages without their state: as if they had come back, never received.
  absl::Status MakeVisible() {
    Statement ids, insert;
    SQS_RETURN_IF_ERROR(ids.Prepare(to_.handle(), "",
                                    "SELECT id, retained_from FROM messages WHERE id NOT IN (SELECT id FROM "
                                    "message_states) ORDER BY id"));
    SQS_RETURN_IF_ERROR(insert.Prepare(to_.handle(), "message_states", InsertSql("message_states", 8)));
    int64_t count = 0;
    for (;; ++count) {
      SQS_ASSIGN_OR_RETURN(const bool found, ids.Step());
      if (!found) break;
      MessageStateRow row;
      row.id = ids.ReadInt();
      row.state = 2;
      row.visible_at_ns = ids.ReadInt();
      BindState(insert, row);
      SQS_RETURN_IF_ERROR(insert.Run());
    }
    if (count > 0) Lose(absl::StrCat("table message_states: ", count, " rows; their messages are visible now"));
    return absl::OkStatus();
  }

  Database& from_;
  Database& to_;
  SalvageReport* const report_;
  absl::Status write_error_;
  int64_t saved_ = 0;
  int64_t last_number_ = 0;
};

}  // namespace

absl::StatusOr<SalvageReport> SalvageSqliteFile(const std::string& path, const std::string& new_path) {
  const absl::Status log = CheckLogIfNobodyHasIt(path);
  SQS_ASSIGN_OR_RETURN(const auto from, Database::Open(path, Database::kReadOnly));
  SQS_ASSIGN_OR_RETURN(const auto to, Database::Open(new_path, Database::kCreate));
  SQS_ASSIGN_OR_RETURN(const int64_t tables, to->QueryInt("SELECT count(*) FROM sqlite_master"));
  if (tables > 0) return absl::AlreadyExistsError(absl::StrCat(new_path, " is there already"));
  SQS_RETURN_IF_ERROR(UpgradeSchema(*to, SchemaSteps()));
  SalvageReport report;
  if (!log.ok()) report.lost.emplace_back(log.message());
  SQS_RETURN_IF_ERROR(Salvager(*from, *to, &report).Run());
  return report;
}

}  // namespace sqs
