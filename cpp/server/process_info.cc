#include "server/process_info.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace sqs::server {
namespace {

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::optional<int64_t> ProcessStartSeconds() {
  // The name stands in brackets and may hold anything; fields are counted from behind it, where the third is.
  const std::string stat = ReadFile("/proc/self/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  int64_t ticks_after_boot = 0;
  if (!(fields >> ticks_after_boot)) return std::nullopt;

  std::istringstream system(ReadFile("/proc/stat"));
  for (std::string word; system >> word;) {
    int64_t booted_at = 0;
    if (word == "btime" && system >> booted_at) return booted_at + ticks_after_boot / sysconf(_SC_CLK_TCK);
  }
  return std::nullopt;
}

std::optional<int64_t> ResidentBytes() {
  std::istringstream fields(ReadFile("/proc/self/statm"));
  int64_t size = 0;
  int64_t resident = 0;
  if (!(fields >> size >> resident)) return std::nullopt;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace sqs::server
