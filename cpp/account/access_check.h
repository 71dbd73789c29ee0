// Who may use a queue: the owner's account, and whom the queue's policy lets in, unless the policy denies it. Only
// asked where access is checked (Caller::check_access); users of the owner's account count as allowed everything, since
// there are no policies of users here. Source: shared/spec/sqs.md, 1.6 and 3.5; the policy language of IAM.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "account/json.h"
#include "api/operations.h"

namespace sqs {

// What a statement of a policy is compared with.
struct AccessQuestion {
  std::string principal_arn;  // "arn:aws:iam::123456789012:user/alice"
  std::string account;        // Of the principal.
  std::string action;         // "sqs:SendMessage"; batches ask as the single operation.
  std::string resource_arn;
  // Condition keys in lower case ("aws:sourcearn") and their values. A key that is not there has no value.
  std::vector<std::pair<std::string, std::string>> conditions;
};

enum class PolicyVerdict { kSilent, kAllows, kDenies };

// A policy, read once to be asked often. Requires a text that CheckPolicy accepts, or "".
class AccessPolicy {
 public:
  explicit AccessPolicy(absl::string_view text);

  // What it says: an explicit deny wins over every allow. What is not understood here (a condition operator) neither
  // allows nor lifts a deny.
  PolicyVerdict Evaluate(const AccessQuestion& question) const;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<Json> statements_;
};

// The action that grants `operation`: "sqs:SendMessage" for SendMessageBatch too.
std::string ActionOf(Operation operation);

}  // namespace sqs
