// SendMessage and SendMessageBatch (shared/spec/sqs.md, 5, 7.1 to 7.3, 9).

#include <memory>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "account/accounts.h"
#include "account/batch.h"
#include "account/message_rules.h"
#include "base/digest.h"
#include "base/status.h"

namespace sqs {
namespace {

absl::Status CheckSize(const QueueConfig& config, const MessageToSend& message, absl::string_view opening) {
  if (MessageBytes(message) <= config.maximum_message_size) return absl::OkStatus();
  return SqsError(ErrorCode::kInvalidParameterValue, absl::StrCat(opening, " Reason: Message must be shorter than ",
                                                                  config.maximum_message_size, " bytes."));
}

constexpr char kInvalid[] = "One or more parameters are invalid.";
constexpr char kCannotBeValidated[] = "One or more parameters cannot be validated.";

// What fails the whole request although it is the fault of an entry (7.1, 9).
absl::Status CheckFifoBatch(const QueueConfig& config, const std::vector<SendMessageBatchRequestEntry>& entries) {
  for (const SendMessageBatchRequestEntry& entry : entries) {
    const absl::Status status = CheckFifoIds(config, entry.message);
    if (!status.ok()) return SqsError(ErrorCode::kInvalidParameterValue, status.message());
  }
  for (const SendMessageBatchRequestEntry& entry : entries) {
    SQS_RETURN_IF_ERROR(CheckSize(config, entry.message, kInvalid));
  }
  return absl::OkStatus();
}

absl::Status CheckEntry(const QueueConfig& config, const SendMessageBatchRequestEntry& entry, size_t number) {
  if (entry.message.message_body.empty()) {
    return MissingParameter(absl::StrCat("SendMessageBatchRequestEntry.", number, ".MessageBody"));
  }
  SQS_RETURN_IF_ERROR(CheckMessage(config, entry.message, /*in_batch=*/true));
  return CheckSize(config, entry.message, kCannotBeValidated);
}

int64_t TotalBytes(const std::vector<SendMessageBatchRequestEntry>& entries) {
  int64_t bytes = 0;
  for (const SendMessageBatchRequestEntry& entry : entries) bytes += MessageBytes(entry.message);
  return bytes;
}

absl::Status CheckTotalBytes(int64_t bytes) {
  if (bytes <= kBatchBytesMax) return absl::OkStatus();
  return SqsError(ErrorCode::kBatchRequestTooLong, absl::StrCat("Batch requests cannot be longer than ", kBatchBytesMax,
                                                                " bytes. You have sent ", bytes, " bytes."));
}

// Before the bodies are hashed, so that both take place at once.
void Expect(const Queue& queue, const MessageToSend& message) {
  if (!queue.fifo() || !message.message_group_id.has_value() || !message.message_deduplication_id.has_value()) return;
  queue.ExpectSend(*message.message_group_id, *message.message_deduplication_id);
}

using BodyDigests = absl::InlinedVector<Md5Digest, kBatchEntriesMax>;

BodyDigests BodyDigestsOf(const std::vector<SendMessageBatchRequestEntry>& entries) {
  absl::InlinedVector<absl::string_view, kBatchEntriesMax> bodies;
  for (const SendMessageBatchRequestEntry& entry : entries) bodies.push_back(entry.message.message_body);
  BodyDigests md5s(bodies.size());
  Md5Each(bodies.data(), bodies.size(), md5s.data());
  return md5s;
}

std::string TraceHeaderOf(const MessageToSend& message) {
  for (const auto& [name, value] : message.message_system_attributes) {
    if (name == "AWSTraceHeader") return value.string_value.value_or("");
  }
  return "";
}

// Null for a message with a body and nothing else, which most are.
std::unique_ptr<PayloadExtras> ExtrasOf(const Queue& queue, const MessageToSend& message, const Caller& caller,
                                        absl::string_view deduplication_id) {
  const bool foreign = caller.account != queue.name().account;
  if (message.message_attributes.empty() && message.message_system_attributes.empty() &&
      !message.message_group_id.has_value() && !foreign) {
    return nullptr;
  }
  auto extras = std::make_unique<PayloadExtras>();
  extras->message_attributes = message.message_attributes;
  extras->trace_header = TraceHeaderOf(message);
  extras->group_id = message.message_group_id.value_or("");
  extras->deduplication_id = std::string(deduplication_id);
  if (foreign) extras->sender_id = caller.account;
  return extras;
}

}  // namespace

absl::StatusOr<SendMessageResult> Accounts::Handle(const SendMessageRequest& request, const CallContext& context) {
  const MessageToSend& message = request.message;
  if (message.message_body.empty()) return MissingParameter("MessageBody");
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  call_cost_.payload_bytes = MessageBytes(message);
  Expect(*queue, message);
  if (queue->fifo()) SQS_RETURN_IF_ERROR(CheckFifoIds(queue->config(), message));
  SQS_RETURN_IF_ERROR(CheckMessage(queue->config(), message, /*in_batch=*/false));
  SQS_RETURN_IF_ERROR(CheckSize(queue->config(), message, kInvalid));
  if (queue->fifo()) {
    const absl::string_view group = *message.message_group_id;
    SQS_RETURN_IF_ERROR(AdmitFifo(*queue, Operation::kSendMessage, 1, context.now, {group}));
  }
  return SendMessageResult{Send(*queue, message, Md5(message.message_body), context)};
}

absl::StatusOr<SendMessageBatchResult> Accounts::Handle(const SendMessageBatchRequest& request,
                                                        const CallContext& context) {
  if (!request.entries.has_value()) return MissingParameter("Entries");
  SQS_ASSIGN_OR_RETURN(Queue * queue, Open(request, context));
  SQS_RETURN_IF_ERROR(CheckBatch(request.entries, "SendMessageBatchRequestEntry"));
  const std::vector<SendMessageBatchRequestEntry>& entries = *request.entries;
  call_cost_.payload_bytes = TotalBytes(entries);
  SQS_RETURN_IF_ERROR(CheckTotalBytes(call_cost_.payload_bytes));
  if (queue->fifo()) SQS_RETURN_IF_ERROR(CheckFifoBatch(queue->config(), entries));
  SQS_RETURN_IF_ERROR(AdmitSendBatch(*queue, entries, context.now));

  for (const SendMessageBatchRequestEntry& entry : entries) Expect(*queue, entry.message);
  const BodyDigests md5s = BodyDigestsOf(entries);
  SendMessageBatchResult result;
  result.successful.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const absl::Status status = CheckEntry(queue->config(), entries[i], i + 1);
    if (status.ok()) {
      result.successful.push_back({entries[i].id, Send(*queue, entries[i].message, md5s[i], context)});
    } else {
      result.failed.push_back(FailedEntry(entries[i].id, status));
    }
  }
  return result;
}

