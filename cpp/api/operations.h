// The 23 operations of Amazon SQS: one request and one result struct each, and the table of them all.
//
// Members stand in the order of botocore's service model (2012-11-05): it is the order in which faults are reported
// and in which botocore lists valid names. `Op` in `Request`/`Result` pairs is a tag: struct SendMessage {}.
//
// To add an operation: its two structs, a line in SQS_OPERATIONS, a handler in account/, a scenario.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/fields.h"
#include "api/received_message.h"
#include "api/types.h"

namespace sqs {

// The result of an operation that answers nothing: an empty body on the wire.
struct Void {
  template <class V, class S>
  static void Fields(V&, S&) {}
};

struct AddPermissionRequest {
  Text queue_url;
  std::string label;
  StringList aws_account_ids;
  StringList actions;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"Label", kRequired}, s.label);
    v(FieldInfo{"AWSAccountIds", kRequired, "AWSAccountId"}, s.aws_account_ids);
    v(FieldInfo{"Actions", kRequired, "ActionName"}, s.actions);
  }
};

using AddPermissionResult = Void;

struct CancelMessageMoveTaskRequest {
  std::string task_handle;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"TaskHandle", kRequired}, s.task_handle);
  }
};

struct CancelMessageMoveTaskResult {
  int64_t approximate_number_of_messages_moved = 0;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"ApproximateNumberOfMessagesMoved"}, s.approximate_number_of_messages_moved);
  }
};

struct ChangeMessageVisibilityRequest {
  Text queue_url;
  Text receipt_handle;
  std::optional<int64_t> visibility_timeout;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"ReceiptHandle", kRequired}, s.receipt_handle);
    v(FieldInfo{"VisibilityTimeout", kRequired}, s.visibility_timeout);
  }
};

using ChangeMessageVisibilityResult = Void;

struct ChangeMessageVisibilityBatchRequest {
  Text queue_url;
  std::optional<std::vector<ChangeMessageVisibilityBatchRequestEntry>> entries;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"Entries", kRequired, "ChangeMessageVisibilityBatchRequestEntry"}, s.entries);
  }
};

struct ChangeMessageVisibilityBatchResult {
  std::vector<BatchResultEntry> successful;
  std::vector<BatchResultErrorEntry> failed;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Successful", kOptional, "ChangeMessageVisibilityBatchResultEntry"}, s.successful);
    v(FieldInfo{"Failed", kOptional, "BatchResultErrorEntry"}, s.failed);
  }
};

struct CreateQueueRequest {
  std::string queue_name;
  StringMap attributes;
  StringMap tags;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueName", kRequired}, s.queue_name);
    v(FieldInfo{"Attributes", kOptional, "Attribute"}, s.attributes);
    v(FieldInfo{"tags", kOptional, "Tag", "Key"}, s.tags);
  }
};

struct CreateQueueResult {
  std::string queue_url;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl"}, s.queue_url);
  }
};

struct DeleteMessageRequest {
  Text queue_url;
  Text receipt_handle;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"ReceiptHandle", kRequired}, s.receipt_handle);
  }
};

using DeleteMessageResult = Void;

struct DeleteMessageBatchRequest {
  Text queue_url;
  std::optional<std::vector<DeleteMessageBatchRequestEntry>> entries;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"Entries", kRequired, "DeleteMessageBatchRequestEntry"}, s.entries);
  }
};

struct DeleteMessageBatchResult {
  std::vector<BatchResultEntry> successful;
  std::vector<BatchResultErrorEntry> failed;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Successful", kOptional, "DeleteMessageBatchResultEntry"}, s.successful);
    v(FieldInfo{"Failed", kOptional, "BatchResultErrorEntry"}, s.failed);
  }
};

struct DeleteQueueRequest {
  Text queue_url;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
  }
};

using DeleteQueueResult = Void;

struct GetQueueAttributesRequest {
  Text queue_url;
  StringList attribute_names;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"AttributeNames", kOptional, "AttributeName"}, s.attribute_names);
  }
};

struct GetQueueAttributesResult {
  StringMap attributes;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Attributes", kOptional, "Attribute"}, s.attributes);
  }
};

