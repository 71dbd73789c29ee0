#include "store/structure.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/tables.h"

namespace sqs {
namespace {

absl::Status CheckTable(Database& db, absl::string_view table) {
  SQS_ASSIGN_OR_RETURN(const std::string found, db.QueryText(absl::StrCat("PRAGMA quick_check(", table, ")")));
  return found == "ok" ? absl::OkStatus() : absl::DataLossError(absl::StrCat("damaged: table ", table, ": ", found));
}

}  // namespace

absl::Status CheckStructure(Database& db) {
  SQS_RETURN_IF_ERROR(CheckTable(db, "engine"));
  for (const TableInfo& table : Tables()) {
    const absl::string_view name = table.name;
    if (name != "messages" && name != "message_states") SQS_RETURN_IF_ERROR(CheckTable(db, name));
  }
  return absl::OkStatus();
}

}  // namespace sqs
