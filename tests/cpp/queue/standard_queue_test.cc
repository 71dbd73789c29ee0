#include "queue_fixture.h"

namespace sqs {
namespace {

class StandardQueueTest : public QueueFixture {
 protected:
  StandardQueueTest() { Make({}); }
};

// A received message is hidden for exactly the visibility timeout: the last instant before its end and the end itself.
TEST_F(StandardQueueTest, ReceivedMessageIsHiddenUntilVisibilityTimeoutEnds) {
  Send("a", t0);
  EXPECT_EQ(Bodies(1, t0), "a");
  EXPECT_EQ(Counts(), "0/1/0");
  EXPECT_EQ(Bodies(1, t0 + absl::Seconds(30) - absl::Nanoseconds(1)), "");
  EXPECT_EQ(Bodies(1, t0 + absl::Seconds(30)), "a");
}

TEST_F(StandardQueueTest, MessagesComeInOrderOfArrival) {
  for (const char* body : {"a", "b", "c"}) Send(body, t0);
  EXPECT_EQ(Bodies(2, t0), "a b");
  EXPECT_EQ(Bodies(2, t0), "c");
}

TEST_F(StandardQueueTest, AReturnedMessageKeepsItsPlace) {
  const MessagePlace a = Send("a", t0);
  Send("b", t0);
  Send("c", t0);
  EXPECT_EQ(Bodies(2, t0), "a b");
  ChangeVisibility(a, absl::ZeroDuration(), t0);
  EXPECT_EQ(Bodies(10, t0), "a c");
}

TEST_F(StandardQueueTest, ADelayedMessageTakesThePlaceOfItsSend) {
  Send("late", t0, "", absl::Seconds(10));
  Send("b", t0);
  EXPECT_EQ(Counts(), "1/0/1");
  EXPECT_EQ(Bodies(1, t0 + absl::Seconds(9)), "b");
  EXPECT_EQ(Bodies(1, t0 + absl::Seconds(10)), "late");
}

TEST_F(StandardQueueTest, ZeroTimeoutDeliversAndStaysVisible) {
  Send("a", t0);
  Send("b", t0);
  EXPECT_EQ(Bodies(10, t0, absl::ZeroDuration()), "a b");
  EXPECT_EQ(Counts(), "2/0/0");
  EXPECT_EQ(queue_->Find({0, 0})->receive_count, 1u);
}

TEST_F(StandardQueueTest, HandlesTellLatestOlderGoneAndGarbage) {
  const MessagePlace a = Send("a", t0);
  const std::string first = Receive(1, t0, absl::ZeroDuration())[0].handle;
  const std::string second = Receive(1, t0)[0].handle;
  EXPECT_NE(first, second);
  EXPECT_EQ(queue_->Resolve(first).state, ResolvedHandle::kOlder);
  EXPECT_EQ(queue_->Resolve(second).state, ResolvedHandle::kLatest);
  EXPECT_TRUE(queue_->Resolve(second).in_flight);
  Pass(t0 + absl::Seconds(30));
  EXPECT_EQ(queue_->Resolve(second).state, ResolvedHandle::kLatest);
  EXPECT_FALSE(queue_->Resolve(second).in_flight);
  queue_->Remove(a);
  EXPECT_EQ(queue_->Resolve(second).state, ResolvedHandle::kGone);
  Send("b", t0);  // Takes the slot of the message that is gone.
  EXPECT_EQ(queue_->Resolve(second).state, ResolvedHandle::kGone);

  std::string forged = second;
  forged[10] = forged[10] == 'A' ? 'B' : 'A';
  for (const std::string& garbage :
       {forged, std::string("garbage"), std::string(), std::string(44, '='), second + "A", std::string(2000, 'A')}) {
    EXPECT_EQ(queue_->Resolve(garbage).state, ResolvedHandle::kGarbage) << garbage;
  }
}

TEST_F(StandardQueueTest, MessageExpiresAtTheEndOfRetentionInAnyState) {
  QueueConfig config;
  config.message_retention_period = 60;
  Make(config);
  Send("waiting", t0);
  Send("in flight", t0);
  Send("delayed", t0, "", absl::Seconds(900));
  Receive(1, t0, absl::Hours(1));
  EXPECT_TRUE(Pass(t0 + absl::Seconds(60) - absl::Nanoseconds(1)).empty());
  EXPECT_EQ(Pass(t0 + absl::Seconds(60)).size(), 3u);
  EXPECT_EQ(Counts(), "0/0/0");
}

TEST_F(StandardQueueTest, NextEventIsTheEarliestTimer) {
  EXPECT_EQ(queue_->NextEventAt(), absl::InfiniteFuture());
  const MessagePlace a = Send("a", t0, "", absl::Seconds(5));
  EXPECT_EQ(queue_->NextEventAt(), t0 + absl::Seconds(5));
  EXPECT_LE(queue_->NextEventBound(), t0 + absl::Seconds(5));
  Pass(t0 + absl::Seconds(5));
  EXPECT_EQ(queue_->NextEventAt(), t0 + absl::Seconds(345600));
  queue_->Remove(a);
  EXPECT_EQ(queue_->NextEventAt(), absl::InfiniteFuture());
}

// More distinct timeouts than there are timer lists, shrinking, so that every list's side tree is used.
TEST_F(StandardQueueTest, ManyDistinctTimeoutsEndEachAtItsInstant) {
  constexpr int kMessages = 100;
  for (int i = 0; i < kMessages; ++i) Send(absl::StrCat(i), t0);
  for (int i = 0; i < kMessages; ++i) ASSERT_EQ(Receive(1, t0, absl::Seconds(1000 - i)).size(), 1u);
  for (int second = 1000 - kMessages + 1; second <= 1000; ++second) {
    Pass(t0 + absl::Seconds(second) - absl::Nanoseconds(1));
    const int64_t before = queue_->visible_count();
    Pass(t0 + absl::Seconds(second));
    EXPECT_EQ(queue_->visible_count(), before + 1) << second;
  }
}

TEST_F(StandardQueueTest, SpentMessagesAreDeadNotDelivered) {
  Send("a", t0);
  Send("b", t0);
  Receive(1, t0, absl::ZeroDuration());
  Selection selection;
  queue_->Select({.max_messages = 10, .max_receive_count = 1, .now = t0}, &selection);
  ASSERT_EQ(selection.dead.size(), 1u);
  ASSERT_EQ(selection.deliver.size(), 1u);
  EXPECT_EQ(queue_->Find(queue_->PlaceOf(selection.dead[0]))->payload->body(), "a");
}

TEST_F(StandardQueueTest, PurgeRemovesEverythingAndKeepsHandlesRecognisable) {
  Send("a", t0);
  Send("b", t0, "", absl::Seconds(5));
  const std::string handle = Receive(1, t0)[0].handle;
  queue_->Apply(QueuePurged{}, t0);
  EXPECT_EQ(Counts(), "0/0/0");
  EXPECT_EQ(queue_->NextEventAt(), absl::InfiniteFuture());
  EXPECT_EQ(queue_->Resolve(handle).state, ResolvedHandle::kGone);
  Send("c", t0);
  EXPECT_EQ(queue_->Resolve(handle).state, ResolvedHandle::kGone);
  EXPECT_EQ(Bodies(10, t0), "c");
}

// --- Fair queues (6.9) ----------------------------------------------------------------------------------------------

TEST_F(StandardQueueTest, QuietTenantsComeBeforeANoisyOne) {
  for (int i = 0; i < 40; ++i) Send("noisy", t0, "n");
  Send("quiet", t0, "q");
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Receive(10, t0).size(), 10u);  // 30 in flight, all of one tenant.
  EXPECT_EQ(Bodies(2, t0), "quiet noisy");
}

TEST_F(StandardQueueTest, ThirtyInFlightMakeATenantNoisyAndTwentyNineDoNot) {
  for (int i = 0; i < 40; ++i) Send("n", t0, "n");
  Send("quiet", t0, "q");
  Receive(10, t0);
  Receive(10, t0);
  Receive(9, t0);
  EXPECT_EQ(Bodies(1, t0), "n");
  EXPECT_EQ(Bodies(1, t0), "quiet");
}

TEST_F(StandardQueueTest, WithNoisyTenantsOnlyTheOneWithFewestInFlightComesFirst) {
  for (int i = 0; i < 31; ++i) Send("a", t0, "a");
  for (int i = 0; i < 40; ++i) Send("b", t0, "b");
  std::vector<Delivery> in_flight;
  for (int i = 0; i < 7; ++i) Receive(10, t0);  // 70 in flight: 31 of a, 39 of b.
  for (int i = 0; i < 2; ++i) Send("a", t0, "a");
  EXPECT_EQ(Bodies(3, t0), "a a b");
}

TEST_F(StandardQueueTest, ATenantThatSentNothingForFiveMinutesIsQuietAgain) {
  for (int i = 0; i < 31; ++i) Send("n", t0, "n");
  for (int i = 0; i < 3; ++i) Receive(10, t0, absl::Hours(1));
  const absl::Time later = t0 + absl::Minutes(5);
  Send("q", later - absl::Nanoseconds(1), "q");
  EXPECT_EQ(Bodies(1, later - absl::Nanoseconds(1), absl::ZeroDuration()), "q");
  EXPECT_EQ(Bodies(1, later, absl::ZeroDuration()), "n");
}

TEST_F(StandardQueueTest, MessagesWithoutAGroupAreNeverNoisy) {
  for (int i = 0; i < 50; ++i) Send("plain", t0);
  for (int i = 0; i < 4; ++i) Receive(10, t0);
  Send("q", t0, "q");
  EXPECT_EQ(Bodies(1, t0), "plain");
}

}  // namespace
}  // namespace sqs
