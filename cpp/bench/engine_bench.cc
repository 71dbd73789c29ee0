// What an operation costs through the engine's one door: request struct in, result struct out, one thread, 256-byte
// bodies.
//
//   make bench, or: build/bench/engine_bench [--benchmark_filter=Send]
//
// Absolute figures drift with the machine; ratios hold. So every benchmark also times the MD5 of a 256-byte body in the
// same rounds and prints the ratio: a send must compute that MD5, whatever else it does.
//
//   ns      one operation
//   md5s    the same as a multiple of the MD5 beside it
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/operations.h"
#include "base/digest.h"
#include "engine/engine.h"

namespace sqs {
namespace {

constexpr int kRound = 1000;  // Operations timed at a stretch.
constexpr int64_t kMillion = 1'000'000;
constexpr int64_t kGroups = 10'000;

// Processor time of this thread: what other programs do meanwhile is not our cost.
double NowNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

std::string Body() {
  std::string body;
  while (body.size() < 256) body += "abcdefghijklmnopqrstuvwxyz012345";
  return body;
}

// A benchmark that measures errors would be quick and wrong.
template <class T>
T Must(absl::StatusOr<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "engine_bench: %s\n", result.status().ToString().c_str());
    std::exit(1);
  }
  return *std::move(result);
}

// Real time, and a millisecond more each send: so a FIFO queue comes to remember the 300,000 sends of five minutes,
// whatever the speed of the machine. (AWS lets 300 calls a second through, unless asked for more.)
class PacedClock : public SystemClock {
 public:
  absl::Time Now() override { return SystemClock::Now() + ahead_; }
  void PassMillisecond() { ahead_ += absl::Milliseconds(1); }

 private:
  absl::Duration ahead_;
};

// An engine with one queue in which `depth` messages wait.
class World {
 public:
  World(bool fifo, int64_t depth) : fifo_(fifo), depth_(depth), engine_({.clock = clock_, .seed = 7}) {
    CreateQueueRequest create{.queue_name = fifo ? "bench.fifo" : "bench",
                              .attributes = {{"VisibilityTimeout", "43200"}, {"MessageRetentionPeriod", "1209600"}}};
    if (fifo) create.attributes.push_back({"FifoQueue", "true"});
    url_ = Must(engine_.Call(create, caller_)).queue_url;
    for (int64_t i = 0; i < depth; ++i) Must(engine_.Call(MakeSend(), caller_));
  }

  bool Is(bool fifo, int64_t depth) const { return fifo == fifo_ && depth == depth_; }

  SendMessageRequest MakeSend() {
    SendMessageRequest request{.queue_url = url_, .message = {.message_body = body_}};
    if (fifo_) {
      request.message.message_group_id = absl::StrCat("group-", sends_ % kGroups);
      request.message.message_deduplication_id = absl::StrCat("deduplication-", sends_);
    }
    ++sends_;
    return request;
  }

  Engine& engine() { return engine_; }
  PacedClock& clock() { return *clock_; }
  const Caller& caller() const { return caller_; }
  const std::string& url() const { return url_; }

 private:
  const bool fifo_;
  const int64_t depth_;
  const std::string body_ = Body();
  const std::shared_ptr<PacedClock> clock_ = std::make_shared<PacedClock>();
  Engine engine_;
  Caller caller_;
  std::string url_;
  int64_t sends_ = 0;
};

// Kept from one benchmark to the next where they are of the same kind: filling a queue takes longer than measuring.
World& SharedWorld(bool fifo, int64_t depth) {
  static std::unique_ptr<World> world;
  if (world == nullptr || !world->Is(fifo, depth)) {
    world = nullptr;  // One at a time in memory.
    world = std::make_unique<World>(fifo, depth);
  }
  return *world;
}

// Nanoseconds of one round's parts: kRound operations each.
struct RoundTimes {
  double md5 = 0;
  double send = 0;
  double receive = 0;
  double delete_message = 0;
};

