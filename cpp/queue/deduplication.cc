#include "queue/deduplication.h"

#include "absl/strings/str_cat.h"
#include "api/limits.h"

namespace sqs {

// A group id holds no NUL, so no two pairs share a key.
std::string DeduplicationMemory::KeyOf(absl::string_view group_id, absl::string_view deduplication_id) const {
  if (scope_ == DeduplicationScope::kQueue) return std::string(deduplication_id);
  return absl::StrCat(group_id, absl::string_view("\0", 1), deduplication_id);
}

const DeduplicationMemory::Entry* DeduplicationMemory::Find(absl::string_view group_id,
                                                            absl::string_view deduplication_id, absl::Time now) const {
  const auto found = entries_.find(KeyOf(group_id, deduplication_id));
  if (found == entries_.end() || found->second.sent_at + kDeduplicationInterval <= now) return nullptr;
  return &found->second;
}

void DeduplicationMemory::Add(absl::string_view group_id, absl::string_view deduplication_id, const Entry& entry) {
  Forget(entry.sent_at);
  std::string key = KeyOf(group_id, deduplication_id);
  entries_.insert_or_assign(key, entry);
  by_age_.emplace_back(entry.sent_at, std::move(key));
}

void DeduplicationMemory::Clear() {
  entries_.clear();
  by_age_.clear();
}

void DeduplicationMemory::Forget(absl::Time now) {
  while (!by_age_.empty() && by_age_.front().first + kDeduplicationInterval <= now) {
    const auto found = entries_.find(by_age_.front().second);
    // The same key may have been sent again since: then the entry is younger than this row.
    if (found != entries_.end() && found->second.sent_at == by_age_.front().first) entries_.erase(found);
    by_age_.pop_front();
  }
}

std::string DeduplicationMemory::Dump(absl::Time now) const {
  std::string text;
  for (const auto& [sent_at, key] : by_age_) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.sent_at != sent_at) continue;
    if (sent_at + kDeduplicationInterval <= now) continue;
    absl::StrAppend(&text, "  deduplication ", key, " ", found->second.message_id.ToString(), " ",
                    found->second.sequence, " ", absl::ToUnixNanos(sent_at), "\n");
  }
  return text;
}

}  // namespace sqs
