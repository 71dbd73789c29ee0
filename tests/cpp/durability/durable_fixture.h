// Engines on a file in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace sqs {

class DurableFixture : public testing::Test {
 protected:
  DurableFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "localsqs_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    path_ = (folder_ / "queues.db").string();
  }
  ~DurableFixture() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<std::unique_ptr<Engine>> TryOpen(const std::string& path, absl::Time now,
                                                  Durability durability = Durability::kOs, bool strict = false,
                                                  std::optional<int64_t> memory_limit = std::nullopt) {
    clock_ = std::make_shared<ManualClock>(now);
    return Engine::Open({.clock = clock_,
                         .seed = 7,
                         .strict = strict,
                         .history = {.effects_max = 1000000},
                         .path = path,
                         .durability = durability,
                         .memory_limit = memory_limit});
  }
  std::unique_ptr<Engine> Open(absl::Time now) { return Open(path_, now); }
  std::unique_ptr<Engine> Open(const std::string& path, absl::Time now) {
    auto engine = TryOpen(path, now);
    EXPECT_TRUE(engine.ok()) << engine.status();
    return engine.ok() ? *std::move(engine) : nullptr;
  }

  // What is on the disk now, as after the end of the process: the engine that runs goes on undisturbed.
  std::string Snapshot() {
    const std::string copy = (folder_ / ("copy" + std::to_string(++copies_) + ".db")).string();
    std::filesystem::copy_file(path_, copy);
    if (std::filesystem::exists(path_ + "-wal")) std::filesystem::copy_file(path_ + "-wal", copy + "-wal");
    return copy;
  }

  template <class Request>
  auto CallOne(Engine& engine, const Request& request, CommitPointPtr* commit) {
    if constexpr (std::is_same_v<Request, ReceiveMessageRequest>) {
      Engine::WaiterId id = 0;
      return *engine.ReceiveOrPark(request, caller_, [] { return Engine::ReceiveDone(); }, &id, commit);
    } else {
      return engine.Call(request, caller_, commit);
    }
  }

  // Answers of calls that are committed together; none if one fails. Of more than ten the commit goes to the journal.
  template <class Request>
  auto CallAll(Engine& engine, const std::vector<Request>& requests) {
    CommitPointPtr commit;
    std::vector<std::decay_t<decltype(*CallOne(engine, requests[0], &commit))>> results;
    for (const Request& request : requests) {
      auto answer = CallOne(engine, request, &commit);
      if (answer.ok()) results.push_back(*std::move(answer));
    }
    engine.BeginCommit();
    const bool all = results.size() == requests.size() && (commit == nullptr || commit->Wait().ok());
    if (!all) results.clear();
    return results;
  }

  const absl::Time t0 = absl::FromUnixSeconds(1767225600);
  std::filesystem::path folder_;
  std::string path_;
  std::shared_ptr<ManualClock> clock_;
  Caller caller_;
  int copies_ = 0;
};

}  // namespace sqs
