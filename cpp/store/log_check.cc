#include "store/log_check.h"

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "store/owner_lock.h"

namespace sqs {
namespace {

// As https://www.sqlite.org/fileformat2.html#walformat has it.
constexpr size_t kHeaderBytes = 32;
constexpr size_t kFrameHeaderBytes = 24;
constexpr uint32_t kMagic = 0x377f0682;  // The last bit: checksums of big-endian words.
constexpr uint32_t kPageBytesMax = 65536;

uint32_t BigEndian(absl::string_view bytes, size_t at) {
  uint32_t word = 0;
  for (size_t i = 0; i < 4; ++i) word = word << 8 | static_cast<uint8_t>(bytes[at + i]);
  return word;
}

uint32_t LittleEndian(absl::string_view bytes, size_t at) {
  uint32_t word = 0;
  for (size_t i = 4; i-- > 0;) word = word << 8 | static_cast<uint8_t>(bytes[at + i]);
  return word;
}

// Of everything before it, too.
class LogChecksum {
 public:
  explicit LogChecksum(bool is_big_endian) : word_(is_big_endian ? BigEndian : LittleEndian) {}

  void Add(absl::string_view bytes) {
    for (size_t at = 0; at < bytes.size(); at += 8) {
      first_ += word_(bytes, at) + second_;
      second_ += word_(bytes, at + 4) + first_;
    }
  }
  bool Is(absl::string_view bytes, size_t at) const {
    return first_ == BigEndian(bytes, at) && second_ == BigEndian(bytes, at + 4);
  }

 private:
  uint32_t (*const word_)(absl::string_view, size_t);
  uint32_t first_ = 0;
  uint32_t second_ = 0;
};

bool Read(std::ifstream& file, std::string* bytes) {
  file.read(bytes->data(), static_cast<std::streamsize>(bytes->size()));
  return file.gcount() == static_cast<std::streamsize>(bytes->size());
}

absl::Status DamagedLog(absl::string_view path, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(path, ": damaged: its log, ", path, "-wal: ", what));
}

// Frames of the log that is in use now have its salt; those of an earlier one, which it has not reached, another.
// What was rolled back may stand behind the last commit, but ends in no commit of its own.
absl::Status CheckFrames(std::ifstream& file, const std::string& path, absl::string_view header, LogChecksum sum) {
  std::string frame(kFrameHeaderBytes + BigEndian(header, 8), '\0');
  const absl::string_view salt = header.substr(16, 8);
  int64_t unreadable = 0;
  int commits = 0;  // That end with the unreadable frame or behind it: its own, and later ones.
  for (int64_t number = 1; Read(file, &frame); ++number) {
    const absl::string_view bytes = frame;
    const bool is_of_this_log = bytes.substr(8, 8) == salt;
    if (unreadable == 0) {
      sum.Add(bytes.substr(0, 8));
      sum.Add(bytes.substr(kFrameHeaderBytes));
      if (is_of_this_log && sum.Is(bytes, 16)) continue;
      unreadable = number;
    }
    const bool is_commit = is_of_this_log && BigEndian(bytes, 4) != 0;
    if (is_commit && ++commits == 2) {
      return DamagedLog(path, absl::StrCat("frame ", unreadable, "; commits behind it would be lost"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLog(const std::string& path) {
  std::error_code error;  // Then there is no file, and no log.
  const std::string file_path = std::filesystem::canonical(path, error).string();
  std::ifstream file(file_path + "-wal", std::ios::binary);
  std::string header(kHeaderBytes, '\0');
  if (!file || !Read(file, &header)) return absl::OkStatus();
  const uint32_t magic = BigEndian(header, 0);
  const uint32_t page_bytes = BigEndian(header, 8);
  LogChecksum sum((magic & 1) != 0);
  sum.Add(absl::string_view(header).substr(0, 24));
  const bool is_sound =
      (magic & ~1u) == kMagic && page_bytes >= 512 && page_bytes <= kPageBytesMax && sum.Is(header, 24);
  if (is_sound) return CheckFrames(file, path, header, sum);
  // A header is on the disk before anything behind it.
  return file.peek() == std::ifstream::traits_type::eof() ? absl::OkStatus() : DamagedLog(path, "its header");
}

absl::Status CheckLogIfNobodyHasIt(const std::string& path) {
  if (OwnerLock::IsHeld(path)) return absl::OkStatus();
  const absl::Status status = CheckLog(path);
  // Somebody may have begun to write meanwhile.
  return OwnerLock::IsHeld(path) ? absl::OkStatus() : status;
}

}  // namespace sqs
