// What is loaded is what was there: the state of a loaded engine equals that of the one that wrote the file.
#include <regex>

#include "durable_fixture.h"
#include "engine/random_calls.h"

namespace sqs {
namespace {

using RecoveryTest = DurableFixture;

// Message ids are drawn, and a restarted engine draws others.
std::string WithoutIds(const std::string& dump) {
  static const std::regex id("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  return std::regex_replace(dump, id, "ID");
}

TEST_F(RecoveryTest, ALoadedEngineEqualsTheOneThatWasClosed) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::filesystem::remove(path_);
    auto engine = Open(t0);
    RunRandomCalls(*engine, *clock_, seed);
    const std::string before = engine->Dump();
    const absl::Time now = clock_->Now();
    const uint64_t effects = engine->effect_count();
    ASSERT_TRUE(engine->Close().ok());
    engine = Open(now);
    ASSERT_EQ(engine->Dump(), before) << "seed " << seed;
    ASSERT_EQ(engine->effect_count(), effects);
    ASSERT_TRUE(engine->Close().ok());
  }
}

// Every call returns once it is committed, so what is on disk then is all of it.
TEST_F(RecoveryTest, AnEngineLoadedAfterACrashEqualsTheOneThatCrashed) {
  for (uint64_t seed = 101; seed <= 112; ++seed) {
    std::filesystem::remove(path_);
    auto engine = Open(t0);
    RunRandomCalls(*engine, *clock_, seed);
    const absl::Time now = clock_->Now();
    const std::string copy = Snapshot();
    const std::string before = engine->Dump();
    ASSERT_TRUE(engine->Close().ok());
    auto recovered = Open(copy, now);
    ASSERT_EQ(recovered->Dump(), before) << "seed " << seed;
  }
}

// The two go on in the same way: with the same calls they stay equal, but for what is drawn.
TEST_F(RecoveryTest, ARandomHistoryGoesOnAfterEachOfManyRestarts) {
  auto engine = Open(t0);
  for (uint64_t seed = 201; seed <= 215; ++seed) {
    RunRandomCalls(*engine, *clock_, seed);
    const std::string before = engine->Dump();
    const absl::Time now = clock_->Now();
    ASSERT_TRUE(engine->Close().ok());
    engine = Open(now);
    ASSERT_EQ(engine->Dump(), before) << "seed " << seed;
  }
}

// With the clock far ahead: the first look lets everything pass that would have passed meanwhile.
TEST_F(RecoveryTest, TimersThatPassedWhileDownHavePassed) {
  for (uint64_t seed = 301; seed <= 310; ++seed) {
    std::filesystem::remove(path_);
    auto engine = Open(t0);
    RunRandomCalls(*engine, *clock_, seed);
    const absl::Time now = clock_->Now();
    const std::string copy = Snapshot();
    clock_->Advance(absl::Minutes(30));
    const std::string later = engine->Dump();
    ASSERT_TRUE(engine->Close().ok());
    auto recovered = Open(copy, now);
    clock_->Advance(absl::Minutes(30));
    ASSERT_EQ(WithoutIds(recovered->Dump()), WithoutIds(later)) << "seed " << seed;
  }
}

TEST_F(RecoveryTest, HandlesOfBeforeStillWork) {
  auto engine = Open(t0);
  const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, caller_)->queue_url;
  ASSERT_TRUE(engine->Call(SendMessageRequest{url, {.message_body = "a"}}, caller_).ok());
  ReceiveMessageRequest request;
  request.queue_url = url;
  const auto received = engine->Call(request, caller_);
  ASSERT_EQ(received->messages.size(), 1u);
  engine->Close().IgnoreError();
  engine = Open(t0);
  EXPECT_TRUE(engine->Call(DeleteMessageRequest{url, received->messages[0].receipt_handle}, caller_).ok());
  clock_->Advance(absl::Minutes(1));
  EXPECT_TRUE(engine->Call(request, caller_)->messages.empty());
}

