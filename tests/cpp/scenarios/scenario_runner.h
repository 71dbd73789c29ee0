// Reads a scenario file and plays it through a door. The format is in tests/scenarios/README.md.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scenarios/door.h"

namespace sqs::scenarios {

// Commands and what they are expected to print.
struct Block {
  int line = 0;                       // Of the first command, counted from 1.
  std::vector<std::string> commands;  // Continuation lines joined; comments are none.
  std::vector<std::string> source;    // The lines above ---- as written.
  std::vector<std::string> expected;
};

struct Scenario {
  std::vector<std::string> header;  // As written, to the first blank line.
  Value engine_options = Value::Map();
  std::vector<std::string> doors;  // Empty: all.
  std::vector<Block> blocks;

  bool RunsThrough(const std::string& door) const;
};

// Throws std::runtime_error for text that breaks the format.
Scenario ParseScenario(const std::string& text);

// What each block prints, in order.
std::vector<std::vector<std::string>> Play(const Scenario& scenario, Door& door);

// The file again, with `outputs` in place of what was expected.
std::string WithOutputs(const Scenario& scenario, const std::vector<std::vector<std::string>>& outputs);

}  // namespace sqs::scenarios
