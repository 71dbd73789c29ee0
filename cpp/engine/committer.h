// Group commit: one thread that hands the store whatever gathered while the commit before ran.
//
// No batch waits for a timer: it is as large as the disk is slow. The engine's lock is held only while a batch is
// taken.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/commit_point.h"
#include "store/store.h"

namespace sqs {

class Committer {
 public:
  struct Work {
    Batch batch;
    CommitPointPtr point;
  };
  // The engine. Called from the committing thread.
  class Source {
   public:
    virtual ~Source() = default;
    // What has gathered, with the point of those who wait for it; what gathers next belongs to another. False if there
    // is nothing; `last` takes it all the same, for how far time has come.
    virtual bool TakeWork(bool last, Work* work) = 0;
    // `batch` is committed, and those who wait for it are not told yet.
    virtual void OnCommitted(const Batch& batch) = 0;
    // From now on nothing is to be applied and everybody who asks gets this; `for_good` or until OnAccepting.
    virtual void OnRefusing(const absl::Status& status, bool for_good) = 0;
    virtual void OnAccepting() = 0;
  };

  Committer(std::unique_ptr<Store> store, Source& source);
  ~Committer();

  // False in a process that was forked from the one with the engine: it has neither the thread nor the file.
  bool is_this_process() const;

  // Something has gathered. Cheap, and never waits for a commit.
  void Want();

  // If the disk was full: tries again what could not be committed, and returns when that is decided.
  void RetryIfFull();

  // The store could not be read: it ends as after a failed write. Does not wait for that.
  void Fail(const absl::Status& status);

  // See Store.
  absl::Status ReadContents(absl::Span<const RowChoice> rows, std::vector<PayloadPtr>* payloads) {
    return store_->ReadContents(rows, payloads);
  }

  // See Store::Backup.
  absl::Status Backup(const std::string& path) { return store_->Backup(path); }

  // Commits what is there and closes the store. Once.
  absl::Status Close();

 private:
  void Run();
  // False if for a moment nothing was wanted and the store can be tidied.
  bool AwaitWork(std::unique_lock<std::mutex>& lock);
  void Tidy();
  void CommitPending();
  void EnterFull(const absl::Status& status);
  void EnterDead(const absl::Status& status);
  void Refuse(const absl::Status& status, bool for_good);

  const std::unique_ptr<Store> store_;
  const int fork_count_;  // Of the process it is in.
  Source& source_;

  std::atomic<bool> wanted_{false};
  std::atomic<bool> full_{false};
  // The thread's own.
  bool dead_ = false;
  bool may_tidy_ = false;
  // Taken and not committed: more than one only while the disk is full.
  std::deque<Work> pending_;

  std::mutex mutex_;
  std::condition_variable condition_;
  bool stopping_ = false;
  absl::Status failure_;       // See Fail.
  uint64_t rounds_begun_ = 0;  // Of committing.
  uint64_t rounds_ended_ = 0;
  std::thread thread_;
};

// What the refused get: InternalFailure, with the reason.
absl::Status StoreFailure(const absl::Status& status);

}  // namespace sqs