struct GetQueueUrlRequest {
  std::string queue_name;
  std::string queue_owner_aws_account_id;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueName", kRequired}, s.queue_name);
    v(FieldInfo{"QueueOwnerAWSAccountId"}, s.queue_owner_aws_account_id);
  }
};

struct GetQueueUrlResult {
  std::string queue_url;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl"}, s.queue_url);
  }
};

struct ListDeadLetterSourceQueuesRequest {
  Text queue_url;
  std::string next_token;
  std::optional<int64_t> max_results;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"NextToken"}, s.next_token);
    v(FieldInfo{"MaxResults"}, s.max_results);
  }
};

struct ListDeadLetterSourceQueuesResult {
  StringList queue_urls;
  std::string next_token;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"queueUrls", kOptional, "QueueUrl"}, s.queue_urls);
    v(FieldInfo{"NextToken"}, s.next_token);
  }
};

struct ListMessageMoveTasksRequest {
  std::string source_arn;
  std::optional<int64_t> max_results;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"SourceArn", kRequired}, s.source_arn);
    v(FieldInfo{"MaxResults"}, s.max_results);
  }
};

struct ListMessageMoveTasksResult {
  std::vector<ListMessageMoveTasksResultEntry> results;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Results", kOptional, "ListMessageMoveTasksResultEntry"}, s.results);
  }
};

struct ListQueueTagsRequest {
  Text queue_url;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
  }
};

struct ListQueueTagsResult {
  StringMap tags;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Tags", kOptional, "Tag", "Key"}, s.tags);
  }
};

struct ListQueuesRequest {
  std::string queue_name_prefix;
  std::string next_token;
  std::optional<int64_t> max_results;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueNamePrefix"}, s.queue_name_prefix);
    v(FieldInfo{"NextToken"}, s.next_token);
    v(FieldInfo{"MaxResults"}, s.max_results);
  }
};

struct ListQueuesResult {
  StringList queue_urls;
  std::string next_token;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrls", kOptional, "QueueUrl"}, s.queue_urls);
    v(FieldInfo{"NextToken"}, s.next_token);
  }
};

struct PurgeQueueRequest {
  Text queue_url;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
  }
};

using PurgeQueueResult = Void;

struct ReceiveMessageRequest {
  Text queue_url;
  StringList attribute_names;
  StringList message_system_attribute_names;
  StringList message_attribute_names;
  std::optional<int64_t> max_number_of_messages;
  std::optional<int64_t> visibility_timeout;
  std::optional<int64_t> wait_time_seconds;
  std::optional<std::string> receive_request_attempt_id;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"AttributeNames", kOptional, "AttributeName"}, s.attribute_names);
    v(FieldInfo{"MessageSystemAttributeNames", kOptional, "MessageSystemAttributeName"},
      s.message_system_attribute_names);
    v(FieldInfo{"MessageAttributeNames", kOptional, "MessageAttributeName"}, s.message_attribute_names);
    v(FieldInfo{"MaxNumberOfMessages"}, s.max_number_of_messages);
    v(FieldInfo{"VisibilityTimeout"}, s.visibility_timeout);
    v(FieldInfo{"WaitTimeSeconds"}, s.wait_time_seconds);
    v(FieldInfo{"ReceiveRequestAttemptId"}, s.receive_request_attempt_id);
  }
};

struct ReceiveMessageResult {
  std::vector<ReceivedMessage> messages;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Messages", kOptional, "Message"}, s.messages);
  }
};

struct RemovePermissionRequest {
  Text queue_url;
  std::string label;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"Label", kRequired}, s.label);
  }
};

using RemovePermissionResult = Void;

struct SendMessageRequest {
  Text queue_url;
  MessageToSend message;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    MessageToSend::Fields(v, s.message);
  }
};

struct SendMessageResult {
  SentMessage sent;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    SentMessage::Fields(v, s.sent);
  }
};

struct SendMessageBatchRequest {
  Text queue_url;
  std::optional<std::vector<SendMessageBatchRequestEntry>> entries;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"Entries", kRequired, "SendMessageBatchRequestEntry"}, s.entries);
  }
};

struct SendMessageBatchResult {
  std::vector<SendMessageBatchResultEntry> successful;
  std::vector<BatchResultErrorEntry> failed;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Successful", kOptional, "SendMessageBatchResultEntry"}, s.successful);
    v(FieldInfo{"Failed", kOptional, "BatchResultErrorEntry"}, s.failed);
  }
};