// Sends, receives and deletes kRound messages, so that the depth stays. Requests are made and results thrown away
// outside the timed parts, as far as a caller would keep them.
RoundTimes RunRound(World& world) {
  Engine& engine = world.engine();
  const Caller& caller = world.caller();
  RoundTimes times;

  const std::string body = Body();
  double start = NowNs();
  for (int i = 0; i < kRound; ++i) benchmark::DoNotOptimize(Md5(absl::string_view(body.data(), body.size())));
  times.md5 = NowNs() - start;

  std::vector<SendMessageRequest> sends;
  sends.reserve(kRound);
  for (int i = 0; i < kRound; ++i) sends.push_back(world.MakeSend());
  start = NowNs();
  for (const SendMessageRequest& send : sends) {
    world.clock().PassMillisecond();
    absl::StatusOr<SendMessageResult> sent = engine.Call(send, caller);
    benchmark::DoNotOptimize(sent);
  }
  times.send = NowNs() - start;

  std::vector<absl::StatusOr<ReceiveMessageResult>> received;
  received.reserve(kRound);
  const ReceiveMessageRequest receive{.queue_url = world.url()};
  start = NowNs();
  for (int i = 0; i < kRound; ++i) received.push_back(engine.Call(receive, caller));
  times.receive = NowNs() - start;

  std::vector<DeleteMessageRequest> deletes;
  deletes.reserve(kRound);
  for (absl::StatusOr<ReceiveMessageResult>& result : received) {
    deletes.push_back({world.url(), Must(std::move(result)).messages.at(0).receipt_handle});
  }
  start = NowNs();
  for (const DeleteMessageRequest& request : deletes) {
    absl::StatusOr<DeleteMessageResult> deleted = engine.Call(request, caller);
    benchmark::DoNotOptimize(deleted);
  }
  times.delete_message = NowNs() - start;
  return times;
}

void Operation(benchmark::State& state, bool fifo, int64_t depth, double RoundTimes::* part) {
  World& world = SharedWorld(fifo, depth);
  double spent = 0;
  double md5 = 0;
  for (auto _ : state) {
    const RoundTimes times = RunRound(world);
    state.SetIterationTime(times.*part / 1e9);
    spent += times.*part;
    md5 += times.md5;
  }
  const double operations = static_cast<double>(state.iterations()) * kRound;
  state.counters["ns"] = spent / operations;
  state.counters["md5s"] = spent / md5;
}

int64_t ResidentBytes() {
  long pages = 0;
  if (FILE* statm = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(statm, "%*s %ld", &pages) != 1) pages = 0;
    std::fclose(statm);
  }
  return static_cast<int64_t>(pages) * sysconf(_SC_PAGESIZE);
}

// A million waiting messages of 256 bytes: what the process grew by, bodies included, divided by their number.
// Registered first, since memory that an earlier benchmark gave back would be counted as free of charge.
void BytesPerWaitingMessage(benchmark::State& state) {
  for (auto _ : state) {
    malloc_trim(0);
    const int64_t resident = ResidentBytes();
    const auto heap = static_cast<int64_t>(mallinfo2().uordblks + mallinfo2().hblkhd);
    World world(false, kMillion);
    state.counters["rss_bytes"] = static_cast<double>(ResidentBytes() - resident) / kMillion;
    state.counters["heap_bytes"] =
        static_cast<double>(static_cast<int64_t>(mallinfo2().uordblks + mallinfo2().hblkhd) - heap) / kMillion;
  }
}
BENCHMARK(BytesPerWaitingMessage)->Iterations(1)->Repetitions(1)->Unit(benchmark::kMillisecond);

void RegisterOperations(const std::string& name, bool fifo, int64_t depth) {
  const std::vector<std::pair<const char*, double RoundTimes::*>> parts = {
      {"Md5", &RoundTimes::md5},
      {"Send", &RoundTimes::send},
      {"Receive", &RoundTimes::receive},
      {"Delete", &RoundTimes::delete_message},
  };
  for (const auto& [operation, part] : parts) {
    const std::string full_name = absl::StrCat(name, "/", operation);
    benchmark::RegisterBenchmark(full_name.c_str(), Operation, fifo, depth, part)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace
}  // namespace sqs

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  // An iteration is a round of 1,000 operations, so its microseconds are the operation's nanoseconds.
  sqs::RegisterOperations("Standard", false, 0);
  sqs::RegisterOperations("StandardDeep", false, sqs::kMillion);
  // Both with as many waiting as there are groups, so that one is measured beside the other.
  sqs::RegisterOperations("StandardSame", false, sqs::kGroups);
  sqs::RegisterOperations("Fifo", true, sqs::kGroups);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
