#include "faulty_vfs.h"

#include <sqlite3.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <new>
#include <utility>

namespace sqs {
namespace {

sqlite3_vfs* real_vfs = nullptr;
FaultyVfs* faults = nullptr;

// What SQLite sees as a file; the real one lies behind it in the same memory.
struct File {
  sqlite3_file base;
  const char* name;  // SQLite keeps it as long as the file is open; null for temporary files.
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }
const char* NameOf(sqlite3_file* file) { return reinterpret_cast<File*>(file)->name; }

int Close(sqlite3_file* file) { return Real(file)->pMethods->xClose(Real(file)); }
int Read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
  if (NameOf(file) != nullptr && faults->OnRead() != FaultyVfs::Verdict::kDo) return SQLITE_IOERR_READ;
  return Real(file)->pMethods->xRead(Real(file), bytes, count, offset);
}

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  const auto write = [&](int n) { return Real(file)->pMethods->xWrite(Real(file), bytes, n, offset); };
  if (NameOf(file) == nullptr) return write(count);
  switch (faults->OnWrite(NameOf(file), bytes, count, offset)) {
    case FaultyVfs::Verdict::kDo:
      return write(count);
    case FaultyVfs::Verdict::kHalf:
      write(count / 2);
      return SQLITE_IOERR_WRITE;
    case FaultyVfs::Verdict::kFull:
      return SQLITE_FULL;
    case FaultyVfs::Verdict::kFail:
      break;
  }
  return SQLITE_IOERR_WRITE;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (NameOf(file) != nullptr && faults->OnTruncate(NameOf(file), size) != FaultyVfs::Verdict::kDo) {
    return SQLITE_IOERR_TRUNCATE;
  }
  return Real(file)->pMethods->xTruncate(Real(file), size);
}

// The disk of the test is in memory: the real sync would only cost time.
int Sync(sqlite3_file* file, int) {
  if (NameOf(file) == nullptr) return SQLITE_OK;
  return faults->OnSync(NameOf(file)) == FaultyVfs::Verdict::kDo ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) { return Real(file)->pMethods->xFileSize(Real(file), size); }
