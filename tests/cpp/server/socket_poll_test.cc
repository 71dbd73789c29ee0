#include "server/socket_poll.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sqs::server {
namespace {

using testing::ElementsAre;

class SocketPollTest : public testing::Test {
 protected:
  // Something to read is there at once, and is read when it is told of.
  class Reader : public SocketPoll::Watcher {
   public:
    Reader(SocketPollTest& test, std::string name) : test_(test), name_(std::move(name)) {
      EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets_), 0);
      Write();
      EXPECT_TRUE(test_.poll_.Add(sockets_[0], EPOLLIN, this));
    }
    ~Reader() override {
      Remove();
      close(sockets_[0]);
      close(sockets_[1]);
    }

    void Write() { EXPECT_EQ(write(sockets_[1], "x", 1), 1); }
    void Remove() {
      if (std::exchange(watched_, false)) test_.poll_.Remove(sockets_[0], this);
    }
    void OnReady(uint32_t) override {
      char byte;
      EXPECT_EQ(read(sockets_[0], &byte, 1), 1);
      test_.calls_.push_back(absl::StrCat(name_, " ready"));
      EXPECT_TRUE(test_.poll_.AtRoundEnd(this));
      if (on_ready) on_ready();
    }
    void OnRoundEnd() override {
      test_.calls_.push_back(absl::StrCat(name_, " end"));
      if (on_round_end) std::exchange(on_round_end, nullptr)();
    }

    std::function<void()> on_ready;
    std::function<void()> on_round_end;

   private:
    SocketPollTest& test_;
    const std::string name_;
    int sockets_[2];
    bool watched_ = true;
  };

  boost::asio::io_context io_;
  SocketPoll poll_{io_};
  std::vector<std::string> calls_;
};

TEST_F(SocketPollTest, TheEndOfARoundComesAfterAllThatWereReady) {
  Reader a(*this, "a"), b(*this, "b");
  EXPECT_FALSE(poll_.AtRoundEnd(&a));  // Outside of a round.
  io_.poll();
  EXPECT_THAT(calls_, ElementsAre("a ready", "b ready", "a end", "b end"));
  calls_.clear();
  b.Write();
  io_.poll();
  EXPECT_THAT(calls_, ElementsAre("b ready", "b end"));
}

TEST_F(SocketPollTest, WhoIsRemovedMeanwhileIsNotCalled) {
  Reader a(*this, "a"), b(*this, "b"), c(*this, "c");
  b.on_ready = [&] { a.Remove(); };
  a.on_round_end = [] { FAIL() << "it was removed"; };
  b.on_round_end = [&] { c.Remove(); };
  io_.poll();
  EXPECT_THAT(calls_, ElementsAre("a ready", "b ready", "c ready", "b end"));
}

TEST_F(SocketPollTest, WhoAsksAgainAtTheEndIsCalledAgain) {
  Reader a(*this, "a"), b(*this, "b");
  a.on_round_end = [&] { EXPECT_TRUE(poll_.AtRoundEnd(&a)); };
  io_.poll();
  EXPECT_THAT(calls_, ElementsAre("a ready", "b ready", "a end", "b end", "a end"));
}

TEST_F(SocketPollTest, NobodyWaitsForManyOthers) {
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < 40; ++i) readers.push_back(std::make_unique<Reader>(*this, absl::StrCat(i)));
  io_.poll();
  ASSERT_EQ(calls_.size(), 80u);
  EXPECT_EQ(calls_[31], "31 ready");
  EXPECT_EQ(calls_[32], "0 end");
  EXPECT_EQ(calls_[64], "32 ready");
  EXPECT_EQ(calls_[79], "39 end");
}

}  // namespace
}  // namespace sqs::server
