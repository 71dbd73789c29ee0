// ReceiveMessage (shared/spec/sqs.md, 5.5, 6.3, 6.4, 6.8, 7.4, 7.5, 8.1, 8.2).

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "account/accounts.h"
#include "account/message_rules.h"
#include "account/system_attribute_values.h"
#include "base/status.h"

namespace sqs {
namespace {

absl::Status CheckRange(const std::optional<int64_t>& value, int64_t low, int64_t high, absl::string_view parameter,
                        absl::string_view reason) {
  if (!value.has_value() || (*value >= low && *value <= high)) return absl::OkStatus();
  return InvalidValue(absl::StrCat(*value), parameter, reason);
}

// In the order of the members, which is that of the model.
absl::Status CheckNumbers(const ReceiveMessageRequest& request) {
  SQS_RETURN_IF_ERROR(CheckRange(request.max_number_of_messages, kMaxMessagesMin, kMaxMessagesMax,
                                 "MaxNumberOfMessages", "Must be between 1 and 10, if provided."));
  SQS_RETURN_IF_ERROR(CheckRange(request.visibility_timeout, 0, kVisibilityTimeoutSecondsMax, "VisibilityTimeout",
                                 "Must be >= 0 and <= 43200, if provided."));
  return CheckRange(request.wait_time_seconds, 0, kWaitTimeSecondsMax, "WaitTimeSeconds",
                    "Must be >= 0 and <= 20, if provided.");
}

absl::Status AddSystemAttributes(const StringList& names, SystemAttributeSet* set) {
  for (const std::string& name : names) {
    const std::optional<SystemAttributeSet> named = SystemAttributesNamed(name);
    if (!named.has_value()) return UnknownAttribute(name);
    *set |= *named;
  }
  return absl::OkStatus();
}

// "All", ".*" and "*" are everything; "prefix.*" is every name that starts with the text before ".*" (5.5).
void SetMessageAttributeNames(const StringList& names, PreparedReceive* receive) {
  for (const std::string& name : names) {
    if (name == "All" || name == ".*" || name == "*") {
      receive->all_message_attributes = true;
    } else if (absl::EndsWith(name, ".*")) {
      receive->message_attribute_prefixes.push_back(name.substr(0, name.size() - 2));
    } else {
      receive->message_attribute_names.push_back(name);
    }
  }
}

bool Wants(const PreparedReceive& receive, absl::string_view name) {
  if (receive.all_message_attributes) return true;
  const auto& names = receive.message_attribute_names;
  if (std::any_of(names.begin(), names.end(), [name](const std::string& n) { return name == n; })) return true;
  const auto& prefixes = receive.message_attribute_prefixes;
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [name](const std::string& prefix) { return absl::StartsWith(name, prefix); });
}

int64_t PayloadBytes(const Payload& payload) {
  const int64_t attributes = payload.extras() == nullptr ? 0 : AttributeBytes(payload.extras()->message_attributes);
  return static_cast<int64_t>(payload.body().size()) + attributes;
}

// What to answer of the i-th message.
const PayloadPtr& ContentOf(const Message& message, const Contents& contents, size_t i) {
  return contents.empty() ? message.payload : contents[i];
}

}  // namespace

absl::StatusOr<ReceiveMessageResult> Accounts::Handle(const ReceiveMessageRequest& request,
                                                      const CallContext& context) {
  SQS_ASSIGN_OR_RETURN(PreparedReceive receive, Prepare(request, context));
  return Receive(receive, context, /*last_try=*/true);
}

absl::StatusOr<PreparedReceive> Accounts::Prepare(const ReceiveMessageRequest& request, const CallContext& context) {
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  PreparedReceive receive;
  receive.queue = queue->number();
  SQS_RETURN_IF_ERROR(AddSystemAttributes(request.attribute_names, &receive.system_attributes));
  SQS_RETURN_IF_ERROR(AddSystemAttributes(request.message_system_attribute_names, &receive.system_attributes));
  SetMessageAttributeNames(request.message_attribute_names, &receive);
  SQS_RETURN_IF_ERROR(CheckNumbers(request));
  if (queue->fifo() && request.receive_request_attempt_id.has_value()) {
    if (!IsFifoId(*request.receive_request_attempt_id)) {  // [ours], after the text of 7.2
      return InvalidValue(*request.receive_request_attempt_id, "ReceiveRequestAttemptId",
                          absl::StrCat("ReceiveRequestAttemptId can only include alphanumeric and punctuation "
                                       "characters. 1 to ",
                                       kReceiveRequestAttemptIdMax, " in length."));
    }
    receive.attempt_id = *request.receive_request_attempt_id;
  }
  SQS_RETURN_IF_ERROR(AdmitFifo(*queue, Operation::kReceiveMessage, 1, context.now));
  receive.max_messages = static_cast<int>(request.max_number_of_messages.value_or(1));
  if (request.visibility_timeout.has_value()) receive.visibility_timeout = absl::Seconds(*request.visibility_timeout);
  receive.wait_time =
      absl::Seconds(request.wait_time_seconds.value_or(queue->config().receive_message_wait_time_seconds));
  return receive;
}

