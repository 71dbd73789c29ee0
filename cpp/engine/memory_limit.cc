#include "engine/memory_limit.h"

#include <type_traits>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "engine/committer.h"

namespace sqs {

MemoryLimit::MemoryLimit(int64_t bytes, Accounts& accounts, StoreFeed& feed, History& history)
    : accounts_(accounts), feed_(feed) {
  const int64_t of_history = history.keeps_effects() ? bytes / 4 : 0;
  history.LimitContents(static_cast<size_t>(of_history));
  counts_.limit_bytes = bytes - of_history;
}

// --- Counting -------------------------------------------------------------------------------------------------------

void MemoryLimit::Count(QueueNumber queue, const Payload& payload, int sign) {
  const int64_t bytes = sign * static_cast<int64_t>(payload.content_bytes());
  Bytes& of_queue = by_queue_[queue];
  (payload.has_content() ? of_queue.in_memory : of_queue.stored) += bytes;
  (payload.has_content() ? counts_.memory_bytes : counts_.stored_bytes) += bytes;
}

void MemoryLimit::AllGone(QueueNumber queue) {
  const auto found = by_queue_.find(queue);
  if (found == by_queue_.end()) return;
  counts_.memory_bytes -= found->second.in_memory;
  counts_.stored_bytes -= found->second.stored;
  by_queue_.erase(found);
}

void MemoryLimit::Note(absl::Span<const Effect> effects) {
  for (const Effect& effect : effects) {
    std::visit(
        [&](const auto& kind) {
          using Kind = std::decay_t<decltype(kind)>;
          if constexpr (std::is_same_v<Kind, Sent>) {
            Count(effect.queue, *kind.payload, 1);
          } else if constexpr (std::is_same_v<Kind, Deleted> || std::is_same_v<Kind, Expired>) {
            Count(effect.queue, *kind.payload, -1);
          } else if constexpr (std::is_same_v<Kind, Moved> || std::is_same_v<Kind, Redriven>) {
            // It takes its content along, or comes without as it was.
            Count(effect.queue, *kind.payload, -1);
            if (kind.to_queue != 0) Count(kind.to_queue, *kind.payload, 1);
          } else if constexpr (std::is_same_v<Kind, QueuePurged> || std::is_same_v<Kind, QueueDeleted>) {
            AllGone(effect.queue);
          }
        },
        effect.kind);
  }
}

// --- Dropping -------------------------------------------------------------------------------------------------------

PayloadPtr MemoryLimit::OnRestored(QueueNumber queue, PayloadPtr payload) {
  const int64_t bytes = static_cast<int64_t>(payload->content_bytes());
  if (counts_.memory_bytes + bytes > counts_.limit_bytes) payload = PayloadPtr::WithoutContent(*payload);
  Count(queue, *payload, 1);
  return payload;
}

void MemoryLimit::OnCommitted(const Batch& batch) {
  for (auto row = batch.new_messages.rbegin(); row != batch.new_messages.rend(); ++row) {
    if (counts_.memory_bytes <= counts_.limit_bytes) return;
    if (feed_.IsAt(*row)) Drop(*row);
  }
}

void MemoryLimit::Drop(const MessageRow& row) {
  PayloadPtr payload = PayloadPtr::WithoutContent(*row.payload);
  Count(row.queue, *row.payload, -1);
  Count(row.queue, *payload, 1);
  accounts_.FindQueue(row.queue)->ReplacePayload(row.place, std::move(payload));
}

// --- Reading --------------------------------------------------------------------------------------------------------

absl::Status MemoryLimit::Load(const Queue& queue, absl::Span<const MessagePlace> places, Contents* contents) {
  absl::InlinedVector<MessagePlace, kMaxMessagesMax> missing;
  contents->clear();
  for (const MessagePlace& place : places) {
    contents->push_back(queue.Find(place)->payload);
    if (!contents->back()->has_content()) missing.push_back(place);
  }
  if (missing.empty()) return absl::OkStatus();
  if (read_ == nullptr) return StoreFailure(absl::UnavailableError("closed"));
  note_();
  std::vector<RowChoice> rows;
  for (const MessagePlace& place : missing) rows.push_back(feed_.RowsOf(queue.number(), place));
  std::vector<PayloadPtr> payloads;
  absl::Status status = read_(rows, &payloads);
  size_t next = 0;
  for (size_t i = 0; status.ok() && i < contents->size(); ++i) {
    PayloadPtr& content = (*contents)[i];
    if (content->has_content()) continue;
    PayloadPtr& read = payloads[next];
    if (read->body_md5() != content->body_md5()) {
      status = absl::DataLossError(absl::StrCat("damaged: table messages, id ", rows[next].front()));
    }
    content = std::move(read);
    ++next;
  }
  if (!status.ok()) {
    failure_ = status;
    return StoreFailure(status);
  }
  counts_.reads += static_cast<int64_t>(rows.size());
  return absl::OkStatus();
}

}  // namespace sqs