TEST_F(RecoveryTest, NoIdIsDrawnTwice) {
  std::vector<std::string> ids;
  for (int run = 0; run < 4; ++run) {
    auto engine = Open(t0);
    const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, caller_)->queue_url;
    for (int i = 0; i < 10; ++i) {
      ids.emplace_back(engine->Call(SendMessageRequest{url, {.message_body = "a"}}, caller_)->sent.message_id);
    }
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST_F(RecoveryTest, AManualClockGoesOnWhereTheFileWas) {
  auto engine = Open(t0);
  ASSERT_TRUE(engine->Call(CreateQueueRequest{"q", {}, {}}, caller_).ok());
  clock_->Advance(absl::Hours(3));
  engine->Close().IgnoreError();
  engine = Open(t0);
  EXPECT_EQ(clock_->Now(), t0 + absl::Hours(3));
}

TEST_F(RecoveryTest, StrictNamesStayTakenFor60Seconds) {
  auto engine = *TryOpen(path_, t0, Durability::kOs, /*strict=*/true);
  const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, caller_)->queue_url;
  ASSERT_TRUE(engine->Call(DeleteQueueRequest{url}, caller_).ok());
  engine->Close().IgnoreError();
  engine = *TryOpen(path_, t0, Durability::kOs, /*strict=*/true);
  EXPECT_EQ(InfoOf(engine->Call(CreateQueueRequest{"q", {}, {}}, caller_).status()).code,
            ErrorCode::kQueueDeletedRecently);
  clock_->Advance(absl::Seconds(60));
  EXPECT_TRUE(engine->Call(CreateQueueRequest{"q", {}, {}}, caller_).ok());
}

TEST_F(RecoveryTest, EveryAttributeOfAMessageComesBack) {
  auto engine = Open(t0);
  const std::string url = engine->Call(CreateQueueRequest{"q", {}, {{"b", "1"}, {"a", "2"}}}, caller_)->queue_url;
  MessageToSend message{.message_body = "h\xc3\xa4llo"};
  message.message_attributes = {{"text", {.string_value = "x", .data_type = "String"}},
                                {"bytes", {.binary_value = Blob{std::string("\0\xff", 2)}, .data_type = "Binary.png"}}};
  message.message_system_attributes = {{"AWSTraceHeader", {.string_value = "Root=1", .data_type = "String"}}};
  message.message_group_id = "tenant";
  const auto sent = engine->Call(SendMessageRequest{url, message}, caller_);
  ASSERT_TRUE(sent.ok()) << sent.status();
  engine->Close().IgnoreError();
  engine = Open(t0);
  ReceiveMessageRequest request;
  request.queue_url = url;
  request.message_attribute_names = {"All"};
  request.attribute_names = {"All"};
  const auto received = engine->Call(request, caller_);
  ASSERT_EQ(received->messages.size(), 1u);
  const ReceivedMessage& got = received->messages[0];
  EXPECT_EQ(got.body, message.message_body);
  EXPECT_EQ(got.message_attributes, message.message_attributes);
  EXPECT_EQ(got.md5_of_body, sent->sent.md5_of_message_body);
  EXPECT_EQ(got.md5_of_message_attributes, sent->sent.md5_of_message_attributes);
  const auto has = [&got](const std::string& name, const std::string& value) {
    return std::find(got.attributes.begin(), got.attributes.end(), std::pair(name, value)) != got.attributes.end();
  };
  EXPECT_TRUE(has("AWSTraceHeader", "Root=1"));
  EXPECT_TRUE(has("MessageGroupId", "tenant"));
  EXPECT_EQ(engine->Call(ListQueueTagsRequest{url}, caller_)->tags, (StringMap{{"b", "1"}, {"a", "2"}}));
}

