#include "queue/receive_attempts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/limits.h"

namespace sqs {

const ReceiveAttempts::Attempt* ReceiveAttempts::Find(absl::string_view attempt_id, absl::Time now) const {
  const auto found = attempts_.find(attempt_id);
  if (found == attempts_.end() || found->second.made_at + kReceiveAttemptInterval <= now) return nullptr;
  return &found->second;
}

void ReceiveAttempts::Add(absl::string_view attempt_id, Attempt attempt) {
  while (!by_age_.empty() && by_age_.front().first + kReceiveAttemptInterval <= attempt.made_at) {
    const auto found = attempts_.find(by_age_.front().second);
    if (found != attempts_.end() && found->second.made_at == by_age_.front().first) attempts_.erase(found);
    by_age_.pop_front();
  }
  // A repeat refreshes what the answer looks like, not when it was first given: no second row for it.
  const auto [found, is_new] = attempts_.try_emplace(std::string(attempt_id));
  if (is_new || found->second.made_at != attempt.made_at) by_age_.emplace_back(attempt.made_at, attempt_id);
  found->second = std::move(attempt);
}

std::string ReceiveAttempts::Dump(absl::Time now) const {
  std::string text;
  auto by_age = by_age_;
  std::sort(by_age.begin(), by_age.end());  // Those of one instant came in an order that nobody sees.
  for (const auto& [made_at, id] : by_age) {
    const Attempt* attempt = Find(id, now);
    if (attempt == nullptr || attempt->made_at != made_at) continue;
    absl::StrAppend(&text, "  attempt ", id, " ", absl::ToUnixNanos(made_at));
    for (const Delivered& delivered : attempt->messages) {
      absl::StrAppend(&text, " ", delivered.place.sequence, "/", delivered.receive_count, "/",
                      absl::ToUnixNanos(delivered.visible_at));
    }
    text += "\n";
  }
  return text;
}

}  // namespace sqs
