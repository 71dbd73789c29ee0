// Looking at a store's file from outside: is it sound, what is in it, what can be saved of it.
//
// The file may be in use: these read what is committed. None of them changes it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sqs {

struct FileReport {
  int version = 0;
  std::string owner;                                        // The last process that had it: "pid 123 on host".
  std::vector<std::pair<std::string, int64_t>> row_counts;  // By table.
  std::vector<std::string> problems;  // Where what is wrong, at most 1,000; empty for a sound file.
};

// Reads everything: the log, the structure of the file, every checksum, rows that belong to nothing. Rows are counted
// as they are in the tables: the journal is one of them. An error only for what is no store at all; damage is in the
// report.
absl::StatusOr<FileReport> CheckSqliteFile(const std::string& path);

// Calls `line` with each message as a JSON object, in order of arrival over all queues, without a newline. DataLoss,
// with the place, where the file is damaged.
absl::Status ExportSqliteFile(const std::string& path, absl::FunctionRef<void(const std::string&)> line);

struct SalvageReport {
  std::vector<std::pair<std::string, int64_t>> saved;  // Rows by table.
  std::vector<std::string> lost;                       // What was left behind, at most 1,000.
};

// Copies every sound row into a new file, which is then a store again. A message whose state is lost is visible, as if
// it had come back; a queue that lost a setting has the default.
absl::StatusOr<SalvageReport> SalvageSqliteFile(const std::string& path, const std::string& new_path);

}  // namespace sqs
