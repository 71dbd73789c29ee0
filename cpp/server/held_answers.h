// Answers of one server thread that may not be written before the commit of what they tell.
//
// All connections that wait for one batch are told by one message to the thread.
#pragma once

#include <boost/asio.hpp>
#include <memory>
#include <vector>

#include "engine/engine.h"

namespace sqs::server {

// To be used from the thread of `io`.
class HeldAnswers {
 public:
  class Holder {
   public:
    virtual ~Holder() = default;
    virtual void OnCommitted() = 0;
  };

  HeldAnswers(boost::asio::io_context& io, Engine& engine) : io_(io), engine_(engine) {}

  // Something was done that is to be committed: begins that once all that came in together is done.
  void CommitSoon();

  // Calls `holder` from the loop once `point` is done, if it is still there. False if it is done already.
  bool Hold(const CommitPointPtr& point, std::weak_ptr<Holder> holder);

 private:
  struct Group {
    CommitPointPtr point;
    std::vector<std::weak_ptr<Holder>> holders;
  };
  void Release(const CommitPoint* point);

  boost::asio::io_context& io_;
  Engine& engine_;
  bool commits_soon_ = false;
  std::vector<Group> groups_;  // One or two: the batch on its way, and the next.
};

}  // namespace sqs::server
