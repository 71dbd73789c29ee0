// Durability::kInterval: a thread that syncs the log a few milliseconds after something was committed to it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "base/clock.h"

struct sqlite3;
struct sqlite3_file;

namespace sqs {

class LogSync {
 public:
  // `db` has its log open and outlives this. From the thread that uses `db`.
  explicit LogSync(sqlite3* db);
  ~LogSync();  // Syncs what has been committed.

  // Something was committed.
  void Want();
  // Whether every sync so far has succeeded: one that failed is not made good by the next.
  absl::Status status();

 private:
  void Run();
  void Sync();

  sqlite3_file* log_ = nullptr;
  Notification stop_;
  std::mutex mutex_;
  std::condition_variable wanted_condition_;
  bool wanted_ = false;
  bool stopping_ = false;
  absl::Status status_;
  std::thread thread_;
};

}  // namespace sqs
