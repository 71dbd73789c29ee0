// AddPermission and RemovePermission: statements of the attribute Policy. Rules: shared/spec/sqs.md, 3.5.
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "account/access_policy.h"
#include "account/accounts.h"
#include "account/queue_address.h"
#include "api/errors.h"
#include "api/limits.h"
#include "base/status.h"

namespace sqs {
namespace {

// Labels have the characters and the length of queue names.
absl::Status CheckLabel(absl::string_view label) {
  if (IsStandardQueueName(label)) return absl::OkStatus();
  return InvalidValue(label, "Label",
                      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.");
}

absl::Status CheckAccountIds(const StringList& account_ids) {
  StringList refused;
  for (const std::string& account : account_ids) {
    if (!IsAccountId(account)) refused.push_back(account);
  }
  if (!account_ids.empty() && refused.empty()) return absl::OkStatus();
  return InvalidValue(absl::StrCat("[", absl::StrJoin(refused, ", "), "]"), "PrincipalId", "Unable to verify.");
}

// What may be granted is what another account can do at all, and "*". Batch forms come with the single ones.
absl::Status CheckAction(absl::string_view action) {
  if (action == "*") return absl::OkStatus();
  absl::string_view reason = "Please refer to the appropriate WSDL for a list of valid actions. ";
  if (!absl::EndsWith(action, "Batch")) {
#define SQS_CHECK_ACTION(Name, who)                                    \
  if (action == #Name) {                                               \
    if (who == kGrantable) return absl::OkStatus();                    \
    reason = "Only the queue owner is allowed to invoke this action."; \
  }
    SQS_OPERATIONS(SQS_CHECK_ACTION)
#undef SQS_CHECK_ACTION
  }
  return InvalidValue(absl::StrCat("SQS:", action), "ActionName", reason);
}

absl::Status CheckActions(const StringList& actions) {
  for (const std::string& action : actions) SQS_RETURN_IF_ERROR(CheckAction(action));
  if (actions.size() <= kPermissionActionsMax) return absl::OkStatus();
  return SqsError(ErrorCode::kOverLimit,
                  absl::StrCat(actions.size(), " Actions were found, maximum allowed is ", kPermissionActionsMax, "."));
}

QueueConfigured WithPolicy(const Queue& queue, std::string policy) {
  QueueConfig config = queue.config();
  config.policy = std::move(policy);
  return QueueConfigured{std::make_shared<const QueueConfig>(std::move(config))};
}

}  // namespace

absl::StatusOr<AddPermissionResult> Accounts::Handle(const AddPermissionRequest& request, const CallContext& context) {
  if (request.label.empty()) return MissingParameter("Label");
  if (request.actions.empty()) return MissingParameter("Actions");
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  SQS_RETURN_IF_ERROR(CheckLabel(request.label));
  SQS_RETURN_IF_ERROR(CheckAccountIds(request.aws_account_ids));
  SQS_RETURN_IF_ERROR(CheckActions(request.actions));
  SQS_ASSIGN_OR_RETURN(std::string policy, AddStatement(queue->config().policy, queue->arn(), request.label,
                                                        request.aws_account_ids, request.actions));
  Emit(queue->number(), context.now, WithPolicy(*queue, std::move(policy)));
  return AddPermissionResult{};
}

absl::StatusOr<RemovePermissionResult> Accounts::Handle(const RemovePermissionRequest& request,
                                                        const CallContext& context) {
  if (request.label.empty()) return MissingParameter("Label");
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  SQS_ASSIGN_OR_RETURN(std::string policy, RemoveStatement(queue->config().policy, request.label));
  Emit(queue->number(), context.now, WithPolicy(*queue, std::move(policy)));
  return RemovePermissionResult{};
}

}  // namespace sqs
