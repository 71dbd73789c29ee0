#include "store/content_reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/row_codec.h"

namespace sqs {

absl::Status ReadPayload(Statement& select, int64_t id, PayloadPtr* payload) {
  const absl::Status status = [&]() -> absl::Status {
    SQS_ASSIGN_OR_RETURN(const bool found, select.Int(id).Step());
    if (!found) return absl::OkStatus();
    MessageRow row;
    SQS_RETURN_IF_ERROR(ReadMessage(select, &row));
    *payload = std::move(row.payload);
    return absl::OkStatus();
  }();
  select.Reset();
  return status;
}

absl::Status ContentReader::Read(absl::Span<const RowChoice> rows, std::vector<PayloadPtr>* payloads) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return absl::UnavailableError(absl::StrCat(path_, " is closed"));
  if (db_ == nullptr) SQS_RETURN_IF_ERROR(Open());
  // One transaction: a move that is committed meanwhile takes a row away and brings another.
  SQS_RETURN_IF_ERROR(begin_.Run());
  const absl::Status status = ReadAll(rows, payloads);
  const absl::Status ended = end_.Run();
  return status.ok() ? ended : status;
}

absl::Status ContentReader::ReadAll(absl::Span<const RowChoice> rows, std::vector<PayloadPtr>* payloads) {
  for (const RowChoice& ids : rows) SQS_RETURN_IF_ERROR(ReadFirst(ids, &payloads->emplace_back()));
  return absl::OkStatus();
}

absl::Status ContentReader::ReadFirst(const RowChoice& ids, PayloadPtr* payload) {
  for (int64_t id : ids) {
    SQS_RETURN_IF_ERROR(ReadPayload(message_, id, payload));
    if (*payload) return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(path_, ": damaged: table messages, id ", ids.front(), " is not there"));
}

absl::Status ContentReader::Open() {
  SQS_ASSIGN_OR_RETURN(db_, Database::Open(path_, Database::kReadOnly));
  SQS_RETURN_IF_ERROR(begin_.Prepare(db_->handle(), "", "BEGIN"));
  SQS_RETURN_IF_ERROR(end_.Prepare(db_->handle(), "", "COMMIT"));
  return message_.Prepare(db_->handle(), "messages", kSelectMessage);
}

void ContentReader::Close() {
  std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  begin_ = Statement();
  end_ = Statement();
  message_ = Statement();
  db_ = nullptr;
}

}  // namespace sqs
