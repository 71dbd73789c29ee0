// GetQueueAttributes, SetQueueAttributes, TagQueue, UntagQueue, ListQueueTags.
// Rules: shared/spec/sqs.md, 3.4 and 4.
#include <bitset>
#include <memory>
#include <utility>

#include "account/accounts.h"
#include "account/attribute_changes.h"
#include "account/queue_address.h"
#include "account/redrive_policy.h"
#include "account/tags.h"
#include "api/attributes.h"
#include "api/errors.h"
#include "base/status.h"

namespace sqs {
namespace {

constexpr size_t kAttributesMax = 32;  // Room for every row of the table.

// Which rows of the table `names` ask for, "All" included.
absl::StatusOr<std::bitset<kAttributesMax>> ReadAttributeNames(const StringList& names) {
  const absl::Span<const AttributeInfo> rows = AllAttributes();
  std::bitset<kAttributesMax> wanted;
  for (const std::string& name : names) {
    if (name == "All") {
      wanted.set();
      continue;
    }
    const AttributeInfo* info = FindAttribute(name);
    if (info == nullptr) return UnknownAttribute(name);
    wanted.set(static_cast<size_t>(info - rows.data()));
  }
  return wanted;
}

ObservedAttributes Observe(const Queue& queue) {
  return ObservedAttributes{
      .queue_arn = queue.arn(),
      .approximate_number_of_messages = queue.visible_count(),
      .approximate_number_of_messages_not_visible = queue.in_flight_count(),
      .approximate_number_of_messages_delayed = queue.delayed_count(),
      .created_timestamp = absl::ToUnixSeconds(queue.created_at()),
      .last_modified_timestamp = absl::ToUnixSeconds(queue.last_modified_at()),
  };
}

}  // namespace

absl::StatusOr<GetQueueAttributesResult> Accounts::Handle(const GetQueueAttributesRequest& request,
                                                          const CallContext& context) {
  SQS_ASSIGN_OR_RETURN(const Queue* queue, Open(request, context));
  SQS_ASSIGN_OR_RETURN(const auto wanted, ReadAttributeNames(request.attribute_names));
  GetQueueAttributesResult result;
  if (wanted.none()) return result;
  const ObservedAttributes observed = Observe(*queue);
  const absl::Span<const AttributeInfo> rows = AllAttributes();
  for (size_t row = 0; row < rows.size(); ++row) {
    if (!wanted.test(row)) continue;
    std::optional<std::string> text = AttributeText(rows[row], queue->config(), observed);
    if (text.has_value()) result.attributes.emplace_back(rows[row].name, *std::move(text));
  }
  return result;
}

absl::StatusOr<SetQueueAttributesResult> Accounts::Handle(const SetQueueAttributesRequest& request,
                                                          const CallContext& context) {
  if (request.attributes.empty()) return MissingParameter("Attribute.Name");
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  QueueConfig config = queue->config();
  SQS_RETURN_IF_ERROR(ApplyAttributes(request.attributes, &config));
  if (const std::string* policy_text = FindValue(request.attributes, "RedrivePolicy"); policy_text != nullptr) {
    SQS_RETURN_IF_ERROR(
        CheckRedriveTarget(config.redrive_policy, *policy_text, queue->arn(), queue->fifo(), queue->name()));
  }
  Emit(queue->number(), context.now, QueueConfigured{std::make_shared<const QueueConfig>(std::move(config))});
  return SetQueueAttributesResult{};
}

absl::Status Accounts::CheckRedriveTarget(const RedrivePolicy& policy, absl::string_view policy_text,
                                          absl::string_view source_arn, bool source_is_fifo,
                                          const QueueName& source) const {
  if (policy.dead_letter_target_arn.empty()) return absl::OkStatus();
  QueueAddress address;
  const Queue* target = nullptr;
  if (ParseQueueArn(policy.dead_letter_target_arn, &address) && address.region == source.region &&
      address.account == source.account) {
    target = FindQueue(QueueName{source.region, source.account, std::string(address.name)});
  }
  if (target == nullptr) return InvalidRedrivePolicy(policy_text, "Dead letter target does not exist.");
  if (target->fifo() != source_is_fifo) {
    return InvalidRedrivePolicy(policy_text, "Dead-letter queue must be same type of queue as the source..");
  }
  if (!AllowsSource(target->config().redrive_allow_policy, source_arn)) {
    return InvalidRedrivePolicy(policy_text, "Dead-letter queue does not allow this queue as a source.");
  }
  return absl::OkStatus();
}

absl::StatusOr<TagQueueResult> Accounts::Handle(const TagQueueRequest& request, const CallContext& context) {
  if (request.tags.empty()) return MissingParameter("Tags");
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  SQS_RETURN_IF_ERROR(CheckTags(request.tags, queue->tags(), queue->name().name));
  Emit(queue->number(), context.now, QueueTagged{request.tags});
  return TagQueueResult{};
}

absl::StatusOr<UntagQueueResult> Accounts::Handle(const UntagQueueRequest& request, const CallContext& context) {
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  SQS_RETURN_IF_ERROR(CheckTagKeys(request.tag_keys));
  Emit(queue->number(), context.now, QueueUntagged{request.tag_keys});
  return UntagQueueResult{};
}

absl::StatusOr<ListQueueTagsResult> Accounts::Handle(const ListQueueTagsRequest& request, const CallContext& context) {
  SQS_ASSIGN_OR_RETURN(const Queue* queue, Open(request, context));
  return ListQueueTagsResult{queue->tags()};
}

}  // namespace sqs
