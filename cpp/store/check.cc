#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
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

constexpr size_t kProblemsMax = 1000;

class Checker {
 public:
  Checker(Database& db, FileReport* report) : db_(db), report_(report) {}

  void Add(std::string problem) {
    if (report_->problems.size() < kProblemsMax) report_->problems.push_back(std::move(problem));
  }
  // What a query could not do for the damage is itself a finding.
  void AddIfFailed(const absl::Status& status) {
    if (!status.ok()) Add(std::string(status.message()));
  }

  absl::Status CheckEngine() {
    Statement row;
    SQS_RETURN_IF_ERROR(row.Prepare(db_.handle(), "engine", "SELECT * FROM engine"));
    SQS_ASSIGN_OR_RETURN(const bool found, row.Step());
    EngineRow engine;
    if (!found) {
      Add("table engine is empty");
    } else if (ReadEngine(row, &engine).ok()) {
      report_->owner = engine.owner;
    } else {
      Add("checksum: table engine");
    }
    return absl::OkStatus();
  }

  absl::Status CheckStructure() {
    Statement rows;
    SQS_RETURN_IF_ERROR(rows.Prepare(db_.handle(), "", "PRAGMA integrity_check(100)"));
    for (;;) {
      SQS_ASSIGN_OR_RETURN(const bool found, rows.Step());
      if (!found) return absl::OkStatus();
      const std::string line(rows.ReadText());
      if (line != "ok") Add(absl::StrCat("structure: ", line));
    }
  }

  absl::Status CheckRows(const TableInfo& table) {
    int64_t count = 0;
    const absl::Status status = [&]() -> absl::Status {
      Statement rows;
      SQS_RETURN_IF_ERROR(
          rows.Prepare(db_.handle(), table.name, absl::StrCat("SELECT * FROM ", table.name, " ORDER BY ", table.key)));
      for (;;) {
        SQS_ASSIGN_OR_RETURN(const bool found, rows.Step());
        if (!found) return absl::OkStatus();
        ++count;
        const std::string key = absl::StrCat(rows.ColumnText(0), " ", rows.ColumnText(1));
        if (!rows.ReadWholeRow()) Add(absl::StrCat("checksum: table ", table.name, ", row ", key));
      }
    }();
    report_->row_counts.emplace_back(table.name, count);
    return status;
  }

  absl::Status CheckOwners(const TableInfo& table) {
    if (table.owner_table == nullptr) return absl::OkStatus();
    const bool of_queue = std::string(table.owner_table) == "queues";
    SQS_RETURN_IF_ERROR(ReportMissing(table.name, table.owner_column, table.owner_table, of_queue ? "number" : "id"));
    return of_queue ? absl::OkStatus() : ReportMissing(table.owner_table, "id", table.name, "id");
  }

 private:
  // Values of `column` in `table` that `other_column` of `other` does not have.
  absl::Status ReportMissing(const std::string& table, const std::string& column, const std::string& other,
                             const std::string& other_column) {
    Statement rows;
    SQS_RETURN_IF_ERROR(
        rows.Prepare(db_.handle(), "",
                     absl::StrCat("SELECT DISTINCT ", column, " FROM ", table, " WHERE NOT EXISTS (SELECT 1 FROM ",
                                  other, " WHERE ", other, ".", other_column, " = ", table, ".", column, ")")));
    for (;;) {
      SQS_ASSIGN_OR_RETURN(const bool found, rows.Step());
      if (!found) return absl::OkStatus();
      Add(absl::StrCat("orphan: table ", table, ", ", column, " ", rows.ReadInt(), " is not in ", other));
    }
  }

  Database& db_;
  FileReport* const report_;
};

}  // namespace

absl::StatusOr<FileReport> CheckSqliteFile(const std::string& path) {
  const absl::Status log = CheckLogIfNobodyHasIt(path);
  SQS_ASSIGN_OR_RETURN(const auto db, Database::Open(path, Database::kReadOnly));
  FileReport report;
  Checker checker(*db, &report);
  checker.AddIfFailed(log);
  const absl::StatusOr<int> version = SchemaVersionOf(*db);
  if (!version.ok()) {
    if (!absl::IsDataLoss(version.status())) return version.status();
    checker.Add(std::string(version.status().message()));
    return report;
  }
  if (*version == 0) return absl::FailedPreconditionError(absl::StrCat(path, ": empty"));
  report.version = *version;
  if (*version > kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": written by a later localsqs (version ", *version, ")"));
  }
  checker.AddIfFailed(db->Execute("BEGIN"));  // One look, however much is committed meanwhile.
  checker.AddIfFailed(checker.CheckEngine());
  checker.AddIfFailed(checker.CheckStructure());
  for (const TableInfo& table : Tables()) {
    if (table.since <= *version) checker.AddIfFailed(checker.CheckRows(table));
  }
  for (const TableInfo& table : Tables()) checker.AddIfFailed(checker.CheckOwners(table));
  if (*version >= 3) {
    checker.AddIfFailed(CheckJournal(*db, [&checker](std::string problem) { checker.Add(std::move(problem)); }));
  }
  return report;
}

}  // namespace sqs
