// Answers of one server thread that may not be written before the commit of what they tell, and when that begins.
//
// All connections that wait for one batch are told by one message to the thread.
//
// Clients whose answers come together ask again together. Left to itself that ends in one batch with all of them, so
// that nobody works while it is synced and nothing is synced while they work, or in a large and a tiny one by turns. So
// a batch begins with half of what is about, and is written while the other half is served: no timer, and with fewer
// than it takes to be worth a sync, when all that came in is done.
#pragma once

#include <boost/asio.hpp>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "engine/commit_point.h"

namespace sqs::server {

// To be used from the thread of `io`.
class HeldAnswers {
 public:
  class Holder {
   public:
    virtual ~Holder() = default;
    virtual void OnCommitted() = 0;
  };

  // `begin_commit` has the engine commit what gathered.
  HeldAnswers(boost::asio::io_context& io, std::function<void()> begin_commit)
      : io_(io), begin_commit_(std::move(begin_commit)) {}

  // A request was performed that `point` commits: sees to it that this begins.
  void CommitSoon(const CommitPointPtr& point);

  // Calls `holder` from the loop once `point` is done, if it is still there. False if it is done already.
  bool Hold(const CommitPointPtr& point, std::weak_ptr<Holder> holder);

 private:
  // A request is served in about a thirtieth of the time that a commit takes besides its rows.
  static constexpr int kWorthACommit = 32;

  struct Group {
    CommitPointPtr point;
    int requests = 0;
    bool has_begun = false;  // By us.
    std::vector<std::weak_ptr<Holder>> holders;
  };

  // Null if it is done.
  Group* GroupOf(const CommitPointPtr& point);
  void Begin(Group& group);
  void BeginWhenIdle();
  void Release(const CommitPoint* point);

  boost::asio::io_context& io_;
  const std::function<void()> begin_commit_;
  std::vector<Group> groups_;  // One or two: the batch on its way, and the next.
  int enough_ = kWorthACommit;
  bool begins_when_idle_ = false;
};

}  // namespace sqs::server
