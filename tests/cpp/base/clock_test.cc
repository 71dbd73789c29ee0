#include "base/clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sqs {
namespace {

const absl::Time t0 = absl::FromUnixSeconds(1767225600);

// Has events at given instants and notes when it is told of each.
class Diary : public ClockListener {
 public:
  Diary(ManualClock& clock, std::vector<absl::Time> events) : clock_(clock), events_(std::move(events)) {
    clock_.Attach(this);
  }
  ~Diary() override { clock_.Detach(this); }

  absl::Time NextEventAt() override { return events_.empty() ? absl::InfiniteFuture() : events_.front(); }
  void OnTimePassed() override {
    while (!events_.empty() && events_.front() <= clock_.Now()) {
      seen.emplace_back(events_.front(), clock_.Now());
      events_.erase(events_.begin());
    }
  }
  std::vector<std::pair<absl::Time, absl::Time>> seen;

 private:
  ManualClock& clock_;
  std::vector<absl::Time> events_;
};

TEST(ManualClockTest, MoveStopsAtEachEventOnTheWay) {
  ManualClock clock(t0);
  Diary diary(clock, {t0 + absl::Seconds(1), t0 + absl::Seconds(2), t0 + absl::Seconds(9)});
  clock.MoveTo(t0 + absl::Seconds(5));
  EXPECT_EQ(clock.Now(), t0 + absl::Seconds(5));
  ASSERT_EQ(diary.seen.size(), 2u);
  for (const auto& [due, told] : diary.seen) EXPECT_EQ(due, told);
}

TEST(ManualClockTest, TimeDoesNotGoBack) {
  ManualClock clock(t0);
  clock.MoveTo(t0 - absl::Seconds(5));
  EXPECT_EQ(clock.Now(), t0);
}

TEST(ManualClockTest, AWaitMovesAnAutoAdvancingClock) {
  ManualClock clock(t0);
  Notification notification;
  EXPECT_TRUE(clock.WaitUntil(notification, t0 + absl::Seconds(20)));
  EXPECT_EQ(clock.Now(), t0 + absl::Seconds(20));
}

TEST(ManualClockTest, AWaitLeavesAClockWithoutAutoAdvanceAlone) {
  ManualClock clock(t0, /*auto_advance=*/false);
  Notification notification;
  notification.Notify();
  EXPECT_TRUE(clock.WaitUntil(notification, t0 + absl::Seconds(20)));
  EXPECT_EQ(clock.Now(), t0);
}

TEST(ManualClockTest, WaitsMoveItAsFarAsTheirLimitAndAMoveByHandStartsAnew) {
  ManualClock clock(t0);
  Notification notification;
  clock.LimitWaits(2 * (absl::Seconds(1) + ManualClock::kWaitCost));
  for (int i = 1; i <= 2; ++i) {
    EXPECT_FALSE(clock.wait_limit_reached());
    ASSERT_TRUE(clock.BeginWait());
    clock.WaitUntil(notification, t0 + absl::Seconds(i));
  }
  EXPECT_TRUE(clock.wait_limit_reached());
  EXPECT_FALSE(clock.BeginWait());
  EXPECT_FALSE(clock.Sleep(absl::Seconds(1)));
  EXPECT_EQ(clock.Now(), t0 + absl::Seconds(2));

  clock.Advance(absl::Seconds(1));
  EXPECT_TRUE(clock.BeginWait());
  EXPECT_TRUE(clock.Sleep(absl::Seconds(1)));
  EXPECT_EQ(clock.Now(), t0 + absl::Seconds(4));
}

// Its waits take real time and so end no test by themselves; a sleep moves it all the same.
TEST(ManualClockTest, WithoutAutoAdvanceOnlySleepsAreLimited) {
  ManualClock clock(t0, /*auto_advance=*/false);
  clock.LimitWaits(ManualClock::kWaitCost);
  EXPECT_TRUE(clock.Sleep(absl::ZeroDuration()));
  EXPECT_FALSE(clock.Sleep(absl::ZeroDuration()));
  EXPECT_TRUE(clock.BeginWait());
}

TEST(ManualClockTest, ADetachedListenerIsNotTold) {
  ManualClock clock(t0);
  {
    Diary diary(clock, {t0 + absl::Seconds(1)});
  }
  clock.Advance(absl::Seconds(2));
  EXPECT_EQ(clock.Now(), t0 + absl::Seconds(2));
}

}  // namespace
}  // namespace sqs