absl::StatusOr<ReceiveMessageResult> Accounts::Receive(const PreparedReceive& receive, const CallContext& context,
                                                       bool last_try) {
  Queue* queue = FindQueue(receive.queue);
  if (queue == nullptr) return ReceiveMessageResult();  // Deleted while the receive waited (3.2).
  call_cost_.queue_type = queue->fifo() ? QueueType::kFifo : QueueType::kStandard;
  if (!receive.attempt_id.empty()) {
    const auto* attempt = queue->FindAttempt(receive.attempt_id, context.now);
    if (attempt != nullptr) return RepeatAttempt(*queue, receive, *attempt, context.now);
  }
  const int room = InFlightRoom(*queue);
  if (room <= 0 && !queue->fifo() && receive.wait_time == absl::ZeroDuration()) {
    return SqsError(ErrorCode::kOverLimit,
                    "Too many messages have been received without being deleted.\nPlease delete your received messages "
                    "or let them timeout before receiving more.");
  }

  ReceiveMessageResult result;
  if (room > 0) {
    Queue* dead_letter_queue = nullptr;
    const SelectOptions options =
        SelectionFor(*queue, std::min(receive.max_messages, room), context.now, &dead_letter_queue);
    const Selection selection = Choose(*queue, receive, options);
    // Places first: moving and delivering use slots anew.
    absl::InlinedVector<MessagePlace, kMaxMessagesMax> places;
    for (uint32_t slot : selection.deliver) places.push_back(queue->PlaceOf(slot));
    Contents contents;
    SQS_RETURN_IF_ERROR(LoadContents(*queue, places, &contents));  // It may fail, and nothing has changed yet.
    for (uint32_t slot : selection.dead) MoveToDeadLetterQueue(*queue, *dead_letter_queue, slot, context.now);
    result.messages.resize(places.size());
    for (size_t i = 0; i < places.size(); ++i) {
      const PayloadPtr& content = ContentOf(*queue->Find(places[i]), contents, i);
      Deliver(*queue, places[i], content, receive, context.now, &result.messages[i]);
    }
    if (!places.empty() && !receive.attempt_id.empty()) {
      Emit(queue->number(), context.now, ReceiveAttempted{receive.attempt_id, {places.begin(), places.end()}});
    }
  }
  if (result.messages.empty() && last_try) Emit(queue->number(), context.now, ReceivedNothing{});
  return result;
}

int Accounts::InFlightRoom(const Queue& queue) const {
  const int64_t room = faults_.in_flight_max.value_or(options_.in_flight_max) - queue.in_flight_count();
  return static_cast<int>(std::clamp<int64_t>(room, 0, kMaxMessagesMax));
}

SelectOptions Accounts::SelectionFor(const Queue& queue, int max_messages, absl::Time now, Queue** dead_letter_queue) {
  SelectOptions options{.max_messages = max_messages, .max_receive_count = 0, .now = now};
  const RedrivePolicy& policy = queue.config().redrive_policy;
  if (!policy.dead_letter_target_arn.empty()) {
    *dead_letter_queue = FindByArn(policy.dead_letter_target_arn);
    // The target is gone: the message stays and goes on being delivered (8.1).
    if (*dead_letter_queue != nullptr) options.max_receive_count = policy.max_receive_count;
  }
  return options;
}

// Selects, with the faults that a standard queue allows itself.
Selection Accounts::Choose(const Queue& queue, const PreparedReceive& receive, SelectOptions options) {
  Selection selection;
  const int wanted = options.max_messages;
  if (queue.fifo()) {
    queue.Select(options, &selection);
    return selection;
  }
  // A short poll asks some of the servers only; a long poll asks all (developer guide, "short and long polling").
  int found = wanted;
  if (receive.wait_time == absl::ZeroDuration() && random_.Chance(faults_.sample)) {
    found = static_cast<int>(random_.Below(static_cast<uint64_t>(wanted)));
  }
  const bool reorder = random_.Chance(faults_.reorder);
  if (reorder) options.max_messages = wanted * 5;
  if (found == 0) return selection;
  queue.Select(options, &selection);
  if (reorder) {
    for (size_t i = selection.deliver.size(); i > 1; --i) {
      std::swap(selection.deliver[i - 1], selection.deliver[random_.Below(i)]);
    }
  }
  if (selection.deliver.size() > static_cast<size_t>(found)) selection.deliver.resize(found);
  return selection;
}

