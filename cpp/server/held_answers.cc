#include "server/held_answers.h"

#include <algorithm>
#include <utility>

namespace sqs::server {

// The loop comes to it behind the round over the sockets that is under way. A batch that began with the first request
// of a round would hold little else.
void HeldAnswers::CommitSoon() {
  if (std::exchange(commits_soon_, true)) return;
  boost::asio::post(io_, [this] {
    commits_soon_ = false;
    engine_.BeginCommit();
  });
}

bool HeldAnswers::Hold(const CommitPointPtr& point, std::weak_ptr<Holder> holder) {
  if (point->done()) return false;
  if (groups_.empty() || groups_.back().point != point) {
    // From the committing thread: over to our own.
    const auto release = [this, point = point.get()](const absl::Status&) {
      boost::asio::post(io_, [this, point] { Release(point); });
    };
    if (!point->WhenDone(release)) return false;
    groups_.push_back({point, {}});
  }
  groups_.back().holders.push_back(std::move(holder));
  return true;
}

void HeldAnswers::Release(const CommitPoint* point) {
  const auto found =
      std::find_if(groups_.begin(), groups_.end(), [point](const Group& group) { return group.point.get() == point; });
  const Group group = std::move(*found);
  groups_.erase(found);
  for (const std::weak_ptr<Holder>& holder : group.holders) {
    if (const auto connection = holder.lock()) connection->OnCommitted();
  }
}

}  // namespace sqs::server
