// CreateQueue, DeleteQueue, GetQueueUrl, ListQueues, ListDeadLetterSourceQueues, PurgeQueue.
// Rules: shared/spec/sqs.md, 3.1 to 3.3.
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "account/accounts.h"
#include "account/attribute_changes.h"
#include "account/queue_address.h"
#include "account/tags.h"
#include "api/errors.h"
#include "api/limits.h"
#include "base/status.h"

namespace sqs {
namespace {

// --- CreateQueue ----------------------------------------------------------------------------------------------------

// FifoQueue as asked for; a value that is no boolean counts as false here.
bool WantsFifo(const StringMap& attributes) {
  const std::string* text = FindValue(attributes, "FifoQueue");
  return text != nullptr && absl::EqualsIgnoreCase(*text, "true");
}

absl::Status CheckQueueName(absl::string_view name, bool fifo) {
  if (name.empty()) return SqsError(ErrorCode::kInvalidParameterValue, "Queue name cannot be empty");
  if (fifo && !IsFifoQueueName(name)) {
    return SqsError(ErrorCode::kInvalidParameterValue,
                    "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must "
                    "end with .fifo suffix and be 1 to 80 in length.");
  }
  if (!fifo && !IsStandardQueueName(name)) {
    return SqsError(ErrorCode::kInvalidParameterValue,
                    "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
  }
  return absl::OkStatus();
}

// The configuration of a queue to be made with `attributes`.
absl::StatusOr<QueueConfig> NewConfig(const StringMap& attributes) {
  QueueConfig config;
  // Apart from the others, since it says which of them there are. "false" goes on, to be an unknown attribute.
  if (const std::string* text = FindValue(attributes, "FifoQueue"); text != nullptr) {
    SQS_RETURN_IF_ERROR(ParseAttribute(*FindAttribute("FifoQueue"), *text, &config));
  }
  SQS_RETURN_IF_ERROR(ApplyAttributes(attributes, &config));
  return config;
}

// --- Lists ----------------------------------------------------------------------------------------------------------

struct PageRequest {
  std::string after;  // The name of the last queue of the page before; empty: from the start.
  size_t urls_max = kListedQueuesMax;
  bool gives_token = false;  // Only if MaxResults was given.
};

struct Page {
  StringList queue_urls;
  std::string next_token;
};

// A token is the base64 of the last URL given out.
absl::StatusOr<std::string> NameInToken(const std::string& token, const Caller& caller) {
  std::string url;
  QueueAddress last;
  if (absl::Base64Unescape(token, &url) && ParseQueueUrl(url, caller.region, caller.account, &last) &&
      last.region == caller.region && last.account == caller.account &&
      (IsStandardQueueName(last.name) || IsFifoQueueName(last.name))) {
    return std::string(last.name);
  }
  return SqsError(ErrorCode::kInvalidParameterValue, "Invalid or expired next token.");
}

absl::StatusOr<PageRequest> ReadPageRequest(const std::string& next_token, std::optional<int64_t> max_results,
                                            const Caller& caller) {
  PageRequest page;
  if (!next_token.empty()) {
    SQS_ASSIGN_OR_RETURN(page.after, NameInToken(next_token, caller));
  }
  if (max_results.value_or(0) != 0) {
    if (*max_results < 1 || *max_results > kListedQueuesMax) {
      return SqsError(ErrorCode::kInvalidParameterValue,
                      absl::StrCat("Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer "
                                   "between 1 and ",
                                   kListedQueuesMax, "."));
    }
    page.urls_max = static_cast<size_t>(*max_results);
    page.gives_token = true;
  }
  return page;
}

// The page of those `queues` of the account whose name starts with `prefix` and that `matches` accepts.
template <class QueueMap>
Page ListPage(const QueueMap& queues, const std::string& region, const std::string& account, const std::string& prefix,
              const PageRequest& request, absl::FunctionRef<bool(const Queue&)> matches,
              absl::FunctionRef<std::string(const Queue&)> url_of) {
  auto entry = request.after < prefix ? queues.lower_bound(QueueName{region, account, prefix})
                                      : queues.upper_bound(QueueName{region, account, request.after});
  Page page;
  for (; entry != queues.end(); ++entry) {
    const QueueName& name = entry->first;
    if (name.region != region || name.account != account || !absl::StartsWith(name.name, prefix)) break;
    const Queue& queue = *entry->second->queue;
    if (!matches(queue)) continue;
    if (page.queue_urls.size() == request.urls_max) {
      if (request.gives_token) page.next_token = absl::Base64Escape(page.queue_urls.back());
      break;
    }
    page.queue_urls.push_back(url_of(queue));
  }
  return page;
}

}  // namespace

std::string Accounts::QueueUrl(const Queue& queue, const Caller& caller) const {
  return MakeQueueUrl(caller.url_base, queue.name());
}

absl::StatusOr<CreateQueueResult> Accounts::Handle(const CreateQueueRequest& request, const CallContext& context) {
  SQS_RETURN_IF_ERROR(CheckQueueName(request.queue_name, WantsFifo(request.attributes)));
  const QueueName name{context.caller.region, context.caller.account, request.queue_name};
  SQS_ASSIGN_OR_RETURN(QueueConfig config, NewConfig(request.attributes));
  if (const std::string* policy_text = FindValue(request.attributes, "RedrivePolicy"); policy_text != nullptr) {
    SQS_RETURN_IF_ERROR(CheckRedriveTarget(config.redrive_policy, *policy_text, MakeQueueArn(name), config.fifo, name));
  }
  SQS_RETURN_IF_ERROR(CheckTags(request.tags, {}, name.name));

  if (const Queue* queue = std::as_const(*this).FindQueue(name); queue != nullptr) {
    SQS_ASSIGN_OR_RETURN(std::string url, ExistingQueueUrl(*queue, request.attributes, context));
    return CreateQueueResult{std::move(url)};
  }
  if (options_.strict) {
    const auto deleted = deleted_at_.find(name);
    if (deleted != deleted_at_.end() && context.now - deleted->second < kDeletedRecentlyInterval) {
      return SqsError(ErrorCode::kQueueDeletedRecently,
                      "You must wait 60 seconds after deleting a queue before you can create another with the same "
                      "name.");
    }
  }
  const QueueNumber number = next_number_;
  Emit(number, context.now,
       QueueCreated{.name = std::make_shared<const QueueName>(name),
                    .config = std::make_shared<const QueueConfig>(std::move(config)),
                    .tags = MergeTags({}, request.tags),
                    .handle_key = {random_.Next(), random_.Next()}});
  return CreateQueueResult{QueueUrl(*FindQueue(number), context.caller)};
}

// CreateQueue of a queue that exists: its URL, if it has the attributes asked for.
absl::StatusOr<std::string> Accounts::ExistingQueueUrl(const Queue& queue, const StringMap& attributes,
                                                       const CallContext& context) {
  QueueConfig wanted;
  wanted.fifo = queue.fifo();
  SQS_RETURN_IF_ERROR(ApplyAttributes(attributes, &wanted));
  if (const AttributeInfo* difference = FirstDifference(attributes, wanted, queue.config()); difference != nullptr) {
    return SqsError(ErrorCode::kQueueNameExists,
                    absl::StrCat("A queue already exists with the same name and a different value for attribute ",
                                 difference->name));
  }
  return QueueUrl(queue, context.caller);
}

absl::StatusOr<DeleteQueueResult> Accounts::Handle(const DeleteQueueRequest& request, const CallContext& context) {
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  Emit(queue->number(), context.now, QueueDeleted{});
  return DeleteQueueResult{};
}

void Accounts::DeleteAllQueues(absl::Time now) {
  while (!records_.empty()) Emit(records_.begin()->first, now, QueueDeleted{});
  deleted_at_.clear();
}

absl::StatusOr<GetQueueUrlResult> Accounts::Handle(const GetQueueUrlRequest& request, const CallContext& context) {
  if (request.queue_name.empty()) {
    return SqsError(ErrorCode::kInvalidParameterValue,
                    "Value for parameter QueueName is invalid. Reason: Must specify a queue name.");
  }
  const std::string& owner = request.queue_owner_aws_account_id;
  const QueueName name{context.caller.region, owner.empty() ? context.caller.account : owner, request.queue_name};
  const Queue* queue = std::as_const(*this).FindQueue(name);
  if (queue == nullptr) return QueueDoesNotExist();
  if (!Permit(*queue, Operation::kGetQueueUrl, kGrantable, context.caller).ok()) {
    return SqsError(ErrorCode::kQueueDoesNotExist,
                    "The specified queue does not exist or you do not have access to it.");
  }
  return GetQueueUrlResult{QueueUrl(*queue, context.caller)};
}

absl::StatusOr<ListQueuesResult> Accounts::Handle(const ListQueuesRequest& request, const CallContext& context) {
  const Caller& caller = context.caller;
  SQS_ASSIGN_OR_RETURN(const PageRequest page_request,
                       ReadPageRequest(request.next_token, request.max_results, caller));
  Page page = ListPage(
      in_name_order_, caller.region, caller.account, request.queue_name_prefix, page_request,
      [](const Queue&) { return true; }, [&](const Queue& queue) { return QueueUrl(queue, caller); });
  return ListQueuesResult{std::move(page.queue_urls), std::move(page.next_token)};
}

// Its sources are in the account and region of the dead-letter queue (4.4), whoever asks.
absl::StatusOr<ListDeadLetterSourceQueuesResult> Accounts::Handle(const ListDeadLetterSourceQueuesRequest& request,
                                                                  const CallContext& context) {
  SQS_ASSIGN_OR_RETURN(const Queue* target, Open(request, context));
  const QueueName& name = target->name();
  const Caller owner{name.account, name.region, context.caller.url_base};
  SQS_ASSIGN_OR_RETURN(const PageRequest page_request, ReadPageRequest(request.next_token, request.max_results, owner));
  Page page = ListPage(
      in_name_order_, name.region, name.account, /*prefix=*/"", page_request,
      [&](const Queue& queue) { return queue.config().redrive_policy.dead_letter_target_arn == target->arn(); },
      [&](const Queue& queue) { return QueueUrl(queue, context.caller); });
  return ListDeadLetterSourceQueuesResult{std::move(page.queue_urls), std::move(page.next_token)};
}

absl::StatusOr<PurgeQueueResult> Accounts::Handle(const PurgeQueueRequest& request, const CallContext& context) {
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  const std::optional<absl::Time> purged_at = queue->purged_at();
  if (options_.strict && purged_at.has_value() && context.now - *purged_at < kPurgeInterval) {
    return SqsError(
        ErrorCode::kPurgeQueueInProgress,
        absl::StrCat("Only one PurgeQueue operation on ", queue->name().name, " is allowed every 60 seconds."));
  }
  Emit(queue->number(), context.now, QueuePurged{});
  return PurgeQueueResult{};
}

}  // namespace sqs
