#include "server/access_log.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sqs::server {
namespace {

// Names come from strangers: no control characters in a log that people look at in a terminal.
std::string Printable(absl::string_view text) {
  if (text.empty()) return "-";
  std::string printable(text.substr(0, 200));
  for (char& c : printable) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) c = '?';
  }
  return printable;
}

}  // namespace

void AccessLog::Write(absl::Time now, const AccessLogLine& line) {
  const std::string text = absl::StrFormat(
      "%s %s %s %s %s %d %d %.3fms %s\n", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", now, absl::UTCTimeZone()),
      line.client, Printable(line.method), Printable(line.operation), Printable(line.queue), line.status,
      line.body_bytes, absl::ToDoubleMilliseconds(line.took), line.request_id);
  std::lock_guard<std::mutex> lock(mutex_);
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

}  // namespace sqs::server
