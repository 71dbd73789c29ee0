#include "account/throttle.h"

#include <vector>

#include "gtest/gtest.h"

namespace sqs {
namespace {

constexpr Operation kSend = Operation::kSendMessageBatch;

TEST(FifoThrottle, KnowsTheQuotasOfRegions) {
  EXPECT_EQ(HighThroughputCallsPerSecond("us-east-1"), 70000);
  EXPECT_EQ(HighThroughputCallsPerSecond("eu-central-1"), 19000);
  EXPECT_EQ(HighThroughputCallsPerSecond("ap-south-1"), 9000);
  EXPECT_EQ(HighThroughputCallsPerSecond("sa-east-1"), 4500);
  EXPECT_EQ(HighThroughputCallsPerSecond("af-south-1"), 2400);
}

TEST(FifoThrottle, TakesNothingWhereOneBucketHasNotEnough) {
  FifoThrottle throttle;
  const absl::Time now = absl::UnixEpoch();
  const FifoThrottle::Draw queue{"", 5, 1};
  const FifoThrottle::Draw group{"g", 2, 1};
  EXPECT_TRUE(throttle.Admit(kSend, {queue, group}, now));
  EXPECT_TRUE(throttle.Admit(kSend, {queue, group}, now));
  EXPECT_FALSE(throttle.Admit(kSend, {queue, group}, now));
  // The queue's bucket still has three of its five.
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(throttle.Admit(kSend, {queue}, now)) << i;
  EXPECT_FALSE(throttle.Admit(kSend, {queue}, now));
}

TEST(FifoThrottle, FillsWithTimeAndNotBeyondASecond) {
  FifoThrottle throttle;
  const FifoThrottle::Draw draw{"", 10, 1};
  const auto admitted = [&](absl::Time now) {
    int count = 0;
    while (throttle.Admit(kSend, {draw}, now)) ++count;
    return count;
  };
  EXPECT_EQ(admitted(absl::UnixEpoch()), 10);
  EXPECT_EQ(admitted(absl::UnixEpoch() + absl::Milliseconds(500)), 5);
  EXPECT_EQ(admitted(absl::UnixEpoch() + absl::Hours(1)), 10);
}

TEST(FifoThrottle, CountsMessagesTenTimesAsManyAsCalls) {
  FifoThrottle throttle;
  const absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(throttle.Admit(kSend, {{"", 3, 10}}, now));
  EXPECT_TRUE(throttle.Admit(kSend, {{"", 3, 9}}, now));
  EXPECT_FALSE(throttle.Admit(kSend, {{"", 3, 1}}, now));                     // A message is left, a call is not.
  EXPECT_TRUE(throttle.Admit(Operation::kDeleteMessage, {{"", 3, 1}}, now));  // Each action has its own.
}

}  // namespace
}  // namespace sqs