void Accounts::MoveToDeadLetterQueue(Queue& source, Queue& target, uint32_t slot, absl::Time now) {
  const MessagePlace place = source.PlaceOf(slot);
  const Message& message = *source.Find(place);
  const Payload& payload = *message.payload;
  auto extras = std::make_unique<PayloadExtras>(payload.extras() == nullptr ? PayloadExtras() : *payload.extras());
  extras->dead_letter_source_arn = source.arn();
  extras->receives_before = message.receive_count;
  if (extras->sender_id.empty() && source.name().account != target.name().account) {
    extras->sender_id = source.name().account;
  }
  absl::Time retained_from = payload.retained_from();
  if (source.fifo()) {
    // Two messages that share a deduplication id are both kept, and the retention period starts anew (8.2).
    extras->deduplication_id = payload.id().ToString();
    extras->sent_at = payload.sent_at();
    retained_from = now;
  }
  PayloadPtr moved = PayloadPtr::MakeFrom(payload, payload.id(), retained_from, std::move(extras));
  Emit(source.number(), now, Moved{place, target.number(), target.NextPlace(), std::move(moved)});
}

void Accounts::Deliver(Queue& queue, MessagePlace place, const PayloadPtr& content, const PreparedReceive& receive,
                       absl::Time now, ReceivedMessage* received) {
  const Message& message = *queue.Find(place);
  absl::Duration timeout = receive.visibility_timeout.value_or(queue.config().visibility());
  // Delivered twice: the message stays where the next receive finds it.
  if (!queue.fifo() && random_.Chance(faults_.duplicate)) timeout = absl::ZeroDuration();
  Emit(queue.number(), now, Received{place, message.payload, message.receive_count + 1, now + timeout});
  call_cost_.payload_bytes += PayloadBytes(*content);
  Render(queue, message, place, content, receive, received);
}

void Accounts::Render(const Queue& queue, const Message& message, MessagePlace place, const PayloadPtr& content,
                      const PreparedReceive& receive, ReceivedMessage* received) {
  const Payload& payload = *message.payload;
  received->message_id = payload.id().ToText();
  received->receipt_handle = queue.MakeReceiptHandle(place, message.receive_count);
  received->md5_of_body = HexLower(payload.body_md5());
  received->content = content;
  received->body = Text::Borrow(content->body());
  if (receive.system_attributes != 0) {
    received->attributes = SystemAttributesOf(message, queue.name().account, queue.fifo(), receive.system_attributes);
  }
  if (content->extras() == nullptr) return;
  for (const auto& attribute : content->extras()->message_attributes) {
    if (Wants(receive, attribute.first)) received->message_attributes.push_back(attribute);
  }
  // Of what is returned, not of what was sent (5.4).
  received->md5_of_message_attributes = Md5OfAttributes(received->message_attributes);
}

absl::StatusOr<ReceiveMessageResult> Accounts::RepeatAttempt(Queue& queue, const PreparedReceive& receive,
                                                             const ReceiveAttempts::Attempt& attempt, absl::Time now) {
  std::vector<MessagePlace> places;
  Contents contents;
  for (const ReceiveAttempts::Delivered& delivered : attempt.messages) {
    const Message* message = queue.Find(delivered.place);
    if (message == nullptr || message->receive_count != delivered.receive_count ||
        absl::FromUnixNanos(message->visible_at_ns) != delivered.visible_at) {
      return InvalidValue(receive.attempt_id, "ReceiveRequestAttemptId",
                          "The receiveRequestAttemptId is not valid anymore since the receive call is not retryable.");
    }
    places.push_back(delivered.place);
  }
  SQS_RETURN_IF_ERROR(LoadContents(queue, places, &contents));
  const absl::Time visible_at = now + receive.visibility_timeout.value_or(queue.config().visibility());
  ReceiveMessageResult result;
  for (size_t i = 0; i < places.size(); ++i) {
    const Message& message = *queue.Find(places[i]);
    const PayloadPtr& content = ContentOf(message, contents, i);
    Emit(queue.number(), now, VisibilityChanged{places[i], message.payload, visible_at});
    call_cost_.payload_bytes += PayloadBytes(*content);
    Render(queue, message, places[i], content, receive, &result.messages.emplace_back());
  }
  Emit(queue.number(), now, ReceiveAttempted{receive.attempt_id, std::move(places)});
  return result;
}

}  // namespace sqs