int Lock(sqlite3_file* file, int level) { return Real(file)->pMethods->xLock(Real(file), level); }
int Unlock(sqlite3_file* file, int level) { return Real(file)->pMethods->xUnlock(Real(file), level); }
int CheckReservedLock(sqlite3_file* file, int* out) {
  return Real(file)->pMethods->xCheckReservedLock(Real(file), out);
}
int FileControl(sqlite3_file* file, int op, void* argument) {
  return Real(file)->pMethods->xFileControl(Real(file), op, argument);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
int DeviceCharacteristics(sqlite3_file* file) { return Real(file)->pMethods->xDeviceCharacteristics(Real(file)); }
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** map) {
  return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, map);
}
int ShmLock(sqlite3_file* file, int offset, int n, int flags) {
  return Real(file)->pMethods->xShmLock(Real(file), offset, n, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) { return Real(file)->pMethods->xShmUnmap(Real(file), remove); }

const sqlite3_io_methods kMethods = {2,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Unlock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     DeviceCharacteristics,
                                     ShmMap,
                                     ShmLock,
                                     ShmBarrier,
                                     ShmUnmap,
                                     nullptr,
                                     nullptr};

int OpenFile(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  File* ours = new (file) File{};
  const int code = real_vfs->xOpen(real_vfs, name, ours->real(), flags, out_flags);
  if (code != SQLITE_OK) return code;
  const bool kept = (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0;
  ours->name = kept ? name : nullptr;
  sqlite3_int64 size = 0;
  if (kept) {
    ours->real()->pMethods->xFileSize(ours->real(), &size);
    faults->OnOpen(name, size == 0);
  }
  ours->base.pMethods = &kMethods;
  return code;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteAll(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

}  // namespace

FaultyVfs& FaultyVfs::Install() {
  static sqlite3_vfs vfs;
  static FaultyVfs* const instance = new FaultyVfs();
  if (real_vfs == nullptr) {
    real_vfs = sqlite3_vfs_find(nullptr);
    vfs = *real_vfs;
    vfs.pNext = nullptr;
    vfs.zName = "faulty";
    vfs.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
    vfs.xOpen = OpenFile;
    faults = instance;
  }
  sqlite3_vfs_register(&vfs, /*makeDflt=*/1);
  instance->images_.clear();
  instance->Arm(Fault::kError, 0);
  instance->FailReads(0);
  instance->AfterLogSync(nullptr);
  return *instance;
}

void FaultyVfs::Uninstall() { sqlite3_vfs_register(real_vfs, /*makeDflt=*/1); }

void FaultyVfs::Arm(Fault fault, int64_t at) {
  std::lock_guard<std::mutex> lock(mutex_);
  fault_ = fault;
  at_ = at;
  calls_ = 0;
  struck_ = is_full_ = false;
  has_power_ = true;
}

void FaultyVfs::AfterLogSync(std::function<void()> then) {
  std::lock_guard<std::mutex> lock(mutex_);
  after_log_sync_ = std::move(then);
}

void FaultyVfs::FailReads(int64_t at) {
  std::lock_guard<std::mutex> lock(mutex_);
  reads_until_failure_ = at;
}

FaultyVfs::Verdict FaultyVfs::OnRead() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (reads_until_failure_ <= 1) return reads_until_failure_ == 1 ? Verdict::kFail : Verdict::kDo;
  --reads_until_failure_;
  return Verdict::kDo;
}

void FaultyVfs::MakeRoom() {
  std::lock_guard<std::mutex> lock(mutex_);
  is_full_ = false;
}

int64_t FaultyVfs::calls() {
  std::lock_guard<std::mutex> lock(mutex_);
  return calls_;
}

bool FaultyVfs::struck() {
  std::lock_guard<std::mutex> lock(mutex_);
  return struck_;
}

void FaultyVfs::OnOpen(const std::string& file, bool is_new) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (images_.count(file) > 0 && !is_new) return;
  const std::string bytes = is_new ? "" : ReadAll(file);
  images_[file] = {bytes, bytes};
}

FaultyVfs::Verdict FaultyVfs::Strike(bool is_sync) {
  ++calls_;
  if (!has_power_) return Verdict::kFail;
  if (calls_ == at_) {
    struck_ = true;
    if (fault_ == Fault::kFull) is_full_ = true;
    if (fault_ == Fault::kPowerLoss || fault_ == Fault::kTornPage) has_power_ = false;
    if (fault_ == Fault::kError || fault_ == Fault::kPowerLoss) return Verdict::kFail;
    if (fault_ == Fault::kShort || fault_ == Fault::kTornPage) return is_sync ? Verdict::kFail : Verdict::kHalf;
  }
  return is_full_ && !is_sync ? Verdict::kFull : Verdict::kDo;
}

void FaultyVfs::Put(std::string& image, const void* bytes, int count, int64_t offset) {
  const size_t end = static_cast<size_t>(offset) + static_cast<size_t>(count);
  if (image.size() < end) image.resize(end);
  std::memcpy(image.data() + offset, bytes, static_cast<size_t>(count));
}

FaultyVfs::Verdict FaultyVfs::OnWrite(const std::string& file, const void* bytes, int count, int64_t offset) {
  std::lock_guard<std::mutex> lock(mutex_);
  const Verdict verdict = Strike(/*is_sync=*/false);
  if (verdict == Verdict::kDo) Put(images_[file].written, bytes, count, offset);
  if (verdict == Verdict::kHalf) Put(images_[file].written, bytes, count / 2, offset);
  // A torn page is on the disk together with whatever was written before it.
  if (verdict == Verdict::kHalf && fault_ == Fault::kTornPage) {
    for (auto& [name, image] : images_) image.synced = image.written;
  }
  return verdict;
}

FaultyVfs::Verdict FaultyVfs::OnTruncate(const std::string& file, int64_t size) {
  std::lock_guard<std::mutex> lock(mutex_);
  const Verdict verdict = Strike(/*is_sync=*/true);
  if (verdict == Verdict::kDo) images_[file].written.resize(static_cast<size_t>(size));
  return verdict;
}

FaultyVfs::Verdict FaultyVfs::OnSync(const std::string& file) {
  std::lock_guard<std::mutex> lock(mutex_);
  const Verdict verdict = Strike(/*is_sync=*/true);
  if (verdict != Verdict::kDo) return verdict;
  images_[file].synced = images_[file].written;
  if (after_log_sync_ != nullptr && file.ends_with("-wal")) after_log_sync_();
  return verdict;
}

void FaultyVfs::WritePowerLossImage(const std::string& path, const std::string& copy_path) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const char* suffix : {"", "-wal"}) {
    const auto found = images_.find(path + suffix);
    if (found != images_.end()) WriteAll(copy_path + suffix, found->second.synced);
  }
}

}  // namespace sqs
