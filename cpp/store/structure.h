// Damage that no checksum of a row tells: rows that are no longer found.
#pragma once

#include "absl/status/status.h"
#include "store/sqlite.h"

namespace sqs {

// DataLoss, naming the table, if its pages do not hold together. Not of messages and their states, which take the most
// time and are found missing by each other.
absl::Status CheckStructure(Database& db);

}  // namespace sqs
