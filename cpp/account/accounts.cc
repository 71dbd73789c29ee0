#include "account/accounts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace sqs {

namespace {

std::string PrincipalArnOf(const Caller& caller) {
  if (!caller.principal_arn.empty()) return caller.principal_arn;
  return absl::StrCat("arn:", PartitionOf(caller.region), ":iam::", caller.account, ":root");
}

// The refusal of 1.6; the action in lower case, as the service writes it.
absl::Status Refusal(const Queue& queue, Operation operation, const Caller& caller, bool explicit_deny) {
  const std::string action = absl::StrCat("sqs:", absl::AsciiStrToLower(kOperationNames[static_cast<int>(operation)]));
  const std::string reason = explicit_deny
                                 ? std::string(" with an explicit deny in a resource-based policy")
                                 : absl::StrCat(" because no identity-based policy allows the ", action, " action");
  return SqsError(ErrorCode::kAccessDenied,
                  absl::StrCat("User: ", PrincipalArnOf(caller), " is not authorized to perform: ", action,
                               " on resource: ", queue.arn(), reason));
}

AccessQuestion QuestionOf(const Queue& queue, Operation operation, const Caller& caller) {
  AccessQuestion question{PrincipalArnOf(caller), caller.account, ActionOf(operation), queue.arn(), {}};
  question.conditions = {{"aws:principalarn", question.principal_arn},
                         {"aws:principalaccount", caller.account},
                         {"aws:securetransport", caller.secure_transport ? "true" : "false"}};
  if (!caller.source_arn.empty()) question.conditions.emplace_back("aws:sourcearn", caller.source_arn);
  return question;
}

}  // namespace

absl::Status Accounts::Permit(const Queue& queue, Operation operation, CrossAccountUse use, const Caller& caller) {
  const bool owner = queue.name().account == caller.account;
  if (use == kOwnerOnly && !owner) return Refusal(queue, operation, caller, /*explicit_deny=*/false);
  if (!caller.check_access && !options_.enforce_policies) return absl::OkStatus();
  // Read again only when it has been changed: reading is most of the work.
  std::unique_ptr<const AccessPolicy>& policy = RecordOf(queue).policy;
  if (policy == nullptr || policy->text() != queue.config().policy) {
    policy = std::make_unique<const AccessPolicy>(queue.config().policy);
  }
  const PolicyVerdict verdict = policy->Evaluate(QuestionOf(queue, operation, caller));
  if (verdict == PolicyVerdict::kDenies) return Refusal(queue, operation, caller, /*explicit_deny=*/true);
  if (!owner && verdict != PolicyVerdict::kAllows) return Refusal(queue, operation, caller, /*explicit_deny=*/false);
  return absl::OkStatus();
}

Accounts::Accounts(Options options) : options_(options), random_(options.seed) {}

absl::StatusOr<Queue*> Accounts::Open(absl::string_view queue_url, Operation operation, CrossAccountUse use,
                                      const CallContext& context) {
  const Caller& caller = context.caller;
  QueueRecord* record = by_url_.Find(queue_url, caller.region, caller.account);
  if (record == nullptr) {
    QueueAddress address;
    if (!ParseQueueUrl(queue_url, caller.region, caller.account, &address)) return QueueDoesNotExist();
    const auto found = by_name_.find(address);
    if (found == by_name_.end()) return QueueDoesNotExist();
    record = found->second;
    by_url_.Remember(queue_url, caller.region, caller.account, record);
  }
  Queue& queue = *record->queue;
  call_cost_.queue_type = queue.fifo() ? QueueType::kFifo : QueueType::kStandard;
  SQS_RETURN_IF_ERROR(Permit(queue, operation, use, caller));
  return &queue;
}

absl::Status Accounts::Admit() {
  if (!random_.Chance(faults_.throttle)) return absl::OkStatus();
  return SqsError(ErrorCode::kRequestThrottled, "Request is throttled.");
}

Queue* Accounts::FindByArn(absl::string_view arn) {
  QueueAddress address;
  if (!ParseQueueArn(arn, &address)) return nullptr;
  const auto found = by_name_.find(address);
  return found == by_name_.end() ? nullptr : found->second->queue.get();
}

Queue* Accounts::FindQueue(QueueNumber number) {
  const auto found = records_.find(number);
  return found == records_.end() ? nullptr : found->second.queue.get();
}

const Queue* Accounts::FindQueue(QueueNumber number) const {
  const auto found = records_.find(number);
  return found == records_.end() ? nullptr : found->second.queue.get();
}

const Queue* Accounts::FindQueue(const QueueName& name) const {
  const auto found = by_name_.find(QueueAddress{name.region, name.account, name.name});
  return found == by_name_.end() ? nullptr : found->second->queue.get();
}

std::vector<const Queue*> Accounts::queues() const {
  std::vector<const Queue*> queues;
  for (const auto& [number, record] : records_) queues.push_back(record.queue.get());
  return queues;
}

std::string Accounts::Dump(absl::Time now) const {
  std::string text;
  for (const auto& [number, record] : records_) {
    absl::StrAppend(&text, record.queue->Dump(now), DumpSettings(*record.queue));
    for (const auto& task : record.tasks) {
      absl::StrAppend(&text, "  task ", task->id.ToString(), " ", task->StatusText(), " to ", task->destination_arn,
                      " rate ", task->max_per_second.value_or(0), " moved ", task->moved, " of ", task->to_move,
                      " started ", absl::ToUnixNanos(task->started_at), " next ", absl::ToUnixNanos(task->next_step_at),
                      " paced from ", absl::ToUnixNanos(task->paced_from), " by ", task->moved_since_paced, " ",
                      task->failure_reason, "\n");
    }
  }
  for (const auto& [name, at] : deleted_at_) {
    if (now - at >= kDeletedRecentlyInterval) continue;
    absl::StrAppend(&text, "deleted ", name.region, " ", name.account, " ", name.name, " ", absl::ToUnixNanos(at),
                    "\n");
  }
  return text;
}

std::string Accounts::DumpSettings(const Queue& queue) {
  const QueueConfig& config = queue.config();
  std::string text = absl::StrCat("  created ", absl::ToUnixNanos(queue.created_at()), " modified ",
                                  absl::ToUnixNanos(queue.last_modified_at()), " purged ",
                                  queue.purged_at().has_value() ? absl::ToUnixNanos(*queue.purged_at()) : 0, "\n");
  absl::StrAppend(&text, "  delay ", config.delay_seconds, " size ", config.maximum_message_size, " retention ",
                  config.message_retention_period, " wait ", config.receive_message_wait_time_seconds, " visibility ",
                  config.visibility_timeout, "\n  policy ", config.policy, "\n  redrive ",
                  config.redrive_policy.dead_letter_target_arn, " ", config.redrive_policy.max_receive_count, " allow ",
                  config.redrive_allow_policy, "\n");
  absl::StrAppend(&text, "  kms ", config.kms_master_key_id, " ", config.kms_data_key_reuse_period_seconds, " sse ",
                  config.sqs_managed_sse_enabled, " fifo ", config.fifo, " content ",
                  config.content_based_deduplication, " scope ", static_cast<int>(config.deduplication_scope),
                  " limit ", static_cast<int>(config.fifo_throughput_limit), "\n");
  return text;
}

}  // namespace sqs
