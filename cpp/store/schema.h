// The tables, by version. FORMAT.md describes them and says how to change them.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "store/sqlite.h"

namespace sqs {

// What leads from the version before to `version`. The first step makes the tables.
struct SchemaStep {
  int version;
  const char* sql;
};

// Every version that was ever committed, in order. Never changed, only added to.
absl::Span<const SchemaStep> SchemaSteps();
inline constexpr int kSchemaVersion = 3;

// 0 for an empty file. FailedPrecondition if the file is no store.
absl::StatusOr<int> SchemaVersionOf(Database& db);

// Takes the file from its version to the last of `steps`, in one transaction. FailedPrecondition, and nothing changed,
// for a file that a later localsqs wrote.
absl::Status UpgradeSchema(Database& db, absl::Span<const SchemaStep> steps);

}  // namespace sqs
