// When the commit begins that a thread's answers wait for, and that all are told of it.
#include "server/held_answers.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace sqs::server {
namespace {

namespace asio = boost::asio;

// The test is the engine: `gathering_` is the point of what comes now.
class HeldAnswersTest : public testing::Test {
 protected:
  struct Client : HeldAnswers::Holder {
    explicit Client(int& told) : told(told) {}
    void OnCommitted() override { ++told; }
    int& told;
  };

  // As connections do it.
  void Request(int count) {
    for (int i = 0; i < count; ++i) {
      held_.CommitSoon(gathering_);
      clients_.push_back(std::make_shared<Client>(told_));
      EXPECT_TRUE(held_.Hold(gathering_, clients_.back()));
    }
  }
  // The committing thread takes a batch, and is done with it.
  CommitPointPtr Take() { return std::exchange(gathering_, std::make_shared<CommitPoint>()); }
  void Finish(const CommitPointPtr& point) {
    point->Finish(absl::OkStatus());
    Poll();
  }
  void Poll() {
    io_.restart();
    io_.poll();
  }

  asio::io_context io_;
  int begun_ = 0;
  HeldAnswers held_{io_, [this] { ++begun_; }};
  CommitPointPtr gathering_ = std::make_shared<CommitPoint>();
  int told_ = 0;
  std::vector<std::shared_ptr<Client>> clients_;
};

TEST_F(HeldAnswersTest, AFewWaitUntilTheLoopHasNothingElseToDo) {
  Request(31);
  EXPECT_EQ(begun_, 0);
  Poll();
  EXPECT_EQ(begun_, 1);
  EXPECT_EQ(told_, 0);
  Finish(Take());
  EXPECT_EQ(told_, 31);
  EXPECT_EQ(begun_, 1);
}

TEST_F(HeldAnswersTest, EnoughBeginAtOnceAndOnce) {
  Request(40);
  EXPECT_EQ(begun_, 1);
  Poll();
  EXPECT_EQ(begun_, 1);
  Finish(Take());
  EXPECT_EQ(told_, 40);
}

TEST_F(HeldAnswersTest, AFewBehindACommitWaitForItsEnd) {
  Request(32);
  const CommitPointPtr first = Take();
  Request(5);
  Poll();
  EXPECT_EQ(begun_, 1);
  Finish(first);
  EXPECT_EQ(told_, 32);
  EXPECT_EQ(begun_, 2);
  Finish(Take());
  EXPECT_EQ(told_, 37);
}

TEST_F(HeldAnswersTest, EnoughBehindACommitAreBegunBeforeItEnds) {
  Request(32);
  const CommitPointPtr first = Take();
  Request(32);
  EXPECT_EQ(begun_, 2);
  Finish(first);
  EXPECT_EQ(told_, 32);
  EXPECT_EQ(begun_, 2);
}

TEST_F(HeldAnswersTest, HalfOfTheLastTwoBatchesIsEnough) {
  Request(100);
  Poll();
  const CommitPointPtr first = Take();
  Request(10);
  first->Finish(absl::OkStatus());
  io_.restart();
  io_.run_one();  // It is told; the loop has not looked for more yet.
  EXPECT_EQ(told_, 100);
  Request(44);
  EXPECT_EQ(begun_, 1);
  Request(1);
  EXPECT_EQ(begun_, 2);
}

TEST_F(HeldAnswersTest, ManyAreHalfAtTheEndOfTheOneBefore) {
  Request(100);
  const CommitPointPtr first = Take();
  Request(31);
  Finish(first);
  const CommitPointPtr second = Take();
  EXPECT_EQ(begun_, 2);
  Request(65);  // Half of 131 would be 66.
  EXPECT_EQ(begun_, 2);
  second->Finish(absl::OkStatus());
  io_.restart();
  io_.run_one();
  EXPECT_EQ(begun_, 3);  // Half of 96 is less.
}

// Answers are held at the end of a round, and the batch may have been taken in the midst of it.
TEST_F(HeldAnswersTest, WhoHoldsLateIsAmongThoseOfItsBatch) {
  Request(40);
  const CommitPointPtr first = Take();
  Request(20);
  clients_.push_back(std::make_shared<Client>(told_));
  ASSERT_TRUE(held_.Hold(first, clients_.back()));
  Request(11);  // The 21st to 31st of the second batch.
  EXPECT_EQ(begun_, 1);
  Request(1);
  EXPECT_EQ(begun_, 2);
  Finish(first);
  EXPECT_EQ(told_, 41);
  Finish(Take());
  EXPECT_EQ(told_, 73);
}

TEST_F(HeldAnswersTest, WhatIsThereToBeReadComesFirst) {
  int sockets[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  asio::posix::stream_descriptor mine(io_, sockets[0]), other(io_, sockets[1]);
  int begun_before = -1;
  mine.async_wait(asio::posix::stream_descriptor::wait_read, [&](const boost::system::error_code&) {
    begun_before = begun_;
    Request(1);
  });
  asio::post(io_, [&] {
    Request(1);
    asio::write(other, asio::buffer("x", 1));
  });
  Poll();
  EXPECT_EQ(begun_before, 0);
  EXPECT_EQ(begun_, 1);
}

TEST_F(HeldAnswersTest, WhatIsDoneIsNotHeld) {
  gathering_->Finish(absl::OkStatus());
  held_.CommitSoon(gathering_);
  EXPECT_FALSE(held_.Hold(gathering_, std::make_shared<Client>(told_)));
  Poll();
  EXPECT_EQ(begun_, 0);
}

TEST_F(HeldAnswersTest, WhoIsGoneIsNotTold) {
  Request(2);
  clients_.pop_back();
  Poll();
  Finish(Take());
  EXPECT_EQ(told_, 1);
}

}  // namespace
}  // namespace sqs::server
