// One engine a file, and no other program's SQLite in the way of ours.
//
// SQLite's own locks are POSIX locks: they belong to the process, and all of them are gone as soon as anything in the
// process closes the file, be it another copy of SQLite. The next program that opens the file then finds nobody there,
// and deletes the log with what was committed when it leaves. Locks of an open file description stay:
//
//   PATH-owner   held exclusively: a second engine is refused, and reads in it who the first one is.
//   PATH         a read lock where SQLite says "somebody is connected": whoever leaves does not think he is the last.
//   PATH-shm     a read lock where SQLite says "the index of the log is in use": nobody makes it anew.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sqs {

class OwnerLock {
 public:
  // FailedPrecondition, naming the other process, if the store at `path` has an owner.
  static absl::StatusOr<std::unique_ptr<OwnerLock>> Take(const std::string& path);
  // Whether somebody has it, this process included.
  static bool IsHeld(const std::string& path);
  ~OwnerLock();
  OwnerLock(const OwnerLock&) = delete;
  OwnerLock& operator=(const OwnerLock&) = delete;

  // Once SQLite has the file open and made its log. What cannot be locked so (a file system without) is left.
  void Guard();
  // Before SQLite closes the file, which then must find itself alone.
  void Unguard();

 private:
  OwnerLock(std::string path, int owner) : path_(std::move(path)), owner_(owner) {}

  const std::string path_;
  int owner_;
  int database_ = -1;
  int index_ = -1;
};

// "pid 123 on host"
std::string ThisProcess();

}  // namespace sqs
