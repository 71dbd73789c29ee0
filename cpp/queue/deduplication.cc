#include "queue/deduplication.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "api/limits.h"
#include "base/prefetch.h"

namespace sqs {
namespace {

constexpr size_t kKeyBlockBytes = 500;

}  // namespace

const DeduplicationMemory::Row* DeduplicationMemory::Generation::Find(const Probe& probe) const {
  const auto found = by_key.find(probe);
  return found == by_key.end() ? nullptr : found->row;
}

void DeduplicationMemory::Generation::Add(const Probe& probe, const Entry& entry) {
  const size_t bytes = probe.key.size();
  if (keys.empty() || keys.back().size() + bytes > keys.back().capacity()) {
    keys.emplace_back().reserve(std::max(bytes, kKeyBlockBytes));
  }
  std::string& block = keys.back();
  block.append(probe.key.data(), bytes);
  rows.push_back({{block.data() + block.size() - bytes, bytes}, entry});
  by_key.insert({probe.hash, &rows.back()});
}

// A group id holds no NUL, so no two pairs share a key.
DeduplicationMemory::Probe DeduplicationMemory::ProbeFor(absl::string_view group_id, absl::string_view deduplication_id,
                                                         std::string* buffer) const {
  absl::string_view key = deduplication_id;
  if (scope_ != DeduplicationScope::kQueue) {
    *buffer = absl::StrCat(group_id, absl::string_view("\0", 1), deduplication_id);
    key = *buffer;
  }
  return {key, absl::Hash<absl::string_view>()(key)};
}

const DeduplicationMemory::Entry* DeduplicationMemory::Find(absl::string_view group_id,
                                                            absl::string_view deduplication_id, absl::Time now) const {
  std::string buffer;
  const Probe probe = ProbeFor(group_id, deduplication_id, &buffer);
  // What is in the older generation may have been sent again since, so the younger is asked first.
  const Row* row = younger_.Find(probe);
  if (row == nullptr) row = older_.Find(probe);
  if (row == nullptr || row->entry.sent_at + kDeduplicationInterval <= now) return nullptr;
  return &row->entry;
}

void DeduplicationMemory::Add(absl::string_view group_id, absl::string_view deduplication_id, const Entry& entry) {
  Forget(entry.sent_at);
  std::string buffer;
  younger_.Add(ProbeFor(group_id, deduplication_id, &buffer), entry);
}

SQS_PREFETCHES void DeduplicationMemory::Prefetch(absl::string_view group_id,
                                                  absl::string_view deduplication_id) const {
  std::string buffer;
  const Probe probe = ProbeFor(group_id, deduplication_id, &buffer);
  younger_.by_key.prefetch(probe);
  older_.by_key.prefetch(probe);
  SQS_KEEP_PREFETCHES();
}

void DeduplicationMemory::Clear() { older_ = younger_ = Generation(); }

std::optional<uint64_t> DeduplicationMemory::OldestSequence() const {
  for (const Generation* generation : {&older_, &younger_}) {
    if (!generation->rows.empty()) return generation->rows.front().entry.sequence;
  }
  return std::nullopt;
}

void DeduplicationMemory::Forget(absl::Time now) {
  if (younger_.rows.empty() || younger_.begins() + kDeduplicationInterval > now) return;
  older_ = std::exchange(younger_, Generation());
  // As many are to be expected again: a table that grows in between costs more.
  if (older_.ends() + kDeduplicationInterval > now) younger_.by_key.reserve(older_.rows.size());
}

std::string DeduplicationMemory::Dump(absl::Time now) const {
  std::string text;
  for (const Generation* generation : {&older_, &younger_}) {
    for (const Row& row : generation->rows) {
      const auto& [message_id, sequence, sent_at] = row.entry;
      if (sent_at + kDeduplicationInterval <= now) continue;
      absl::StrAppend(&text, "  deduplication ", row.key, " ", message_id.ToString(), " ", sequence, " ",
                      absl::ToUnixNanos(sent_at), "\n");
    }
  }
  return text;
}

}  // namespace sqs
