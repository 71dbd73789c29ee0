// Whether the write-ahead log of a file that nobody has open is whole. SQLite takes a damaged frame for the end of the
// log: what was committed behind it would be gone without a word.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace sqs {

// DataLoss, naming the frame, if the end of the next commit stands behind a frame that cannot be read. A commit is
// written when the one before it is synced, so no loss of power leaves such a log, unless it was written with
// Durability::kInterval or kOs. OK if there is no log.
absl::Status CheckLog(const std::string& path);

// The same; OK if an engine has the file, and writes to the log.
absl::Status CheckLogIfNobodyHasIt(const std::string& path);

}  // namespace sqs
