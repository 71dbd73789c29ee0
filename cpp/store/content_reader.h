// Reads messages by their id through a connection of its own, beside the one that commits.
//
// In a write-ahead log readers and the writer do not wait for each other; each Read sees one committed state.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace sqs {

// Thread-safe. The connection is opened by the first Read.
class ContentReader {
 public:
  explicit ContentReader(std::string path) : path_(std::move(path)) {}

  // See Store::ReadContents.
  absl::Status Read(absl::Span<const RowChoice> rows, std::vector<PayloadPtr>* payloads);

  // For good: a later Read fails.
  void Close();

 private:
  absl::Status Open();
  absl::Status ReadAll(absl::Span<const RowChoice> rows, std::vector<PayloadPtr>* payloads);
  absl::Status ReadFirst(const RowChoice& ids, PayloadPtr* payload);

  const std::string path_;
  std::mutex mutex_;
  bool closed_ = false;
  std::unique_ptr<Database> db_;
  Statement begin_, end_, message_;
};

// The payload of one row; null if it is not there. `select` is kSelectMessage.
inline constexpr char kSelectMessage[] = "SELECT * FROM messages WHERE id = ?1";
absl::Status ReadPayload(Statement& select, int64_t id, PayloadPtr* payload);

}  // namespace sqs
