// The store beside its floor: batches of 64 operations (a third each sent, received, deleted; 256-byte bodies), a
// commit a batch, against a bare append and fdatasync of the same bytes; and how long a million waiting messages take
// to load. With THROUGH, how large the file is after so many messages went through a short queue.
//
//   store_bench FOLDER [SECONDS] [MESSAGES] [THROUGH]
//
// FOLDER is on the disk to be measured. The two take turns, second by second, so that whatever else the machine does
// hits both.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "engine/engine.h"
#include "store/sqlite_store.h"

namespace sqs {
namespace {

using Seconds = std::chrono::duration<double>;
using SteadyClock = std::chrono::steady_clock;

constexpr int kPerKind = 21;  // And one delete more: 64 in all.
const std::string kBody(256, 'x');
const absl::Time kNow = absl::FromUnixSeconds(1767225600);

// The n-th batch of a queue through which messages go: some come, those of the batch before are received, those of the
// one before that are deleted.
Batch NthBatch(int64_t n) {
  static const Md5Digest md5 = Md5(kBody);
  Batch batch;
  batch.progress = {kNow, static_cast<uint64_t>(n) * 64, 2};
  for (int i = 0; i < kPerKind; ++i) {
    const int64_t id = n * kPerKind + i + 1;
    const auto sequence = static_cast<uint64_t>(id);
    PayloadPtr payload = PayloadPtr::Make({sequence * 0x9e3779b97f4a7c15, sequence}, kNow, kBody, md5, nullptr);
    batch.new_messages.push_back({id, 1, {static_cast<uint32_t>(id % (3 * kPerKind)), sequence}, std::move(payload)});
    batch.new_states.push_back({id, 2, absl::ToUnixNanos(kNow), 0, 0, 0, 0});
    const int64_t received = id - kPerKind;
    const int64_t deleted = id - 2 * kPerKind;
    const int64_t at = absl::ToUnixNanos(kNow);
    if (received > 0) batch.changed_states.push_back({received, 3, at, at, at, 1, 0});
    if (deleted > 0) batch.removed_messages.push_back(deleted);
  }
  batch.counters.push_back({1, static_cast<uint64_t>((n + 1) * kPerKind + 1)});
  return batch;
}

// What a log would append for such a batch: ids and body, state, id.
std::string LogRecord() { return std::string(kPerKind * (kBody.size() + 64 + 48 + 16), 'x'); }

// Calls `once` until a second is over; how often.
template <class Once>
double CountFor(double seconds, Once once) {
  const auto start = SteadyClock::now();
  double count = 0;
  double took = 0;
  for (; took < seconds; took = Seconds(SteadyClock::now() - start).count(), ++count) once();
  return count / took;
}

void MeasureCommits(const std::string& folder, int seconds) {
  auto store = OpenSqliteStore(folder + "/commits.db", {}).value();
  const int log = open((folder + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const std::string record = LogRecord();
  int64_t n = 0;
  double stored = 0;
  double logged = 0;
  for (int i = 0; i < seconds; ++i) {
    logged += CountFor(1, [&] {
      if (write(log, record.data(), record.size()) < 0 || fdatasync(log) != 0) std::abort();
    });
    stored += CountFor(1, [&] {
      if (!store->Commit(NthBatch(n++)).ok() || !store->Settle().ok()) std::abort();
    });
  }
  close(log);
  std::printf("batches of 64, a sync each: log %.0f /s, store %.0f /s (%.0f operations/s), ratio %.2f\n",
              logged / seconds, stored / seconds, 64 * stored / seconds, stored / logged);
}

void MeasureLoad(const std::string& folder, int64_t messages) {
  const std::string path = folder + "/load.db";
  {
    auto engine = Engine::Open({.seed = 1, .path = path, .durability = Durability::kOs}).value();
    const Caller caller;
    const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, caller)->queue_url;
    CommitPointPtr commit;
    const SendMessageRequest send{.queue_url = url, .message = {.message_body = kBody}};
    for (int64_t i = 0; i < messages; ++i) {
      if (!engine->Call(send, caller, &commit).ok()) std::abort();
      engine->BeginCommit();
    }
    if (commit != nullptr) commit->Wait();
    if (!engine->Close().ok()) std::abort();
  }
  const double megabytes = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  const auto start = SteadyClock::now();
  auto engine = Engine::Open({.seed = 1, .path = path}).value();
  std::printf("%lld waiting messages of 256 bytes: %.0f MB, loaded in %.2f s\n", static_cast<long long>(messages),
              megabytes, Seconds(SteadyClock::now() - start).count());
}

constexpr int kThroughThreads = 4;

// Sends, receives and deletes ten at a time, each call waiting for its commit, until `to_go` is used up.
void PassThrough(Engine& engine, const std::string& url, std::atomic<int64_t>* to_go) {
  const Caller caller;
  SendMessageBatchRequest sends{.queue_url = url, .entries = std::vector<SendMessageBatchRequestEntry>()};
  for (int i = 0; i < 10; ++i) sends.entries->push_back({std::to_string(i), {.message_body = kBody}});
  ReceiveMessageRequest receive;
  receive.queue_url = url;
  receive.max_number_of_messages = 10;
  while (to_go->fetch_sub(10) > 0) {
    if (!engine.Call(sends, caller).ok()) std::abort();
    const auto received = engine.Call(receive, caller).value();
    DeleteMessageBatchRequest deletes{.queue_url = url, .entries = std::vector<DeleteMessageBatchRequestEntry>()};
    for (const ReceivedMessage& message : received.messages) {
      deletes.entries->push_back({std::to_string(deletes.entries->size()), message.receipt_handle});
    }
    if (!deletes.entries->empty() && !engine.Call(deletes, caller).ok()) std::abort();
  }
}

void MeasureThrough(const std::string& folder, int64_t messages) {
  const std::string path = folder + "/through.db";
  auto engine = Engine::Open({.seed = 1, .path = path, .durability = Durability::kOs}).value();
  const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, Caller())->queue_url;
  const auto start = SteadyClock::now();
  std::atomic<int64_t> to_go{messages};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThroughThreads; ++i) threads.emplace_back([&] { PassThrough(*engine, url, &to_go); });
  for (std::thread& thread : threads) thread.join();
  const double took = Seconds(SteadyClock::now() - start).count();
  const auto log_bytes = std::filesystem::file_size(path + "-wal");
  if (!engine->Close().ok()) std::abort();
  std::printf("%lld messages through a short queue in %.0f s (%.0f /s): file %.2f MB, log before closing %.2f MB\n",
              static_cast<long long>(messages), took, static_cast<double>(messages) / took,
              static_cast<double>(std::filesystem::file_size(path)) / 1e6, static_cast<double>(log_bytes) / 1e6);
}

}  // namespace
}  // namespace sqs

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: store_bench FOLDER [SECONDS] [MESSAGES] [THROUGH]\n");
    return 2;
  }
  std::string folder = std::string(argv[1]) + "/store_bench_XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 5;
  const int64_t waiting = argc > 3 ? std::atoll(argv[3]) : 1'000'000;
  const int64_t through = argc > 4 ? std::atoll(argv[4]) : 0;
  if (seconds > 0) sqs::MeasureCommits(folder, seconds);
  if (waiting > 0) sqs::MeasureLoad(folder, waiting);
  if (through > 0) sqs::MeasureThrough(folder, through);
  std::filesystem::remove_all(folder);
  return 0;
}
