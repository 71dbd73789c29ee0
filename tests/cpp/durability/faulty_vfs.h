// A file system between SQLite and the real one, in which a write or sync fails on demand, or the power goes.
//
// What was written and not synced is known: PowerLossImage is what a disk may hold after it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace sqs {

class FaultyVfs {
 public:
  enum class Fault {
    kError,      // The call fails and does nothing.
    kShort,      // Half is written, and the call says so.
    kFull,       // There is no room; nothing is written. Syncs succeed.
    kPowerLoss,  // What was not synced is lost, this call too.
    kTornPage,   // The power goes in the middle of this write: half of it is on the disk, and all that came before.
  };

  // Becomes the file system of connections opened from now on.
  static FaultyVfs& Install();
  // Back to the real one.
  void Uninstall();

  // The `at`th write or sync from now on (the first is 1) suffers `fault`; after a power loss all later ones fail.
  void Arm(Fault fault, int64_t at);
  // The `at`th read of a database or its log from now on fails, and all later ones; 0: none.
  void FailReads(int64_t at);
  // kFull goes on until there is room.
  void MakeRoom();
  // `then` is called after every sync of a log that succeeded, from whichever thread.
  void AfterLogSync(std::function<void()> then);
  // Writes and syncs since Arm.
  int64_t calls();
  bool struck();

  // Writes what the disk holds of the database at `path` after the power loss to `copy_path`, log included.
  void WritePowerLossImage(const std::string& path, const std::string& copy_path);

  // --- By the files of the shim ---
  enum class Verdict { kDo, kFail, kHalf, kFull };
  // Before a write of `bytes` at `offset` (or a sync). Keeps the images.
  Verdict OnWrite(const std::string& file, const void* bytes, int count, int64_t offset);
  Verdict OnTruncate(const std::string& file, int64_t size);
  Verdict OnSync(const std::string& file);
  void OnOpen(const std::string& file, bool is_new);
  Verdict OnRead();

 private:
  struct Image {
    std::string written;  // As the process sees it.
    std::string synced;   // As the disk is sure to hold it.
  };

  Verdict Strike(bool is_sync);
  static void Put(std::string& image, const void* bytes, int count, int64_t offset);

  std::mutex mutex_;
  std::map<std::string, Image> images_;
  Fault fault_ = Fault::kError;
  int64_t at_ = 0;  // 0: none.
  int64_t calls_ = 0;
  bool struck_ = false;
  bool has_power_ = true;
  bool is_full_ = false;
  std::function<void()> after_log_sync_;
  int64_t reads_until_failure_ = 0;  // 0: none fails.
};

}  // namespace sqs