TEST_F(RecoveryTest, AQueueThroughWhichMuchWentLeavesASmallFile) {
  auto engine = Open(t0);
  const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, caller_)->queue_url;
  SendMessageBatchRequest batch{.queue_url = url, .entries = std::vector<SendMessageBatchRequestEntry>()};
  for (int i = 0; i < 10; ++i) {
    batch.entries->push_back({absl::StrCat(i), {.message_body = std::string(1000, 'x')}});
  }
  ReceiveMessageRequest request;
  request.queue_url = url;
  request.max_number_of_messages = 10;
  for (int round = 0; round < 500; ++round) {
    ASSERT_TRUE(engine->Call(batch, caller_).ok());
    DeleteMessageBatchRequest deletes{.queue_url = url, .entries = std::vector<DeleteMessageBatchRequestEntry>()};
    const auto received = engine->Call(request, caller_);
    ASSERT_EQ(received->messages.size(), 10u);
    for (const auto& message : received->messages) {
      deletes.entries->push_back({absl::StrCat(deletes.entries->size()), message.receipt_handle});
    }
    ASSERT_TRUE(engine->Call(deletes, caller_).ok());
  }
  ASSERT_TRUE(engine->Close().ok());
  EXPECT_LT(std::filesystem::file_size(path_), 300000u);
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(RecoveryTest, ASecondEngineIsRefusedAndToldWhoHasTheFile) {
  auto engine = Open(t0);
  const auto second = TryOpen(path_, t0);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find(absl::StrCat("pid ", getpid())), absl::string_view::npos) << second.status();
  ASSERT_TRUE(engine->Call(CreateQueueRequest{"q", {}, {}}, caller_).ok());
  engine = nullptr;
  EXPECT_TRUE(TryOpen(path_, t0).ok());
}

TEST_F(RecoveryTest, CallsThatTakeTheirCommitAreOneBatchOnceItIsBegun) {
  auto engine = Open(t0);
  const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, caller_)->queue_url;
  CommitPointPtr first, second;
  ASSERT_TRUE(engine->Call(SendMessageRequest{url, {.message_body = "1"}}, caller_, &first).ok());
  ASSERT_TRUE(engine->Call(SendMessageRequest{url, {.message_body = "2"}}, caller_, &second).ok());
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first, second);
  EXPECT_FALSE(first->done());
  engine->BeginCommit();
  EXPECT_TRUE(first->Wait().ok());
  EXPECT_EQ(engine->UncommittedPoint(), nullptr);
}

TEST_F(RecoveryTest, WhoWaitsForACommitBeginsThatOfOthersToo) {
  auto engine = Open(t0);
  const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, caller_)->queue_url;
  CommitPointPtr taken;
  ASSERT_TRUE(engine->Call(SendMessageRequest{url, {.message_body = "1"}}, caller_, &taken).ok());
  // What it shows is the other's, which is not committed yet.
  EXPECT_EQ(engine->Call(ReceiveMessageRequest{.queue_url = url}, caller_)->messages.size(), 1u);
  ASSERT_NE(taken, nullptr);
  EXPECT_TRUE(taken->done());
}

TEST_F(RecoveryTest, ABackupIsAnEngineOfItsOwn) {
  auto engine = Open(t0);
  RunRandomCalls(*engine, *clock_, 401);
  const std::string before = engine->Dump();
  const absl::Time now = clock_->Now();
  const std::string copy = (folder_ / "backup.db").string();
  ASSERT_TRUE(engine->Backup(copy).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(engine->Backup(copy)));
  RunRandomCalls(*engine, *clock_, 402);
  auto restored = Open(copy, now);
  EXPECT_EQ(restored->Dump(), before);
}

TEST_F(RecoveryTest, AReplayedHistoryIsDurable) {
  Engine original({.clock = std::make_shared<ManualClock>(t0), .seed = 5, .history = {.effects_max = 1000000}});
  ManualClock& clock = static_cast<ManualClock&>(original.clock());
  RunRandomCalls(original, clock, 501);
  auto engine = Open(clock.Now());
  engine->Replay(original.HistorySince(0));
  EXPECT_EQ(engine->Dump(), original.Dump());
  ASSERT_TRUE(engine->Close().ok());
  engine = Open(clock.Now());
  EXPECT_EQ(engine->Dump(), original.Dump());
}

}  // namespace
}  // namespace sqs
