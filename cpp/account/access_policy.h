// The attribute Policy: which documents are accepted, and the statements that AddPermission and RemovePermission write
// into it. Policies are stored as given; nothing here evaluates one. Source: shared/spec/sqs.md, 3.5 and 4.3.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/fields.h"

namespace sqs {

// Checks the text of the attribute; the empty text, which removes a policy, is fine.
//
// Errors: InvalidAttributeValue for what is no policy or beyond its limits; OverLimit for too many statements.
absl::Status CheckPolicy(absl::string_view text);

// Whether two policies are the same document, white space and order of members aside.
bool SamePolicy(absl::string_view a, absl::string_view b);

// `policy` with one more statement that allows `actions` ("SendMessage") to `account_ids` on the queue of `queue_arn`;
// an empty policy is begun.
//
// Requires a policy that CheckPolicy accepts and validated accounts and actions.
// Errors: InvalidParameterValue if there is a statement `label` already; OverLimit if the policy would grow too large.
absl::StatusOr<std::string> AddStatement(absl::string_view policy, absl::string_view queue_arn, absl::string_view label,
                                         const StringList& account_ids, const StringList& actions);

// `policy` without the statement `label`; empty if it was the last one. InvalidParameterValue if there is none.
absl::StatusOr<std::string> RemoveStatement(absl::string_view policy, absl::string_view label);

}  // namespace sqs
