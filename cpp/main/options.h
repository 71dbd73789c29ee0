// The command line of localsqs-server. The same flags as `localsqs serve` has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/server.h"

namespace sqs {

struct CommandLine {
  server::ServerOptions server;
  std::optional<uint64_t> seed;
  bool manual_clock = false;
  std::string db;  // "": in memory.
  Durability durability = Durability::kCommit;
  std::optional<int64_t> memory_limit;  // Bytes.
  bool strict = false;
  bool help = false;
  bool version = false;
};

// `arguments` without the program's name. InvalidArgument for what is not understood.
absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments);

// What --help prints.
std::string Usage();

}  // namespace sqs
