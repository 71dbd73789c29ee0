// A failure at every write and every sync, in every mode of durability: what a file holds afterwards is the state after
// some call of the run, and not an earlier one than the mode promises.
//
// When the process ends, every mode promises what was answered. When the power goes, "commit" promises the same,
// "interval" and "os" what was answered before the last sync of the log.
#include <algorithm>
#include <atomic>
#include <string>
#include <tuple>
#include <vector>

#include "durable_fixture.h"
#include "faulty_vfs.h"

namespace sqs {
namespace {

using Fault = FaultyVfs::Fault;

// A run of calls, as far as it came.
struct Course {
  std::vector<std::string> states;  // Dumps: at the start and after each call, the one that failed too.
  std::atomic<size_t> answered{0};  // Calls.
  std::atomic<size_t> synced{0};    // Calls that were answered before the last sync of the log.
  bool is_complete = false;
};

class FaultModesTest : public DurableFixture, public testing::WithParamInterface<std::tuple<Durability, Fault>> {
 protected:
  FaultModesTest() : vfs_(FaultyVfs::Install()) {}
  ~FaultModesTest() override { vfs_.Uninstall(); }

  static Durability mode() { return std::get<0>(GetParam()); }
  static Fault fault() { return std::get<1>(GetParam()); }
  static bool power_goes() { return fault() == Fault::kPowerLoss || fault() == Fault::kTornPage; }

  // Bodies are in the file only, so that moves take them from row to row.
  absl::StatusOr<std::unique_ptr<Engine>> OpenAt(const std::string& path) {
    return TryOpen(path, t0, mode(), /*strict=*/false, /*memory_limit=*/0);
  }

  template <class Request>
  auto Call(Engine& engine, const Request& request, Course* run) {
    auto answer = engine.Call(request, caller_);
    run->states.push_back(engine.Dump());
    if (answer.ok()) ++run->answered;
    return answer;
  }

  // Sends, dead letters, a move task back, deletes. False once a call fails.
  bool Work(Engine& engine, Course* run) {
    run->states.push_back(engine.Dump());
    const std::string arn = "arn:aws:sqs:us-east-1:000000000000:dead";
    const StringMap redrive = {
        {"RedrivePolicy", absl::StrCat(R"({"deadLetterTargetArn":")", arn, R"(","maxReceiveCount":1})")}};
    if (!Call(engine, CreateQueueRequest{"dead", {}, {}}, run).ok()) return false;
    if (!Call(engine, CreateQueueRequest{"q", redrive, {}}, run).ok()) return false;
    for (int i = 0; i < 4; ++i) {
      const MessageToSend message{.message_body = std::string(300 + 1500 * i, 'a' + i)};
      if (!Call(engine, SendMessageRequest{"q", message}, run).ok()) return false;
    }
    ReceiveMessageRequest request;
    request.queue_url = "q";
    request.max_number_of_messages = 3;
    request.visibility_timeout = 0;
    for (int i = 0; i < 3; ++i) {  // The second moves what the first has received.
      if (!Call(engine, request, run).ok()) return false;
    }
    if (!Call(engine, StartMessageMoveTaskRequest{arn, "", std::nullopt}, run).ok()) return false;
    request.visibility_timeout = 30;
    const auto received = Call(engine, request, run);
    if (!received.ok()) return false;
    for (const ReceivedMessage& message : received->messages) {
      if (!Call(engine, DeleteMessageRequest{"q", message.receipt_handle}, run).ok()) return false;
    }
    return true;
  }

  std::unique_ptr<Engine> Fresh() {
    vfs_.Arm(Fault::kError, 0);
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
    auto engine = OpenAt(path_);
    EXPECT_TRUE(engine.ok()) << engine.status();
    return *std::move(engine);
  }

  // One run with the fault at its `at`th write or sync; what the disk holds then is in `copy`. False if it had not so
  // many.
  bool RunWithFaultAt(int64_t at, const std::string& copy, Course* run) {
    auto engine = Fresh();
    vfs_.AfterLogSync([run] { run->synced = run->answered.load(); });
    vfs_.Arm(fault(), at);
    run->is_complete = Work(*engine, run);
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(copy + suffix);
    if (power_goes()) {
      engine->Close().IgnoreError();
      vfs_.WritePowerLossImage(path_, copy);
    } else {
      if (at % 2 == 0) engine->Close().IgnoreError();  // As well as it can.
      std::filesystem::copy_file(path_, copy);
      if (std::filesystem::exists(path_ + "-wal")) std::filesystem::copy_file(path_ + "-wal", copy + "-wal");
      engine->Close().IgnoreError();
    }
    vfs_.AfterLogSync(nullptr);
    return vfs_.struck();
  }

  FaultyVfs& vfs_;
};

TEST_P(FaultModesTest, WhatIsThereAfterwardsIsAStateThatTheModePromises) {
  const std::string copy = (folder_ / "after.db").string();
  int64_t struck = 0;
  int64_t lost = 0;
  // The thread that syncs in the mode "interval" may do more or less; its last calls are those of closing.
  for (int64_t at = 1, missed = 0; missed < 3; ++at) {
    Course run;
    if (!RunWithFaultAt(at, copy, &run)) {
      ++missed;
      continue;
    }
    ++struck;
    vfs_.Arm(Fault::kError, 0);
    auto engine = OpenAt(copy);
    ASSERT_TRUE(engine.ok()) << "call " << at << ": " << engine.status();
    const size_t promised = power_goes() && mode() != Durability::kCommit ? run.synced : run.answered;
    const auto found = std::find(run.states.begin() + promised, run.states.end(), (*engine)->Dump());
    ASSERT_NE(found, run.states.end()) << "call " << at << ": not a state after call " << promised << " or later:\n"
                                       << (*engine)->Dump();
    if (found - run.states.begin() < static_cast<ptrdiff_t>(run.answered)) ++lost;
    // Every body is there.
    (*engine)->Look([&](const Accounts& accounts, absl::Time) {
      for (const Queue* queue : accounts.queues()) {
        Contents contents;
        EXPECT_TRUE(accounts.LoadContents(*queue, queue->PlacesFrom(0, Message::kFree, 10), &contents).ok());
      }
    });
  }
  EXPECT_GT(struck, 25);
  // The weaker promise is made use of: else the test would not see what it is about.
  if (power_goes() && mode() == Durability::kOs) {
    EXPECT_GT(lost, 0);
  }
}

std::string NameOf(const testing::TestParamInfo<std::tuple<Durability, Fault>>& info) {
  static constexpr const char* kModes[] = {"Commit", "Interval", "Os"};
  static constexpr const char* kFaults[] = {"Error", "Short", "Full", "PowerLoss", "TornPage"};
  return absl::StrCat(kModes[static_cast<int>(std::get<0>(info.param))],
                      kFaults[static_cast<int>(std::get<1>(info.param))]);
}

// Where the process ends, fault_test.cc has the mode "commit".
INSTANTIATE_TEST_SUITE_P(WithPowerLoss, FaultModesTest,
                         testing::Combine(testing::Values(Durability::kCommit, Durability::kInterval, Durability::kOs),
                                          testing::Values(Fault::kPowerLoss, Fault::kTornPage)),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(WithoutPowerLoss, FaultModesTest,
                         testing::Combine(testing::Values(Durability::kInterval, Durability::kOs),
                                          testing::Values(Fault::kError, Fault::kShort)),
                         NameOf);

}  // namespace
}  // namespace sqs
