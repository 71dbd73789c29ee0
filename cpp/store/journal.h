// Commits that are not in their tables yet, one row each (FORMAT.md, "The journal").
//
// A commit of many small changes touches ten pages and runs a hundred statements; as a row of the journal, three and
// one. A few commits later all go to their tables at once, without what came and went between.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "store/batch_sum.h"
#include "store/batch_writer.h"
#include "store/rows.h"
#include "store/sqlite.h"
#include "store/tape.h"

namespace sqs {

class Journal {
 public:
  // `db` and `writer` outlive this; the table is empty.
  Journal(Database& db, BatchWriter& writer, std::string path) : db_(db), writer_(writer), path_(std::move(path)) {}
  absl::Status Prepare();

  bool empty() const { return sum_.empty(); }
  // Whether a commit of `batch` is better a row here than in the tables: there are changes of several requests, not too
  // many, and there is room.
  bool Takes(const Batch& batch) const;

  // --- In a transaction. `engine` is the owner, who has come as far as the batch. ---
  // `batch` as a row; `from` is the effect that the commit before had reached. Appended once it is committed.
  absl::Status Append(const EngineRow& engine, uint64_t from, const Batch& batch);
  void Appended(const Batch& batch);
  // Everything to the tables. Folded once it is committed.
  absl::Status Fold(const EngineRow& engine);
  void Folded();

 private:
  Database& db_;
  BatchWriter& writer_;
  const std::string path_;
  Statement append_, clear_;
  Tape tape_;
  BatchSum sum_;  // Of what is in the table.
  int rows_ = 0;
};

// Brings to the tables what a process that ended left in the journal. In a transaction. DataLoss, with the place, if a
// row is damaged or does not follow the one before.
absl::Status RecoverJournal(Database& db);

// The same with whatever rows are left, each as far as it goes: `lose` gets what is not there, and what was in the
// tables already.
absl::Status SalvageJournal(Database& db, absl::FunctionRef<void(std::string)> lose);

// `add` gets what RecoverJournal would find, but for checksums.
absl::Status CheckJournal(Database& db, absl::FunctionRef<void(std::string)> add);

}  // namespace sqs
