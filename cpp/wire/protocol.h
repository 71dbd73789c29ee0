// One request as bytes -> the call it is; the call's answer -> bytes. Both protocols, every operation, no operation by
// name: the table of api/operations.h and the Fields of its structs say all there is to say.
//
//   Request request{.method = "POST", .target = "/", ...};
//   Exchange exchange(request, defaults);           // which protocol, which operation, who calls
//   absl::Status status = exchange.Read(&reader, &send_message_request);
//   exchange.WriteResult(result, request_id, &answer);
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/errors.h"
#include "api/operations.h"
#include "wire/json_answer.h"
#include "wire/json_request.h"
#include "wire/query_answer.h"
#include "wire/query_request.h"
#include "wire/sigv4.h"

namespace sqs::wire {

// What the codecs need of an HTTP request. The views live as long as the request's buffer.
struct Request {
  absl::string_view method;
  absl::string_view target;  // Path and query string.
  absl::string_view host;
  absl::string_view content_type;
  absl::string_view amz_target;
  absl::string_view authorization;
  absl::string_view accept;
  absl::string_view trace_id;             // X-Amzn-Trace-Id
  const HeaderFields* headers = nullptr;  // All of them, where signatures are verified.
  absl::string_view body;                 // Followed by simdjson::SIMDJSON_PADDING readable bytes.
};

// What is to be sent back. `body` is appended to; the rest is set. To be used again after Clear, which keeps memory.
struct Answer {
  int status = 200;
  std::string request_id;
  absl::string_view content_type = "application/x-amz-json-1.0";  // Of a constant, or of what outlives the answer.
  std::string query_error;                                        // Header x-amzn-query-error, "" for none.
  std::string body;

  void Clear();
};

enum class Protocol { kJson, kQuery, kQueryAsJson };

class Exchange {
 public:
  // Decides the protocol and the operation (1.2). `error()` says what is wrong, if anything is.
  explicit Exchange(const Request& request);

  const absl::Status& error() const { return error_; }
  Operation operation() const { return operation_; }
  Protocol protocol() const { return protocol_; }
  // X-Amz-Credential of a signed query string, "" if there is none.
  std::string query_credential() const { return form_.Text("X-Amz-Credential"); }

  // Texts are borrowed from the request, from `reader` and from this.
  template <class Struct>
  absl::Status Read(JsonReader* reader, Struct* target) const {
    if (protocol_ == Protocol::kJson) {
      SQS_RETURN_IF_ERROR(reader->Read(request_.body, target));
    } else {
      SQS_RETURN_IF_ERROR(QueryReader::Read(form_, target));
      UseQueuePath(target);
    }
    AddTraceHeader(target);
    return absl::OkStatus();
  }

  template <class Struct>
  void WriteResult(const Struct& result, absl::string_view request_id, Answer* answer) const {
    const char* name = kOperationNames[static_cast<int>(operation_)];
    constexpr bool kIsVoid = std::is_same_v<Struct, Void>;
    if (protocol_ == Protocol::kJson) {
      if (!kIsVoid) JsonWriter(&answer->body).Write(result);
      return;
    }
    OpenResponse(name, kIsVoid, answer);
    if (protocol_ == Protocol::kQuery) {
      XmlWriter writer(&answer->body);
      Struct::Fields(writer, result);
    } else if (!kIsVoid) {
      JsonWriter(&answer->body, JsonStyle::kQuery).Write(result);
    }
    CloseResponse(name, kIsVoid, request_id, answer);
  }

  void WriteError(const absl::Status& status, absl::string_view request_id, Answer* answer) const;

 private:
  void ReadJsonTarget();
  void ReadQuery();
  void OpenResponse(absl::string_view name, bool is_void, Answer* answer) const;
  void CloseResponse(absl::string_view name, bool is_void, absl::string_view request_id, Answer* answer) const;

  // QueueUrl, if given, wins over the request path; else the path names the queue.
  template <class Struct>
  void UseQueuePath(Struct* target) const {
    if constexpr (requires { target->queue_url; }) {
      if (target->queue_url.empty() && path_ != "/") target->queue_url = Text::Borrow(path_);
    }
  }
  // The HTTP header becomes AWSTraceHeader when the request has none (5.3).
  template <class Struct>
  void AddTraceHeader(Struct* target) const {
    if constexpr (std::is_same_v<Struct, SendMessageRequest>) {
      if (request_.trace_id.empty() || !target->message.message_system_attributes.empty()) return;
      AttributeValue value;
      value.string_value = std::string(request_.trace_id);
      value.data_type = "String";
      target->message.message_system_attributes.emplace_back("AWSTraceHeader", std::move(value));
    }
  }

  const Request& request_;
  absl::string_view path_;
  Protocol protocol_ = Protocol::kJson;
  QueryNode form_;  // Query only.
  Operation operation_ = Operation::kListQueues;
  absl::Status error_;
};

}  // namespace sqs::wire
