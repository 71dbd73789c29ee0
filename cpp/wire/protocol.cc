#include "wire/protocol.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sqs::wire {
namespace {

constexpr char kXml[] = "text/xml";
constexpr char kJson10[] = "application/x-amz-json-1.0";
constexpr char kPlainJson[] = "application/json";
constexpr char kNamespace[] = "http://queue.amazonaws.com/doc/2012-11-05/";

constexpr absl::string_view kNames[kOperationCount] = {
#define SQS_NAME(Name, who) #Name,
    SQS_OPERATIONS(SQS_NAME)
#undef SQS_NAME
};

// The operations whose names have one length, as a chain: few share one, so few are compared.
struct OperationsByLength {
  static constexpr size_t kLengthMax = 31;
  static constexpr int kNone = -1;
  std::array<int, kLengthMax + 1> first{};
  std::array<int, kOperationCount> next{};

  constexpr OperationsByLength() {
    for (int& operation : first) operation = kNone;
    for (int i = 0; i < kOperationCount; ++i) {
      next[i] = first[kNames[i].size()];
      first[kNames[i].size()] = i;
    }
  }
};
constexpr OperationsByLength kOperationsByLength;

std::optional<Operation> OperationNamed(absl::string_view name) {
  if (name.size() > OperationsByLength::kLengthMax) return std::nullopt;
  for (int i = kOperationsByLength.first[name.size()]; i != OperationsByLength::kNone;
       i = kOperationsByLength.next[i]) {
    if (name == kNames[i]) return static_cast<Operation>(i);
  }
  return std::nullopt;
}

absl::Status NoSuchAction(absl::string_view action) {
  return SqsError(ErrorCode::kUnknownOperation,
                  absl::StrCat("The action ", action, " is not valid for this endpoint."));
}

// Actions whose errors were recorded without the empty <Detail/> (1.4).
bool LacksDetail(Operation operation) {
  return operation == Operation::kCreateQueue || operation == Operation::kDeleteMessageBatch ||
         operation == Operation::kChangeMessageVisibilityBatch;
}

}  // namespace

void Answer::Clear() {
  constexpr size_t kKeptBytesMax = 64 * 1024;
  status = 200;
  content_type = kJson10;
  query_error.clear();
  body.clear();
  if (body.capacity() > kKeptBytesMax) body.shrink_to_fit();
}

Exchange::Exchange(const Request& request) : request_(request) {
  path_ = request.target.substr(0, request.target.find('?'));
  if (!request.amz_target.empty() || absl::StartsWith(request.content_type, kJson10)) {
    ReadJsonTarget();
  } else {
    ReadQuery();
  }
}

void Exchange::ReadJsonTarget() {
  absl::string_view name = request_.amz_target;
  const std::optional<Operation> operation =
      absl::ConsumePrefix(&name, "AmazonSQS.") ? OperationNamed(name) : std::nullopt;
  if (operation.has_value()) {
    operation_ = *operation;
  } else {
    error_ = SqsError(ErrorCode::kUnknownOperation, "");
  }
}

void Exchange::ReadQuery() {
  protocol_ = absl::StrContains(request_.accept, kPlainJson) ? Protocol::kQueryAsJson : Protocol::kQuery;
  const size_t question_mark = request_.target.find('?');
  bool sound = question_mark == absl::string_view::npos || ParseForm(request_.target.substr(question_mark + 1), &form_);
  if (absl::StartsWith(request_.content_type, "application/x-www-form-urlencoded")) {
    sound = sound && ParseForm(request_.body, &form_);
  }
  if (!sound) {
    error_ = SqsError(ErrorCode::kSerialization, "The request has too many parameters.");
    return;
  }
  const std::string action = form_.Text("Action");
  const std::optional<Operation> operation = OperationNamed(action);
  const bool on_queue = path_ != "/" && !path_.empty();
  if (action.empty()) {
    error_ = SqsError(ErrorCode::kUnknownOperation, "");
  } else if (!operation.has_value() ||
             (on_queue && (*operation == Operation::kCreateQueue || *operation == Operation::kListQueues))) {
    error_ = NoSuchAction(action);
  } else {
    operation_ = *operation;
  }
}

void Exchange::OpenResponse(absl::string_view name, bool is_void, Answer* answer) const {
  std::string* out = &answer->body;
  if (protocol_ == Protocol::kQueryAsJson) {
    answer->content_type = kPlainJson;
    absl::StrAppend(out, "{\"", name, "Response\":{");
    if (!is_void) absl::StrAppend(out, "\"", name, "Result\":");
    return;
  }
  answer->content_type = kXml;
  absl::StrAppend(out, "<?xml version=\"1.0\"?><", name, "Response xmlns=\"", kNamespace, "\">");
  if (!is_void) absl::StrAppend(out, "<", name, "Result>");
}

void Exchange::CloseResponse(absl::string_view name, bool is_void, absl::string_view request_id, Answer* answer) const {
  std::string* out = &answer->body;
  if (protocol_ == Protocol::kQueryAsJson) {
    absl::StrAppend(out, is_void ? "" : ",", "\"ResponseMetadata\":{\"RequestId\":\"", request_id, "\"}}}");
    return;
  }
  if (!is_void) absl::StrAppend(out, "</", name, "Result>");
  absl::StrAppend(out, "<ResponseMetadata><RequestId>", request_id, "</RequestId></ResponseMetadata></", name,
                  "Response>");
}

void Exchange::WriteError(const absl::Status& status, absl::string_view request_id, Answer* answer) const {
  const ErrorInfo& info = InfoOf(status);
  const absl::string_view fault = info.is_sender_fault() ? "Sender" : "Receiver";
  std::string* out = &answer->body;
  out->clear();
  answer->status = info.http_status;
  std::string text(status.message());
  if (protocol_ == Protocol::kJson) {
    answer->content_type = kJson10;
    answer->query_error = absl::StrCat(info.query_code, ";", fault);
    absl::StrAppend(out, "{\"__type\":\"", info.Namespace(), "#", info.shape, "\"");
    if (!text.empty()) {
      // Only access-denied bodies spell the member with a capital.
      out->append(info.code == ErrorCode::kAccessDenied ? ",\"Message\":" : ",\"message\":");
      AppendJsonString(text, out);
    }
    out->push_back('}');
    return;
  }
  if (info.code == ErrorCode::kUnknownOperation && text.empty()) {  // No Action at all (1.2, 1.4).
    answer->status = 404;
    answer->content_type = kXml;
    out->append("<UnknownOperationException/>\n");
    return;
  }
  if (info.code == ErrorCode::kQueueDoesNotExist) text = "The specified queue does not exist for this wsdl version.";
  if (protocol_ == Protocol::kQueryAsJson) {
    answer->content_type = kPlainJson;
    absl::StrAppend(out, "{\"Error\":{\"Code\":\"", info.query_code, "\",\"Message\":");
    AppendJsonString(text, out);
    absl::StrAppend(out, ",\"Type\":\"", fault, "\"},\"RequestId\":\"", request_id, "\"}");
    return;
  }
  answer->content_type = kXml;
  absl::StrAppend(out, "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"", kNamespace, "\"><Error><Type>", fault,
                  "</Type><Code>", info.query_code, "</Code><Message>");
  AppendXmlText(text, out);
  absl::StrAppend(out, "</Message>", LacksDetail(operation_) ? "" : "<Detail/>", "</Error><RequestId>", request_id,
                  "</RequestId></ErrorResponse>");
}

}  // namespace sqs::wire
