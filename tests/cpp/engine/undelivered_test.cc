// Answers that reached nobody (Engine::Undeliver): the receive counts as none.
#include <string>
#include <vector>

#include "engine/engine_fixture.h"
#include "gmock/gmock.h"

namespace sqs {
namespace {

class UndeliveredTest : public EngineFixture {
 protected:
  std::vector<HandleText> ReceiveHandles(const std::string& url, int64_t max = 10) {
    ReceiveMessageRequest request = Request(url, 0, max);
    request.attribute_names = {"ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"};
    auto received = engine_.Call(request, caller_);
    EXPECT_TRUE(received.ok()) << received.status();
    std::vector<HandleText> handles;
    counts_.clear();
    bodies_.clear();
    for (const ReceivedMessage& message : received->messages) {
      handles.push_back(message.receipt_handle);
      bodies_.emplace_back(message.body);
      counts_.push_back(message.attributes.at(0).second);
    }
    return handles;
  }

  std::vector<std::string> bodies_;
  std::vector<std::string> counts_;
};

TEST_F(UndeliveredTest, TheMessageIsVisibleAgainAndTheReceiveDoesNotCount) {
  const std::string url = Create("jobs");
  Send(url, "a");
  engine_.Undeliver(ReceiveHandles(url));
  EXPECT_EQ(ReceiveHandles(url).size(), 1u);
  EXPECT_THAT(counts_, testing::ElementsAre("1"));
  EXPECT_THAT(ReceiveHandles(url), testing::IsEmpty());
}

TEST_F(UndeliveredTest, AWaitingReceiveGetsIt) {
  const std::string url = Create("jobs");
  Send(url, "a");
  const std::vector<HandleText> handles = ReceiveHandles(url);
  size_t served = 0;
  engine_.ReceiveAsync(Request(url, 20), caller_,
                       [&](absl::StatusOr<ReceiveMessageResult> result) { served = result->messages.size(); });
  EXPECT_EQ(served, 0u);
  engine_.Undeliver(handles);
  EXPECT_EQ(served, 1u);
}

TEST_F(UndeliveredTest, ItDoesNotBringAMessageToItsDeadLetterQueue) {
  const std::string dead = Create("dead");
  const std::string url =
      Create("jobs", {{"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead",)"
                                        R"("maxReceiveCount":"1"})"}});
  Send(url, "a");
  for (int i = 0; i < 5; ++i) engine_.Undeliver(ReceiveHandles(url));
  EXPECT_THAT(ReceiveHandles(url), testing::SizeIs(1));
  clock_->Advance(absl::Seconds(31));
  EXPECT_THAT(ReceiveHandles(url), testing::IsEmpty());
  EXPECT_THAT(ReceiveHandles(dead), testing::SizeIs(1));
}

TEST_F(UndeliveredTest, AFifoGroupIsFreeAgainInItsOrder) {
  const std::string url = Create("jobs.fifo", {{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}});
  for (const char* body : {"a", "b", "c"}) {
    SendMessageRequest send{.queue_url = url, .message = {.message_body = body}};
    send.message.message_group_id = std::string("g");
    ASSERT_TRUE(engine_.Call(send, caller_).ok());
  }
  engine_.Undeliver(ReceiveHandles(url, 2));
  ReceiveHandles(url);
  EXPECT_THAT(bodies_, testing::ElementsAre("a", "b", "c"));
}

TEST_F(UndeliveredTest, WhatHappenedSinceStands) {
  const std::string url = Create("jobs", {{"VisibilityTimeout", "10"}});
  Send(url, "a");
  const std::vector<HandleText> first = ReceiveHandles(url);
  clock_->Advance(absl::Seconds(10));
  ReceiveHandles(url);  // Received again since: the message is in other hands.
  engine_.Undeliver(first);
  EXPECT_THAT(ReceiveHandles(url), testing::IsEmpty());

  clock_->Advance(absl::Seconds(10));
  const std::vector<HandleText> last = ReceiveHandles(url);
  ASSERT_TRUE(engine_.Call(DeleteMessageRequest{url, last.at(0)}, caller_).ok());
  engine_.Undeliver(last);
  engine_.Undeliver({"nonsense", "", std::string(44, 'A')});
  EXPECT_THAT(ReceiveHandles(url), testing::IsEmpty());
}

TEST_F(UndeliveredTest, ReplayEndsInTheSameState) {
  const std::string url = Create("jobs");
  Send(url, "a");
  Send(url, "b");
  engine_.Undeliver(ReceiveHandles(url, 1));
  ReceiveHandles(url, 1);
  Engine replayed(On(std::make_shared<ManualClock>(clock_->Now())));
  replayed.Replay(engine_.HistorySince(0));
  EXPECT_EQ(replayed.Dump(), engine_.Dump());
}

}  // namespace
}  // namespace sqs
