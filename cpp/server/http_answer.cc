#include "server/http_answer.h"

#include <boost/beast/http/status.hpp>

#include "absl/strings/str_cat.h"

namespace sqs::server {
namespace {

namespace http = boost::beast::http;

const char* ReasonOf(int status) { return http::obsolete_reason(static_cast<http::status>(status)).data(); }

}  // namespace

void AppendHttpAnswer(const wire::Answer& answer, bool keep_alive, std::string* out) {
  if (answer.status == 200) {
    out->append("HTTP/1.1 200 OK\r\nx-amzn-RequestId: ");  // Nearly always.
  } else {
    absl::StrAppend(out, "HTTP/1.1 ", answer.status, " ", ReasonOf(answer.status), "\r\nx-amzn-RequestId: ");
  }
  absl::StrAppend(out, answer.request_id, "\r\nContent-Type: ", answer.content_type,
                  "\r\nContent-Length: ", answer.body.size());
  if (!answer.query_error.empty()) absl::StrAppend(out, "\r\nx-amzn-query-error: ", answer.query_error);
  absl::StrAppend(out, keep_alive ? "" : "\r\nConnection: close", "\r\n\r\n", answer.body);
}

void AppendEmptyHttpAnswer(int status, bool keep_alive, std::string* out) {
  absl::StrAppend(out, "HTTP/1.1 ", status, " ", ReasonOf(status), "\r\n", status == 204 ? "" : "Content-Length: 0\r\n",
                  keep_alive ? "" : "Connection: close\r\n", "\r\n");
}

}  // namespace sqs::server
