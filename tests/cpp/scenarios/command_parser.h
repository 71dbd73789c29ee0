// One command line of a scenario -> its words and parameters. The grammar is in tests/scenarios/README.md.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/value.h"

namespace sqs::scenarios {

struct Command {
  std::string verb;                 // "SendMessage", "advance", ...
  std::vector<std::string> words;   // What stands alone: a queue's name, a duration.
  Value parameters = Value::Map();  // What is assigned.
};

// What `name` stands for in $name and ${name}.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

// Throws std::runtime_error for a line that breaks the grammar.
Command ParseCommand(const std::string& line, const Variables& variables);

}  // namespace sqs::scenarios
