// A failure at every write and every sync of a run; after each: what was acknowledged is there, nothing comes back.
#include <map>
#include <set>

#include "durable_fixture.h"
#include "faulty_vfs.h"

namespace sqs {
namespace {

using Fault = FaultyVfs::Fault;

// What a client was told.
struct Told {
  std::set<std::string> sent;      // Message ids.
  std::set<std::string> deleted;   // Of these it was told that they are gone.
  std::set<std::string> deleting;  // Of these it does not know.
  std::map<std::string, uint32_t> receives;
};

class FaultTest : public DurableFixture {
 protected:
  FaultTest() : vfs_(FaultyVfs::Install()) {}
  ~FaultTest() override { vfs_.Uninstall(); }

  // Sends, receives and deletes on one queue until a call fails or all is done. True if all was done.
  virtual bool Work(Engine& engine, Told* told) {
    const auto created = engine.Call(CreateQueueRequest{"q", {}, {}}, caller_);
    if (!created.ok()) return false;
    const std::string url = created->queue_url;
    for (int i = 0; i < 12; ++i) {
      MessageToSend message{.message_body = std::string(300 + 500 * i, 'a' + i)};
      const auto sent = engine.Call(SendMessageRequest{url, message}, caller_);
      if (!sent.ok()) return false;
      told->sent.emplace(sent->sent.message_id);
      if (i % 3 != 2) continue;
      ReceiveMessageRequest request;
      request.queue_url = url;
      request.max_number_of_messages = 2;
      const auto received = engine.Call(request, caller_);
      if (!received.ok()) return false;
      for (const auto& got : received->messages) ++told->receives[std::string(got.message_id)];
      const ReceivedMessage& first = received->messages.at(0);
      told->deleting.emplace(first.message_id);
      if (!engine.Call(DeleteMessageRequest{url, first.receipt_handle}, caller_).ok()) return false;
      told->deleting.erase(std::string(first.message_id));
      told->deleted.emplace(first.message_id);
    }
    return true;
  }

  // What is loaded from `path` against what the client was told.
  void Audit(const std::string& path, const Told& told, const std::string& where) {
    vfs_.Arm(Fault::kError, 0);
    auto engine = TryOpen(path, t0);
    ASSERT_TRUE(engine.ok()) << where << ": " << engine.status();
    std::map<std::string, uint32_t> there;
    (*engine)->Look([&there](const Accounts& accounts, absl::Time) {
      for (const Queue* queue : accounts.queues()) {
        queue->ForEachMessage(
            [&there](const Message& message) { there[message.payload->id().ToString()] = message.receive_count; });
      }
    });
    for (const std::string& id : told.sent) {
      if (told.deleted.count(id) > 0) {
        EXPECT_EQ(there.count(id), 0u) << where << ": a deleted message came back";
      } else if (told.deleting.count(id) == 0) {
        ASSERT_EQ(there.count(id), 1u) << where << ": an acknowledged message is lost";
        const auto receives = told.receives.find(id);
        EXPECT_GE(there[id], receives == told.receives.end() ? 0 : receives->second) << where;
      }
    }
    EXPECT_LE(there.size(), told.sent.size() + at_once_) << where;  // Those whose answer failed, at most.
  }

  std::unique_ptr<Engine> Fresh() {
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + "-wal");
    std::filesystem::remove(path_ + "-shm");
    auto engine = TryOpen(path_, t0, Durability::kCommit);
    EXPECT_TRUE(engine.ok()) << engine.status();
    return *std::move(engine);
  }

  // How many writes and syncs the whole run has, closing included.
  int64_t CallsOfARun() {
    auto engine = Fresh();
    vfs_.Arm(Fault::kError, 0);
    Told told;
    EXPECT_TRUE(Work(*engine, &told));
    EXPECT_TRUE(engine->Close().ok());
    return vfs_.calls();
  }

  // Runs once for each call of a run, with `fault` there.
  void StrikeEverywhere(Fault fault) {
    const int64_t calls = CallsOfARun();
    ASSERT_GT(calls, 50);
    not_struck_ = 0;
    for (int64_t at = 1; at <= calls; ++at) {
      const std::string where = absl::StrCat("fault ", static_cast<int>(fault), " at call ", at, " of ", calls);
      auto engine = Fresh();
      vfs_.Arm(fault, at);
      Told told;
      const bool done = Work(*engine, &told);
      if (!done) {
        // Refused, and refused for good.
        EXPECT_FALSE(engine->Call(ListQueuesRequest{}, caller_).ok()) << where;
      }
      const std::string copy = (folder_ / "after.db").string();
      for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(copy + suffix);
      if (fault == Fault::kPowerLoss || fault == Fault::kTornPage) {
        engine->Close().IgnoreError();
        vfs_.WritePowerLossImage(path_, copy);
      } else {
        // The process ends; or closes as well as it can.
        if (at % 2 == 0) engine->Close().IgnoreError();
        std::filesystem::copy_file(path_, copy);
        if (std::filesystem::exists(path_ + "-wal")) std::filesystem::copy_file(path_ + "-wal", copy + "-wal");
        engine->Close().IgnoreError();
      }
      not_struck_ += vfs_.struck() ? 0 : 1;
      engine = nullptr;
      Audit(copy, told, where);
      if (HasFatalFailure()) return;
    }
    EXPECT_LE(not_struck_, calls * not_struck_share_);
  }

