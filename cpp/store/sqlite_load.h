// Reading all rows of an SQLite store.
#pragma once

#include "absl/status/status.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace sqs {

// See Store::Load.
absl::Status LoadRows(Database& db, LoadSink& sink);

}  // namespace sqs