absl::Status Accounts::AdmitSendBatch(const Queue& queue, const std::vector<SendMessageBatchRequestEntry>& entries,
                                      absl::Time now) {
  if (!queue.fifo() || !faults_.fifo_quotas) return absl::OkStatus();
  std::vector<absl::string_view> groups;
  for (const SendMessageBatchRequestEntry& entry : entries) groups.push_back(*entry.message.message_group_id);
  return AdmitFifo(queue, Operation::kSendMessageBatch, static_cast<int>(entries.size()), now, groups);
}

SentMessage Accounts::Send(Queue& queue, const MessageToSend& message, const Md5Digest& md5,
                           const CallContext& context) {
  std::string content_id;
  absl::string_view deduplication_id;
  if (queue.fifo()) {
    if (!message.message_deduplication_id.has_value()) content_id = Sha256Hex(message.message_body);
    deduplication_id = message.message_deduplication_id.has_value() ? *message.message_deduplication_id : content_id;
  }

  SentMessage sent;
  sent.md5_of_message_body = HexLower(md5);
  sent.md5_of_message_attributes = Md5OfAttributes(message.message_attributes);
  sent.md5_of_message_system_attributes = Md5OfAttributes(message.message_system_attributes);

  if (queue.fifo()) {
    const auto* original = queue.FindDuplicate(*message.message_group_id, deduplication_id, context.now);
    if (original != nullptr) {
      sent.message_id = original->message_id.ToText();
      sent.sequence_number = Queue::SequenceNumberText(original->sequence);
      Emit(queue.number(), context.now, SentDuplicate{original->message_id});
      return sent;
    }
  } else if (message.message_group_id.has_value()) {
    ++call_cost_.messages_with_group;
  }

  const Uuid id = Uuid::Random(random_);
  // A FIFO queue's own delay applies even to DelaySeconds=0 (7.1).
  const absl::Duration delay = message.delay_seconds.has_value() && !queue.fifo()
                                   ? absl::Seconds(*message.delay_seconds)
                                   : queue.config().delay();
  const MessagePlace place = queue.NextPlace();
  sent.message_id = id.ToText();
  if (queue.fifo()) sent.sequence_number = Queue::SequenceNumberText(place.sequence);
  Emit(queue.number(), context.now,
       Sent{place,
            PayloadPtr::Make(id, context.now, message.message_body, md5,
                             ExtrasOf(queue, message, context.caller, deduplication_id)),
            context.now + delay});
  return sent;
}

}  // namespace sqs
