#include "queue_fixture.h"

namespace sqs {
namespace {

class FifoQueueTest : public QueueFixture {
 protected:
  FifoQueueTest() { Make(Fifo()); }

  static QueueConfig Fifo() {
    QueueConfig config;
    config.fifo = true;
    return config;
  }
};

TEST_F(FifoQueueTest, SequenceNumbersHaveTwentyDigitsAndGrow) {
  EXPECT_EQ(Queue::SequenceNumberText(0), "18800000000000000000");
  EXPECT_EQ(Queue::SequenceNumberText(41), "18800000000000000041");
}

// The recordings of 7.4, one test each.
TEST_F(FifoQueueTest, OneReceiveFillsUpFromAGroupThenTheNext) {
  Send("g1a", t0, "g1");
  Send("g2a", t0, "g2");
  Send("g1b", t0, "g1");
  Send("g1c", t0, "g1");
  EXPECT_EQ(Bodies(10, t0), "g1a g1b g1c g2a");
}

TEST_F(FifoQueueTest, AGroupWithItsHeadInFlightGivesNothing) {
  Send("a", t0, "g");
  Send("b", t0, "g");
  EXPECT_EQ(Bodies(1, t0), "a");
  EXPECT_EQ(Bodies(10, t0), "");
  Send("c", t0, "g");  // A new send never unlocks a group.
  EXPECT_EQ(Bodies(10, t0), "");
}

TEST_F(FifoQueueTest, OnlyTheLeadingVisibleRunIsDelivered) {
  const MessagePlace a = Send("a", t0, "g");
  Send("b", t0, "g");
  Send("c", t0, "g");
  EXPECT_EQ(Bodies(2, t0), "a b");
  ChangeVisibility(a, absl::ZeroDuration(), t0);
  EXPECT_EQ(Bodies(10, t0), "a");
}

TEST_F(FifoQueueTest, AnExtendedMessageHidesAllAfterIt) {
  Send("a", t0, "g");
  const MessagePlace b = Send("b", t0, "g");
  Send("c", t0, "g");
  EXPECT_EQ(Bodies(3, t0), "a b c");
  ChangeVisibility(b, absl::Seconds(300), t0);
  EXPECT_EQ(Bodies(10, t0 + absl::Seconds(30)), "a");
}

TEST_F(FifoQueueTest, DeletingTheHeadWhileTheSecondIsInFlightUnlocksNothing) {
  const MessagePlace a = Send("a", t0, "g");
  const MessagePlace b = Send("b", t0, "g");
  Send("c", t0, "g");
  EXPECT_EQ(Bodies(2, t0), "a b");
  queue_->Remove(a);
  EXPECT_EQ(Bodies(10, t0), "");
  queue_->Remove(b);
  EXPECT_EQ(Bodies(10, t0), "c");
}

TEST_F(FifoQueueTest, AGroupReceivedFromGoesToTheBackWhenItUnlocks) {
  Send("g1", t0, "g1");
  Send("g2", t0, "g2");
  EXPECT_EQ(Bodies(1, t0), "g1");
  EXPECT_EQ(Bodies(1, t0 + absl::Seconds(1)), "g2");
  Send("g3", t0 + absl::Seconds(2), "g3");
  EXPECT_EQ(Bodies(10, t0 + absl::Seconds(40)), "g3 g1 g2");
}

TEST_F(FifoQueueTest, ZeroTimeoutKeepsOrderAndSendsTheGroupToTheBack) {
  Send("a1", t0, "a");
  Send("a2", t0, "a");
  Send("b1", t0, "b");
  EXPECT_EQ(Bodies(2, t0, absl::ZeroDuration()), "a1 a2");
  EXPECT_EQ(Bodies(10, t0, absl::ZeroDuration()), "b1 a1 a2");
}

TEST_F(FifoQueueTest, AGroupWhoseVisibleHeadLeavesKeepsItsTurn) {
  const MessagePlace head = Send("g1a", t0, "g1");
  Send("g1b", t0, "g1");
  Send("g2a", t0, "g2");
  queue_->Remove(head);  // Expired, moved, or taken by a move task.
  EXPECT_EQ(Bodies(10, t0), "g1b g2a");
}

TEST_F(FifoQueueTest, TheOldestDeliverableMessageNeedNotBeNextInTurn) {
  const MessagePlace g1 = Send("g1a", t0, "g1");
  Send("g2a", t0, "g2");
  Receive(1, t0, absl::ZeroDuration());  // The turns are now g2, g1.
  EXPECT_EQ(queue_->OldestDeliverable(), g1);
  EXPECT_EQ(Bodies(10, t0), "g2a g1a");
}

TEST_F(FifoQueueTest, LockedMessagesCountAsVisible) {
  for (const char* group : {"a", "b", "c"}) {
    Send("1", t0, group);
    Send("2", t0, group);
  }
  EXPECT_EQ(Bodies(2, t0), "1 2");
  EXPECT_EQ(Counts(), "4/2/0");
}

TEST_F(FifoQueueTest, AChangedDelayAppliesToMessagesPresent) {
  Send("a", t0, "g");
  QueueConfig config = Fifo();
  config.delay_seconds = 10;
  queue_->Apply(QueueConfigured{std::make_shared<const QueueConfig>(config)}, t0 + absl::Seconds(3));
  EXPECT_EQ(Counts(), "0/0/1");
  EXPECT_EQ(Bodies(1, t0 + absl::Seconds(9)), "");
  EXPECT_EQ(Bodies(1, t0 + absl::Seconds(10)), "a");
}

TEST_F(FifoQueueTest, AChangedDelayThatHidesNothingKeepsTheTurns) {
  const MessagePlace head = Send("a1", t0, "a");
  Send("a2", t0, "a");
  Send("b1", t0, "b");
  Receive(1, t0, absl::Seconds(1));
  queue_->Remove(head);
  Send("c1", t0, "c");
  QueueConfig config = Fifo();
  config.delay_seconds = 1;
  queue_->Apply(QueueConfigured{std::make_shared<const QueueConfig>(config)}, t0 + absl::Seconds(5));
  EXPECT_EQ(Bodies(10, t0 + absl::Seconds(5)), "b1 a2 c1");
}

TEST_F(FifoQueueTest, DeduplicationLastsFiveMinutesFromTheFirstSend) {
  Send("a", t0, "g");
  EXPECT_NE(queue_->FindDuplicate("g", "a-0", t0 + absl::Minutes(5) - absl::Nanoseconds(1)), nullptr);
  EXPECT_EQ(queue_->FindDuplicate("g", "a-0", t0 + absl::Minutes(5)), nullptr);
  EXPECT_NE(queue_->FindDuplicate("other group", "a-0", t0), nullptr);
}

TEST_F(FifoQueueTest, DeduplicationByMessageGroupKeepsGroupsApart) {
  QueueConfig config = Fifo();
  config.deduplication_scope = DeduplicationScope::kMessageGroup;
  Make(config);
  Send("a", t0, "g");
  EXPECT_NE(queue_->FindDuplicate("g", "a-0", t0), nullptr);
  EXPECT_EQ(queue_->FindDuplicate("h", "a-0", t0), nullptr);
}

TEST_F(FifoQueueTest, DeduplicationOutlivesTheMessageButNotAPurge) {
  queue_->Remove(Send("a", t0, "g"));
  EXPECT_NE(queue_->FindDuplicate("g", "a-0", t0), nullptr);
  queue_->Apply(QueuePurged{}, t0);
  EXPECT_EQ(queue_->FindDuplicate("g", "a-0", t0), nullptr);
}

TEST_F(FifoQueueTest, AttemptsAreRememberedForFiveMinutesFromTheFirst) {
  const MessagePlace a = Send("a", t0, "g");
  Receive(1, t0);
  queue_->Apply(ReceiveAttempted{"try", {a}}, t0);
  queue_->Apply(ReceiveAttempted{"try", {a}}, t0 + absl::Minutes(4));
  EXPECT_NE(queue_->FindAttempt("try", t0 + absl::Minutes(5) - absl::Nanoseconds(1)), nullptr);
  EXPECT_EQ(queue_->FindAttempt("try", t0 + absl::Minutes(5)), nullptr);
}

}  // namespace
}  // namespace sqs
