#include "account/queue_address.h"

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/limits.h"

namespace sqs {
namespace {

constexpr absl::string_view kFifoSuffix = ".fifo";
constexpr size_t kAccountIdLength = 12;

bool HasOnlyNameCharacters(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_') return false;
  }
  return true;
}

// Takes the text before the next `separator` (or all of it) off the front of `*rest`. The parts are short.
absl::string_view TakeUntil(char separator, absl::string_view* rest) {
  size_t end = 0;
  while (end < rest->size() && (*rest)[end] != separator) ++end;
  const absl::string_view part = rest->substr(0, end);
  rest->remove_prefix(end == rest->size() ? end : end + 1);
  return part;
}

// Takes the last segment of a path off the end of `*path`, and the slash before it. False if there is no slash.
bool TakeLastSegment(absl::string_view* path, absl::string_view* segment) {
  if (path->empty()) return false;
  const void* slash = memrchr(path->data(), '/', path->size());
  if (slash == nullptr) return false;
  const size_t position = static_cast<const char*>(slash) - path->data();
  *segment = path->substr(position + 1);
  path->remove_suffix(path->size() - position);
  return true;
}

// Like "us-east-1" or "us-gov-west-1": lower-case words, then a number.
bool LooksLikeRegion(absl::string_view label) {
  if (label.size() < 6 || !absl::ascii_isdigit(label.back())) return false;
  int hyphens = 0;
  for (char c : label) {
    if (c == '-') {
      ++hyphens;
    } else if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c)) {
      return false;
    }
  }
  return hyphens >= 2 && absl::ascii_islower(label.front());
}

// The region that a host names, or empty. Looks at the first labels only, so that the name of whatever stands in for
// the service may follow: "sqs.eu-west-1.localhost:9324".
absl::string_view RegionOfHost(absl::string_view host) {
  if (host == "queue.amazonaws.com") return "us-east-1";
  absl::string_view label = TakeUntil('.', &host);
  for (int depth = 0; depth < 2 && !host.empty(); ++depth) {  // The second turn: "vpce-1a2b.sqs.<region>.vpce...".
    const absl::string_view next = TakeUntil('.', &host);
    if ((label == "sqs" || label == "sqs-fips") && LooksLikeRegion(next)) return next;
    if (next == "queue" && LooksLikeRegion(label)) return label;
    label = next;
  }
  return {};
}

// The host in what stands before the path: "https://sqs.us-east-1.amazonaws.com:443/prefix". Written out, since it is
// part of every call: a search for a set of characters costs more than all the rest.
absl::string_view HostOf(absl::string_view before) {
  const auto end_of_label = [](absl::string_view text) {
    size_t end = 0;
    while (end < text.size() && text[end] != ':' && text[end] != '/') ++end;
    return end;
  };
  const size_t end = end_of_label(before);
  if (before.substr(end, 3) != "://") return before.substr(0, end);
  before.remove_prefix(end + 3);
  return before.substr(0, end_of_label(before));
}

}  // namespace

bool IsStandardQueueName(absl::string_view name) {
  return !name.empty() && name.size() <= kQueueNameMax && HasOnlyNameCharacters(name);
}

bool IsFifoQueueName(absl::string_view name) {
  if (name.size() > kQueueNameMax || !absl::ConsumeSuffix(&name, kFifoSuffix)) return false;
  return !name.empty() && HasOnlyNameCharacters(name);
}

bool IsAccountId(absl::string_view text) {
  if (text.size() != kAccountIdLength) return false;
  for (char c : text) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  return true;
}

absl::string_view PartitionOf(absl::string_view region) {
  if (absl::StartsWith(region, "cn-")) return "aws-cn";
  if (absl::StartsWith(region, "us-gov-")) return "aws-us-gov";
  return "aws";
}

bool ParseQueueUrl(absl::string_view url, absl::string_view default_region, absl::string_view default_account,
                   QueueAddress* address) {
  address->region = default_region;
  absl::string_view rest = url;
  if (!TakeLastSegment(&rest, &address->name)) {
    address->account = default_account;
    address->name = url;
    return !url.empty();
  }
  if (address->name.empty()) return false;
  // "000000000000/orders" has no slash before its account.
  if (!TakeLastSegment(&rest, &address->account)) {
    address->account = rest;
    rest = {};
  }
  if (!IsAccountId(address->account)) return false;

  absl::string_view region = RegionOfHost(HostOf(rest));
  absl::string_view path_region;
  if (TakeLastSegment(&rest, &path_region) && absl::EndsWith(rest, "/queue") && !path_region.empty()) {
    region = path_region;
  }
  if (!region.empty()) address->region = region;
  return true;
}

std::string MakeQueueUrl(absl::string_view url_base, const QueueName& queue) {
  if (!url_base.empty()) return absl::StrCat(url_base, "/", queue.account, "/", queue.name);
  const absl::string_view suffix = PartitionOf(queue.region) == "aws-cn" ? ".amazonaws.com.cn/" : ".amazonaws.com/";
  return absl::StrCat("https://sqs.", queue.region, suffix, queue.account, "/", queue.name);
}

std::string MakeQueueArn(const QueueName& queue) {
  return absl::StrCat("arn:", PartitionOf(queue.region), ":sqs:", queue.region, ":", queue.account, ":", queue.name);
}

bool ParseQueueArn(absl::string_view arn, QueueAddress* address) {
  if (TakeUntil(':', &arn) != "arn") return false;
  const absl::string_view partition = TakeUntil(':', &arn);
  if (TakeUntil(':', &arn) != "sqs") return false;
  address->region = TakeUntil(':', &arn);
  address->account = TakeUntil(':', &arn);
  address->name = arn;
  return !address->region.empty() && partition == PartitionOf(address->region) && IsAccountId(address->account) &&
         (IsStandardQueueName(address->name) || IsFifoQueueName(address->name));
}

absl::string_view ServiceOfArn(absl::string_view arn) {
  if (TakeUntil(':', &arn) != "arn") return {};
  const absl::string_view partition = TakeUntil(':', &arn);
  const absl::string_view service = TakeUntil(':', &arn);
  if (partition.empty() || service.empty()) return {};
  for (int part = 0; part < 2; ++part) {  // Region and account: present, perhaps empty.
    if (arn.find(':') == absl::string_view::npos) return {};
    TakeUntil(':', &arn);
  }
  return arn.empty() ? absl::string_view() : service;
}

}  // namespace sqs
