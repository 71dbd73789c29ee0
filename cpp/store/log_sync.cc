#include "store/log_sync.h"

#include <sqlite3.h>

#include <utility>

#include "store/sqlite.h"

namespace sqs {
namespace {

// With the sync itself well under five.
constexpr absl::Duration kInterval = absl::Milliseconds(3);

}  // namespace

// The log through SQLite's own file, so that whatever stands between it and the system sees the sync.
LogSync::LogSync(sqlite3* db) {
  sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log_);
  thread_ = std::thread([this] { Run(); });
}

LogSync::~LogSync() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    wanted_condition_.notify_all();
  }
  stop_.Notify();
  thread_.join();
}

void LogSync::Want() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!std::exchange(wanted_, true)) wanted_condition_.notify_all();
}

absl::Status LogSync::status() {
  std::lock_guard<std::mutex> lock(mutex_);
  return status_;
}

void LogSync::Run() {
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wanted_condition_.wait(lock, [this] { return wanted_ || stopping_; });
      if (!wanted_) return;
    }
    stop_.WaitFor(kInterval);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      wanted_ = false;
    }
    Sync();
  }
}

void LogSync::Sync() {
  if (log_ == nullptr || log_->pMethods == nullptr) return;  // No log: then SQLite syncs each commit by itself.
  const int code = log_->pMethods->xSync(log_, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
  if (code == SQLITE_OK) return;
  std::lock_guard<std::mutex> lock(mutex_);
  status_ = SqliteError(nullptr, code, "sync of the log");
}

}  // namespace sqs
