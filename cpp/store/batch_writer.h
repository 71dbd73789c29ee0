// A batch into the tables.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "store/rows.h"
#include "store/statements.h"

namespace sqs {

class BatchWriter {
 public:
  // `path` is for messages. In a transaction of `db`, which outlives this.
  BatchWriter(Database& db, std::string path) : db_(db), path_(std::move(path)) {}

  absl::Status Prepare() { return statements_.Prepare(db_.handle()); }
  Statements& statements() { return statements_; }

  // `engine` is the owner, who has come as far as the batch. Aborted if another is.
  absl::Status Write(const EngineRow& engine, const Batch& batch);
  // On `tape` instead; of a batch that BatchSum::CanAdd.
  void Record(const EngineRow& engine, const Batch& batch, Tape* tape);

 private:
  absl::Status WriteRows(const Batch& batch);
  absl::Status MoveMessages(const Batch& batch);
  absl::Status RemoveMessages(absl::Span<const int64_t> ids);
  absl::Status Remove(const Batch& batch);
  absl::Status WriteQueues(const Batch& batch);
  absl::Status WriteMessages(const Batch& batch);
  absl::Status WriteMemory(const Batch& batch);

  Database& db_;
  const std::string path_;
  Statements statements_;
  std::string scratch_;
};

absl::Status NotTheOwner(absl::string_view path);

}  // namespace sqs
