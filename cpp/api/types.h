// The structures that requests and results are made of. Source: botocore's service model 2012-11-05.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/fields.h"
#include "api/text.h"

namespace sqs {

// MessageAttributeValue and MessageSystemAttributeValue: the two shapes are equal.
struct AttributeValue {
  std::optional<std::string> string_value;
  std::optional<Blob> binary_value;
  StringList string_list_values;         // Refused when not empty.
  std::vector<Blob> binary_list_values;  // Refused when not empty.
  std::string data_type;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"StringValue"}, s.string_value);
    v(FieldInfo{"BinaryValue"}, s.binary_value);
    v(FieldInfo{"StringListValues", kOptional, "StringListValue"}, s.string_list_values);
    v(FieldInfo{"BinaryListValues", kOptional, "BinaryListValue"}, s.binary_list_values);
    v(FieldInfo{"DataType", kRequired}, s.data_type);
  }
  friend bool operator==(const AttributeValue&, const AttributeValue&) = default;
};

using AttributeValueMap = std::vector<std::pair<std::string, AttributeValue>>;

// What SendMessage and an entry of SendMessageBatch share.
struct MessageToSend {
  Text message_body;
  std::optional<int64_t> delay_seconds;
  AttributeValueMap message_attributes;
  AttributeValueMap message_system_attributes;
  std::optional<std::string> message_deduplication_id;
  std::optional<std::string> message_group_id;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"MessageBody", kRequired}, s.message_body);
    v(FieldInfo{"DelaySeconds"}, s.delay_seconds);
    v(FieldInfo{"MessageAttributes", kOptional, "MessageAttribute"}, s.message_attributes);
    v(FieldInfo{"MessageSystemAttributes", kOptional, "MessageSystemAttribute"}, s.message_system_attributes);
    v(FieldInfo{"MessageDeduplicationId"}, s.message_deduplication_id);
    v(FieldInfo{"MessageGroupId"}, s.message_group_id);
  }
};

struct SendMessageBatchRequestEntry {
  std::string id;
  MessageToSend message;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Id", kRequired}, s.id);
    MessageToSend::Fields(v, s.message);
  }
};

struct DeleteMessageBatchRequestEntry {
  std::string id;
  Text receipt_handle;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Id", kRequired}, s.id);
    v(FieldInfo{"ReceiptHandle", kRequired}, s.receipt_handle);
  }
};

struct ChangeMessageVisibilityBatchRequestEntry {
  std::string id;
  Text receipt_handle;
  std::optional<int64_t> visibility_timeout;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Id", kRequired}, s.id);
    v(FieldInfo{"ReceiptHandle", kRequired}, s.receipt_handle);
    v(FieldInfo{"VisibilityTimeout"}, s.visibility_timeout);
  }
};

// What SendMessage and a successful entry of SendMessageBatch answer. The order is that of the wire, not of the model.
struct SentMessage {
  Md5Text md5_of_message_body;
  Md5Text md5_of_message_attributes;         // Empty: absent.
  Md5Text md5_of_message_system_attributes;  // Empty: absent.
  UuidText message_id;
  SequenceText sequence_number;  // FIFO only.

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"MD5OfMessageBody"}, s.md5_of_message_body);
    v(FieldInfo{"MD5OfMessageAttributes"}, s.md5_of_message_attributes);
    v(FieldInfo{"MD5OfMessageSystemAttributes"}, s.md5_of_message_system_attributes);
    v(FieldInfo{"MessageId"}, s.message_id);
    v(FieldInfo{"SequenceNumber"}, s.sequence_number);
  }
};

struct SendMessageBatchResultEntry {
  std::string id;
  SentMessage sent;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Id"}, s.id);
    SentMessage::Fields(v, s.sent);
  }
};

// A successful entry of DeleteMessageBatch and of ChangeMessageVisibilityBatch.
struct BatchResultEntry {
  std::string id;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Id"}, s.id);
  }
};

struct BatchResultErrorEntry {
  std::string id;
  bool sender_fault = true;
  std::string code;  // Query code without the suffix "Exception".
  std::string message;

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"Id"}, s.id);
    v(FieldInfo{"SenderFault"}, s.sender_fault);
    v(FieldInfo{"Code"}, s.code);
    v(FieldInfo{"Message"}, s.message);
  }
};

struct ListMessageMoveTasksResultEntry {
  std::string task_handle;  // Only while RUNNING.
  std::string status;
  std::string source_arn;
  std::string destination_arn;
  std::optional<int64_t> max_number_of_messages_per_second;
  int64_t approximate_number_of_messages_moved = 0;
  int64_t approximate_number_of_messages_to_move = 0;
  std::string failure_reason;
  int64_t started_timestamp = 0;  // Milliseconds.

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"TaskHandle"}, s.task_handle);
    v(FieldInfo{"Status"}, s.status);
    v(FieldInfo{"SourceArn"}, s.source_arn);
    v(FieldInfo{"DestinationArn"}, s.destination_arn);
    v(FieldInfo{"MaxNumberOfMessagesPerSecond"}, s.max_number_of_messages_per_second);
    v(FieldInfo{"ApproximateNumberOfMessagesMoved"}, s.approximate_number_of_messages_moved);
    v(FieldInfo{"ApproximateNumberOfMessagesToMove"}, s.approximate_number_of_messages_to_move);
    v(FieldInfo{"FailureReason"}, s.failure_reason);
    v(FieldInfo{"StartedTimestamp"}, s.started_timestamp);
  }
};

}  // namespace sqs
