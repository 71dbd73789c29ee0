#include "server/held_answers.h"

#include <algorithm>
#include <utility>

namespace sqs::server {

HeldAnswers::Group* HeldAnswers::GroupOf(const CommitPointPtr& point) {
  for (Group& group : groups_) {
    if (group.point == point) return &group;
  }
  // From the committing thread: over to our own.
  const auto release = [this, point = point.get()](const absl::Status&) {
    boost::asio::post(io_, [this, point] { Release(point); });
  };
  if (!point->WhenDone(release)) return nullptr;
  groups_.push_back({.point = point});
  return &groups_.back();
}

void HeldAnswers::CommitSoon(const CommitPointPtr& point) {
  Group* const group = GroupOf(point);
  if (group == nullptr) return;
  ++group->requests;
  if (group->has_begun) return;
  if (group->requests >= enough_) return Begin(*group);
  // Else when the one before it is done: see Release.
  if (group == &groups_.front()) BeginWhenIdle();
}

void HeldAnswers::Begin(Group& group) {
  group.has_begun = true;
  begin_commit_();
}

// Until the first is called the loop has looked for what there is to read, until the second it has read it.
void HeldAnswers::BeginWhenIdle() {
  if (std::exchange(begins_when_idle_, true)) return;
  boost::asio::post(io_, [this] {
    boost::asio::post(io_, [this] {
      begins_when_idle_ = false;
      if (!groups_.empty() && !groups_.front().has_begun) Begin(groups_.front());
    });
  });
}

bool HeldAnswers::Hold(const CommitPointPtr& point, std::weak_ptr<Holder> holder) {
  if (point->done()) return false;
  Group* const group = GroupOf(point);
  if (group == nullptr) return false;
  group->holders.push_back(std::move(holder));
  return true;
}

void HeldAnswers::Release(const CommitPoint* point) {
  const auto found =
      std::find_if(groups_.begin(), groups_.end(), [point](const Group& group) { return group.point.get() == point; });
  const Group done = std::move(*found);
  groups_.erase(found);
  const int waiting = groups_.empty() ? 0 : groups_.front().requests;
  enough_ = std::max(kWorthACommit, (done.requests + waiting + 1) / 2);
  if (!groups_.empty() && !groups_.front().has_begun) {
    if (waiting >= enough_) {
      Begin(groups_.front());
    } else {
      BeginWhenIdle();
    }
  }
  for (const std::weak_ptr<Holder>& holder : done.holders) {
    if (const auto connection = holder.lock()) connection->OnCommitted();
  }
}

}  // namespace sqs::server
