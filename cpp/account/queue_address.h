// The three ways in which a queue is named outside: its name, its URL and its ARN. Rules: shared/spec/sqs.md, 1.1, 1.5
// and 3.1.
//
//   QueueAddress address;
//   ParseQueueUrl("https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "us-east-1", "000000000000", &address);
//   // address.region == "eu-west-1", address.account == "123456789012", address.name == "orders"
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "api/effects.h"

namespace sqs {

// Where a URL or an ARN points; there need not be a queue. The pieces are parts of the texts that were parsed.
struct QueueAddress {
  absl::string_view region;
  absl::string_view account;
  absl::string_view name;
};

// [A-Za-z0-9_-]{1,80}.
bool IsStandardQueueName(absl::string_view name);
// [A-Za-z0-9_-]+\.fifo, 80 characters at most in all.
bool IsFifoQueueName(absl::string_view name);
// Twelve digits.
bool IsAccountId(absl::string_view text);

// "aws", "aws-cn" or "aws-us-gov".
absl::string_view PartitionOf(absl::string_view region);

// Finds account and name in the last two segments of the path; scheme, host and port may be anything or be left out.
// The region is the one the host names, if it does ("sqs.<region>.", "sqs-fips.<region>.", "<region>.queue.", and
// "queue.amazonaws.com", which is us-east-1), whatever comes after; "/queue/<region>/<account>/<name>" names it in the
// path. Else it is `default_region`. A bare queue name is one of the default account's queues.
//
// False, with `*address` in any state, for what cannot be a queue URL; a name that breaks the rules for names may pass,
// since no queue has it. Allocates nothing.
bool ParseQueueUrl(absl::string_view url, absl::string_view default_region, absl::string_view default_account,
                   QueueAddress* address);

// "<url_base>/<account>/<name>"; `url_base` is scheme and host without a slash at the end. Empty stands for the
// service's own, "https://sqs.<region>.amazonaws.com".
std::string MakeQueueUrl(absl::string_view url_base, const QueueName& queue);

// "arn:aws:sqs:us-east-1:000000000000:orders".
std::string MakeQueueArn(const QueueName& queue);

// False, with `*address` in any state, unless `arn` has the form that MakeQueueArn writes. The partition must be the
// region's.
bool ParseQueueArn(absl::string_view arn, QueueAddress* address);

// The service that a full ARN names, "sqs" in "arn:aws:sqs:us-east-1:000000000000:orders". Empty if `arn` is no full
// ARN: "arn:" and five further parts, of which region and account may be empty for services that have none.
absl::string_view ServiceOfArn(absl::string_view arn);

}  // namespace sqs
