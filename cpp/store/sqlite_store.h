// The store in one SQLite file, with its write-ahead log beside it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "store/store.h"

namespace sqs {

struct SqliteOptions {
  Durability durability = Durability::kCommit;
  // Of the engine that makes the file; a file that exists has its own.
  uint64_t seed = 0;
  // Whether commits of many small changes may come to their tables some commits later (journal.h). Then ReadContents
  // does not find what they hold.
  bool has_journal = true;
};

// Opens or makes the file, becomes its owner, brings it to the present format and everything to its table.
//
// Errors: FailedPrecondition if another engine has it open (its pid is named), if a later localsqs wrote it or if it is
// something else; DataLoss if it is damaged; NotFound if it cannot be opened.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path, const SqliteOptions& options);

// A consistent copy of the file at `path`, in use or not, to a new file.
absl::Status BackupSqliteFile(const std::string& path, const std::string& copy_path);

}  // namespace sqs
