// The door without a wall: request structs straight into the C++ engine.
#pragma once

#include <memory>

#include "scenarios/door.h"

namespace sqs::scenarios {

// `options` are those of a scenario's `engine` line. Throws std::runtime_error for one it does not know.
std::unique_ptr<Door> MakeEngineDoor(const Value& options);

}  // namespace sqs::scenarios
