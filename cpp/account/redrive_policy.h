// RedrivePolicy (of a source queue) and RedriveAllowPolicy (of a dead-letter queue): their JSON and its rules, as far
// as they concern one document. Whether the target exists is for Accounts::CheckRedriveTarget.
// Source: shared/spec/sqs.md, 4.4 and 4.5.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/queue_config.h"

namespace sqs {

// Reads the attribute RedrivePolicy. Empty text: no policy. The count may be a number or a string of digits.
//
// Errors: InvalidParameterValue with the reasons of 4.4.
absl::StatusOr<RedrivePolicy> ParseRedrivePolicy(absl::string_view text);

// "Value <text> for parameter RedrivePolicy is invalid. Reason: <reason>".
absl::Status InvalidRedrivePolicy(absl::string_view text, absl::string_view reason);

// Reads the attribute RedriveAllowPolicy and returns its canonical form: compact, redrivePermission first. Empty text:
// empty, which means allowAll.
//
// Errors: InvalidParameterValue with the texts of 4.5.
absl::StatusOr<std::string> NormalizeRedriveAllowPolicy(absl::string_view text);

// Whether a dead-letter queue with this (normalized) policy takes `source_arn` as a source.
bool AllowsSource(absl::string_view redrive_allow_policy, absl::string_view source_arn);

}  // namespace sqs
