// Every table whose rows have a checksum, for what treats them all alike.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sqs {

struct TableInfo {
  const char* name;
  const char* key;  // Its columns, for ORDER BY.
  int columns;
  // The column that says whose the row is, and the column of "queues" or "messages" with that value; null: nobody's.
  const char* owner_column;
  const char* owner_table;
  int since = 1;  // The version of the format that brought it.
};

absl::Span<const TableInfo> Tables();

}  // namespace sqs