  FaultyVfs& vfs_;
  size_t at_once_ = 1;           // Calls.
  double not_struck_share_ = 0;  // How many runs may have fewer writes than the one that was counted.
  int64_t not_struck_ = 0;
};

TEST_F(FaultTest, AFailedWriteOrSync) { StrikeEverywhere(Fault::kError); }

TEST_F(FaultTest, AShortWrite) { StrikeEverywhere(Fault::kShort); }

TEST_F(FaultTest, PowerLossAndWhatWasNotSyncedIsGone) { StrikeEverywhere(Fault::kPowerLoss); }

TEST_F(FaultTest, PowerLossInTheMiddleOfAPage) { StrikeEverywhere(Fault::kTornPage); }

// Twelve calls to a commit, which goes to the journal first. When it is folded depends on the pauses between commits,
// so runs differ in a few writes.
class CrowdFaultTest : public FaultTest {
 protected:
  CrowdFaultTest() {
    at_once_ = 12;
    not_struck_share_ = 0.2;
  }

  bool Work(Engine& engine, Told* told) override {
    if (!engine.Call(CreateQueueRequest{"q", {}, {}}, caller_).ok()) return false;
    ReceiveMessageRequest receive;
    receive.queue_url = "q";
    for (int round = 0; round < 6; ++round) {
      const MessageToSend message{.message_body = std::string(100 + 50 * round, 'a' + round)};
      const auto sent = CallAll(engine, std::vector(12, SendMessageRequest{"q", message}));
      if (sent.empty()) return false;
      for (const auto& one : sent) told->sent.emplace(one.sent.message_id);
      const auto received = CallAll(engine, std::vector(12, receive));
      if (received.empty()) return false;
      std::vector<DeleteMessageRequest> deletes;
      for (const auto& one : received) {
        const ReceivedMessage& got = one.messages.at(0);
        ++told->receives[std::string(got.message_id)];
        if (round % 2 == 1) continue;
        told->deleting.emplace(got.message_id);
        deletes.push_back({"q", got.receipt_handle});
      }
      if (deletes.empty()) continue;
      if (CallAll(engine, deletes).empty()) return false;
      told->deleted.merge(told->deleting);
      told->deleting.clear();
    }
    return true;
  }
};

TEST_F(CrowdFaultTest, AFailedWriteOrSync) { StrikeEverywhere(Fault::kError); }

TEST_F(CrowdFaultTest, AShortWrite) { StrikeEverywhere(Fault::kShort); }

TEST_F(CrowdFaultTest, PowerLossAndWhatWasNotSyncedIsGone) { StrikeEverywhere(Fault::kPowerLoss); }

TEST_F(CrowdFaultTest, PowerLossInTheMiddleOfAPage) { StrikeEverywhere(Fault::kTornPage); }

TEST_F(CrowdFaultTest, AFullDiskKeepsWhatWasAnswered) {
  for (int64_t at = 1; at < 60; at += 3) {
    auto engine = Fresh();
    vfs_.Arm(Fault::kFull, at);
    Told told;
    const bool done = Work(*engine, &told);
    vfs_.MakeRoom();
    ASSERT_TRUE(engine->Call(CreateQueueRequest{"later", {}, {}}, caller_).ok()) << done;
    const std::string before = engine->Dump();
    ASSERT_TRUE(engine->Close().ok());
    Audit(path_, told, absl::StrCat("full at call ", at));
    engine = Open(t0);
    EXPECT_EQ(engine->Dump(), before);
  }
}

TEST_F(FaultTest, AFullDiskIsRefusedAndEverythingGoesOnOnceThereIsRoom) {
  for (int64_t at : {1, 2, 5, 9, 20}) {
    auto engine = Fresh();
    const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, caller_)->queue_url;
    vfs_.Arm(Fault::kFull, at);
    std::set<std::string> sent;
    absl::Status refused;
    for (int i = 0; refused.ok() && i < 30; ++i) {
      const auto answer = engine->Call(SendMessageRequest{url, {.message_body = std::string(3000, 'x')}}, caller_);
      refused = answer.status();
      if (answer.ok()) sent.emplace(answer->sent.message_id);
    }
    ASSERT_EQ(InfoOf(refused).code, ErrorCode::kInternalFailure) << at;
    // Still no room: nothing is applied any more.
    const uint64_t effects = engine->effect_count();
    EXPECT_FALSE(engine->Call(SendMessageRequest{url, {.message_body = "y"}}, caller_).ok());
    EXPECT_FALSE(engine->Call(ListQueuesRequest{}, caller_).ok());
    EXPECT_EQ(engine->effect_count(), effects);

    vfs_.MakeRoom();
    const auto answer = engine->Call(SendMessageRequest{url, {.message_body = "z"}}, caller_);
    ASSERT_TRUE(answer.ok()) << answer.status();
    sent.emplace(answer->sent.message_id);
    const std::string before = engine->Dump();
    for (const std::string& id : sent) EXPECT_NE(before.find(id), std::string::npos);
    ASSERT_TRUE(engine->Close().ok());
    engine = Open(t0);
    EXPECT_EQ(engine->Dump(), before);
  }
}

TEST_F(FaultTest, WaitingReceivesEndWithTheStore) {
  auto engine = Fresh();
  const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, caller_)->queue_url;
  ReceiveMessageRequest request;
  request.queue_url = url;
  request.wait_time_seconds = 20;
  Notification ended;
  absl::StatusOr<ReceiveMessageResult> result;
  engine->ReceiveAsync(request, caller_, [&](absl::StatusOr<ReceiveMessageResult> answer) {
    result = std::move(answer);
    ended.Notify();
  });
  vfs_.Arm(Fault::kError, 1);
  EXPECT_FALSE(engine->Call(SendMessageRequest{url, {.message_body = "x"}}, caller_).ok());
  while (!ended.WaitFor(absl::Seconds(10))) {
  }
  EXPECT_EQ(InfoOf(result.status()).code, ErrorCode::kInternalFailure);
}

}  // namespace
}  // namespace sqs