struct SetQueueAttributesRequest {
  Text queue_url;
  StringMap attributes;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"Attributes", kRequired, "Attribute"}, s.attributes);
  }
};

using SetQueueAttributesResult = Void;

struct StartMessageMoveTaskRequest {
  std::string source_arn;
  std::string destination_arn;
  std::optional<int64_t> max_number_of_messages_per_second;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"SourceArn", kRequired}, s.source_arn);
    v(FieldInfo{"DestinationArn"}, s.destination_arn);
    v(FieldInfo{"MaxNumberOfMessagesPerSecond"}, s.max_number_of_messages_per_second);
  }
};

struct StartMessageMoveTaskResult {
  std::string task_handle;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"TaskHandle"}, s.task_handle);
  }
};

struct TagQueueRequest {
  Text queue_url;
  StringMap tags;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"Tags", kRequired, "Tag", "Key"}, s.tags);
  }
};

using TagQueueResult = Void;

struct UntagQueueRequest {
  Text queue_url;
  StringList tag_keys;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
    v(FieldInfo{"TagKeys", kRequired, "TagKey"}, s.tag_keys);
  }
};

using UntagQueueResult = Void;

// The operation table. X(Name, who) where who is kOwnerOnly for operations that no policy can open to another account
// (API reference, "Cross-account permissions don't apply to this action").
#define SQS_OPERATIONS(X)                     \
  X(AddPermission, kOwnerOnly)                \
  X(CancelMessageMoveTask, kOwnerOnly)        \
  X(ChangeMessageVisibility, kGrantable)      \
  X(ChangeMessageVisibilityBatch, kGrantable) \
  X(CreateQueue, kOwnerOnly)                  \
  X(DeleteMessage, kGrantable)                \
  X(DeleteMessageBatch, kGrantable)           \
  X(DeleteQueue, kOwnerOnly)                  \
  X(GetQueueAttributes, kGrantable)           \
  X(GetQueueUrl, kGrantable)                  \
  X(ListDeadLetterSourceQueues, kGrantable)   \
  X(ListMessageMoveTasks, kOwnerOnly)         \
  X(ListQueueTags, kOwnerOnly)                \
  X(ListQueues, kOwnerOnly)                   \
  X(PurgeQueue, kGrantable)                   \
  X(ReceiveMessage, kGrantable)               \
  X(RemovePermission, kOwnerOnly)             \
  X(SendMessage, kGrantable)                  \
  X(SendMessageBatch, kGrantable)             \
  X(SetQueueAttributes, kOwnerOnly)           \
  X(StartMessageMoveTask, kOwnerOnly)         \
  X(TagQueue, kOwnerOnly)                     \
  X(UntagQueue, kOwnerOnly)

enum CrossAccountUse { kGrantable, kOwnerOnly };

enum class Operation : uint8_t {
#define SQS_OPERATION_ENUM(Name, who) k##Name,
  SQS_OPERATIONS(SQS_OPERATION_ENUM)
#undef SQS_OPERATION_ENUM
};

#define SQS_OPERATION_ONE(Name, who) +1
inline constexpr int kOperationCount = 0 SQS_OPERATIONS(SQS_OPERATION_ONE);
#undef SQS_OPERATION_ONE

// From a request type to its operation and result: OperationOf<SendMessageRequest>::Result.
template <class Request>
struct OperationOf;

#define SQS_OPERATION_TRAITS(Name, who)                         \
  template <>                                                   \
  struct OperationOf<Name##Request> {                           \
    using Result = Name##Result;                                \
    static constexpr Operation kOperation = Operation::k##Name; \
    static constexpr const char* kName = #Name;                 \
    static constexpr CrossAccountUse kCrossAccountUse = who;    \
  };
SQS_OPERATIONS(SQS_OPERATION_TRAITS)
#undef SQS_OPERATION_TRAITS

inline constexpr const char* kOperationNames[kOperationCount] = {
#define SQS_OPERATION_NAME(Name, who) #Name,
    SQS_OPERATIONS(SQS_OPERATION_NAME)
#undef SQS_OPERATION_NAME
};

}  // namespace sqs
