// localsqs-server: the endpoint as a plain binary, without Python. For containers.
//
//   localsqs-server --port 9324
//
// Exit status: 0 when stopped by SIGINT or SIGTERM, 1 if it could not listen, 2 for a command line not understood.
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "main/options.h"
#include "server/server.h"
#include "server/version.h"

namespace sqs {
namespace {

std::shared_ptr<Clock> MakeClock(bool manual) {
  if (!manual) return std::make_shared<SystemClock>();
  return std::make_shared<ManualClock>(absl::FromCivil(absl::CivilSecond(2026, 1, 1), absl::UTCTimeZone()));
}

int Serve(const CommandLine& line) {
  // Blocked in every thread that is started from here on, so that they wait for us.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGINT);
  sigaddset(&stop_signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  auto engine = Engine::Open({.clock = MakeClock(line.manual_clock),
                              .seed = line.seed,
                              .strict = line.strict,
                              .history = {.effects_max = line.manual_clock ? size_t{1'000'000} : size_t{10'000}},
                              .path = line.db,
                              .durability = line.durability,
                              .memory_limit = line.memory_limit});
  if (!engine.ok()) {
    std::fprintf(stderr, "localsqs-server: %s\n", std::string(engine.status().message()).c_str());
    return 1;
  }
  auto server = server::Server::Start(**engine, line.server);
  if (!server.ok()) {
    std::fprintf(stderr, "localsqs-server: %s\n", std::string(server.status().message()).c_str());
    return 1;
  }
  std::printf("localsqs listens on %s\n", (*server)->endpoint_url().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&stop_signals, &signal);
  (*server)->Stop();
  if (const absl::Status closed = (*engine)->Close(); !closed.ok()) {
    std::fprintf(stderr, "localsqs-server: %s\n", std::string(closed.message()).c_str());
    return 1;
  }
  std::puts("stopped");
  return 0;
}

}  // namespace
}  // namespace sqs

int main(int argc, char** argv) {
  const auto line = sqs::ParseCommandLine({argv + 1, argv + argc});
  if (!line.ok()) {
    std::fprintf(stderr, "localsqs-server: %s\n%s", std::string(line.status().message()).c_str(), sqs::Usage().c_str());
    return 2;
  }
  if (line->help) {
    std::fputs(sqs::Usage().c_str(), stdout);
    return 0;
  }
  if (line->version) {
    std::printf("localsqs-server %s\n", sqs::server::Version());
    return 0;
  }
  return sqs::Serve(*line);
}
