// The queues of the URLs that were used last.
//
// Every operation names its queue by URL, mostly the same few; taking a URL apart and looking the name up costs about
// 1,200 instructions, comparing it with the one seen before about 150 (callgrind, bench/engine_bench.cc).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"

namespace sqs {

template <class Record>
class UrlCache {
 public:
  // What `url` meant to a caller of this region and account, or null if that is not known.
  Record* Find(absl::string_view url, absl::string_view region, absl::string_view account) const {
    const Entry& entry = entries_[IndexOf(url)];
    return entry.url == url && entry.region == region && entry.account == account ? entry.record : nullptr;
  }

  void Remember(absl::string_view url, absl::string_view region, absl::string_view account, Record* record) {
    if (url.size() > kUrlBytesMax) return;
    entries_[IndexOf(url)] = {std::string(url), std::string(region), std::string(account), record};
  }

  // To be called whenever a queue comes or goes.
  void Clear() { entries_ = {}; }

 private:
  static constexpr size_t kEntries = 64;
  static constexpr size_t kUrlBytesMax = 512;

  struct Entry {
    std::string url;
    std::string region;
    std::string account;
    Record* record = nullptr;
  };

  // URLs of one account differ in their last characters.
  static size_t IndexOf(absl::string_view url) {
    uint64_t tail = url.size();
    if (url.size() >= sizeof(tail)) std::memcpy(&tail, url.data() + url.size() - sizeof(tail), sizeof(tail));
    return (tail * 0x9e3779b97f4a7c15) >> 58;
  }

  std::array<Entry, kEntries> entries_;
};

}  // namespace sqs
