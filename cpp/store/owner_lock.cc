#include "store/owner_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sqs {
namespace {

// Where SQLite (os_unix.c) locks: 510 bytes of the database, of which a reader holds a read lock and who wants to be
// alone a write lock; and the "dead man switch" of the log's index.
constexpr off_t kSharedFirst = 0x40000000 + 2;
constexpr off_t kDeadManSwitch = 128;

struct flock OneByte(short type, off_t offset) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset;
  lock.l_len = 1;
  return lock;
}

bool Lock(int file, short type, off_t offset) {
  struct flock lock = OneByte(type, offset);
  return fcntl(file, F_OFD_SETLK, &lock) == 0;
}

void CloseFile(int* file) {
  if (*file >= 0) close(std::exchange(*file, -1));
}

std::string FirstLine(int file) {
  char text[256];
  const ssize_t bytes = pread(file, text, sizeof(text), 0);
  const absl::string_view line(text, bytes < 0 ? 0 : bytes);
  return std::string(line.substr(0, line.find('\n')));
}

}  // namespace

std::string ThisProcess() {
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  return absl::StrCat("pid ", getpid(), " on ", host);
}

absl::StatusOr<std::unique_ptr<OwnerLock>> OwnerLock::Take(const std::string& path) {
  const std::string lock_path = path + "-owner";
  const int file = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return absl::NotFoundError(absl::StrCat(lock_path, ": ", std::strerror(errno)));
  if (!Lock(file, F_WRLCK, 0)) {
    const std::string owner = FirstLine(file);
    close(file);
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is in use by another engine: ", owner.empty() ? "its process is not known" : owner));
  }
  const std::string line = ThisProcess() + "\n";
  if (ftruncate(file, 0) != 0 || pwrite(file, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
    const absl::Status status = absl::ResourceExhaustedError(absl::StrCat(lock_path, ": ", std::strerror(errno)));
    close(file);
    return status;
  }
  return std::unique_ptr<OwnerLock>(new OwnerLock(path, file));
}

bool OwnerLock::IsHeld(const std::string& path) {
  int file = open((path + "-owner").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  struct flock lock = OneByte(F_RDLCK, 0);
  const bool is_held = fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  CloseFile(&file);
  return is_held;
}

OwnerLock::~OwnerLock() {
  Unguard();
  CloseFile(&database_);
  CloseFile(&index_);
  CloseFile(&owner_);
}

void OwnerLock::Guard() {
  database_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  index_ = open((path_ + "-shm").c_str(), O_RDONLY | O_CLOEXEC);
  if (database_ >= 0) Lock(database_, F_RDLCK, kSharedFirst);
  if (index_ >= 0) Lock(index_, F_RDLCK, kDeadManSwitch);
}

// The files stay open: closing them would be what this is to guard against.
void OwnerLock::Unguard() {
  if (database_ >= 0) Lock(database_, F_UNLCK, kSharedFirst);
  if (index_ >= 0) Lock(index_, F_UNLCK, kDeadManSwitch);
}

}  // namespace sqs
