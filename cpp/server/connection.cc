#include "server/connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sqs::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr size_t kReadBytes = 16 * 1024;
// What a client may send behind a parked poll before it is read from no more.
constexpr size_t kBehindPollBytesMax = 1024 * 1024;

absl::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

const char* ReasonOf(int status) { return http::obsolete_reason(static_cast<http::status>(status)).data(); }

bool IsLoopbackName(absl::string_view host) {
  if (absl::StartsWith(host, "[::1]")) return true;
  const absl::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" || absl::EndsWith(name, ".localhost") || absl::StartsWith(name, "127.");
}

// Whether a page of another site in the user's browser is behind a request: it must not reach the queues. A page of
// our own has our address as its origin, and by a name that only this machine can have given us (DNS rebinding).
bool IsFromAnotherSite(absl::string_view origin, absl::string_view fetch_site, absl::string_view host) {
  if (fetch_site == "cross-site" || fetch_site == "same-site") return true;
  if (origin.empty()) return false;
  return !IsLoopbackName(host) || !absl::EndsWith(origin, absl::StrCat("://", host));
}

}  // namespace

Connection::Connection(tcp::socket socket, ServerContext& context)
    : socket_(std::move(socket)), deadline_(context.io), context_(context) {}

Connection::~Connection() {
  if (is_parked_) context_.engine.CancelReceive(parked_.waiter);
}

void Connection::Start() {
  alive_ = shared_from_this();
  boost::system::error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  Read();
}

void Connection::Stop() {
  keep_alive_ = false;
  if (is_parked_ && context_.engine.CancelReceive(parked_.waiter)) {
    OnServed(ReceiveMessageResult());
  } else {
    Close();  // Also while a client does not take its answer: stopping waits for nobody.
  }
}

void Connection::Close() {
  if (std::exchange(closed_, true)) return;
  const std::shared_ptr<Connection> until_done = std::move(alive_);
  if (std::exchange(is_parked_, false)) context_.engine.CancelReceive(parked_.waiter);
  boost::system::error_code ignored;
  deadline_.cancel();
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

// A request must be complete, and an answer taken, within this time. Idle connections have no limit.
void Connection::GiveTime(std::chrono::seconds seconds) {
  deadline_.expires_after(seconds);
  deadline_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    if (error) return;
    if (auto connection = self.lock()) connection->Close();
  });
}

// --- Reading --------------------------------------------------------------------------------------------------------

void Connection::Read() {
  if (reading_ || closed_) return;
  reading_ = true;
  socket_.async_read_some(in_.prepare(kReadBytes),
                          [self = shared_from_this()](const boost::system::error_code& error, size_t bytes) {
                            self->reading_ = false;
                            self->OnRead(error, bytes);
                          });
}

void Connection::OnRead(const boost::system::error_code& error, size_t bytes) {
  if (closed_) return;
  if (error) return Close();  // Gone: a parked receive takes nothing.
  in_.commit(bytes);
  ParseAll();
}

// Performs every complete request in the buffer, unless one is parked, then writes all answers at once.
void Connection::ParseAll() {
  while (!is_parked_ && !closed_ && keep_alive_ && !writing_ && in_.size() > 0 && ParseOne()) {
  }
  if (closed_ || writing_) return;
  if (!out_.empty()) return Write();
  if (!keep_alive_ && !is_parked_) return Close();
  // A client that sends on while it waits is not read from further once a buffer is full: back-pressure.
  if (!is_parked_ || in_.size() < kBehindPollBytesMax) Read();
}

// False if more bytes are needed.
bool Connection::ParseOne() {
  if (!parser_.has_value()) {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(static_cast<uint32_t>(context_.limits.header_bytes_max));
    parser_->body_limit(context_.limits.body_bytes_max);
  }
  const bool had_header = parser_->is_header_done();
  boost::system::error_code error;
  in_.consume(parser_->put(in_.data(), error));
  if (error == http::error::need_more) error = {};
  if (error) {
    const bool too_large = error == http::error::body_limit;
    const bool long_header = error == http::error::header_limit;
    keep_alive_ = false;  // Where the next request would begin is not known any more.
    Refuse(too_large ? 413 : long_header ? 431 : 400, ErrorCode::kSerialization, error.message());
    return true;
  }
  if (!had_header && parser_->is_header_done() && !parser_->is_done() &&
      absl::EqualsIgnoreCase(View(parser_->get()[http::field::expect]), "100-continue")) {
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  if (!parser_->is_done()) {
    if (deadline_.expiry() <= std::chrono::steady_clock::now()) GiveTime(context_.limits.request_time);
    return false;
  }
  Perform();
  return true;
}

// --- Performing -----------------------------------------------------------------------------------------------------

void Connection::Perform() {
  deadline_.expires_at(std::chrono::steady_clock::time_point());
  auto& message = parser_->get();
  keep_alive_ = message.keep_alive();
  // The JSON parser reads a little past the end.
  message.body().reserve(message.body().size() + simdjson::SIMDJSON_PADDING);
  switch (message.method()) {
    case http::verb::get:
    case http::verb::post:
      PerformOperation(message.base());
      break;
    case http::verb::head:
      AppendEmpty(200);
      break;
    case http::verb::options:
      AppendEmpty(204);
      break;
    default:
      Refuse(405, ErrorCode::kUnknownOperation, "Use GET or POST.");
  }
  if (!is_parked_) parser_.reset();
}

void Connection::PerformOperation(const Header& header) {
  request_.method = View(header.method_string());
  request_.target = View(header.target());
  request_.host = View(header[http::field::host]);
  request_.content_type = View(header[http::field::content_type]);
  request_.amz_target = View(header["X-Amz-Target"]);
  request_.authorization = View(header[http::field::authorization]);
  request_.accept = View(header[http::field::accept]);
  request_.trace_id = View(header["X-Amzn-Trace-Id"]);
  request_.body = parser_->get().body();
  if (IsFromAnotherSite(View(header[http::field::origin]), View(header["Sec-Fetch-Site"]), request_.host)) {
    return Refuse(403, ErrorCode::kAccessDenied, "Requests from pages of other sites are refused.");
  }
  exchange_.emplace(request_);
  wire::Answer answer;
  // Called back from whichever thread serves the waiter: over to our own.
  const auto make_done = [this]() -> Engine::ReceiveDone {
    return [self = weak_from_this(), &io = context_.io](absl::StatusOr<ReceiveMessageResult> result) {
      asio::post(io, [self, result = std::move(result)]() mutable {
        if (auto connection = self.lock()) connection->OnServed(std::move(result));
      });
    };
  };
  if (context_.dispatcher.Perform(*exchange_, request_, &context_.json, &answer, &parked_, make_done)) {
    AppendAnswer(answer);
  } else {
    is_parked_ = true;
  }
}

void Connection::OnServed(absl::StatusOr<ReceiveMessageResult> result) {
  if (!std::exchange(is_parked_, false)) return;
  wire::Answer answer;
  context_.dispatcher.Finish(*exchange_, result, &answer);
  AppendAnswer(answer);
  parser_.reset();
  ParseAll();
}

// --- Writing --------------------------------------------------------------------------------------------------------

void Connection::AppendAnswer(const wire::Answer& answer) {
  absl::StrAppend(&out_, "HTTP/1.1 ", answer.status, " ", ReasonOf(answer.status),
                  "\r\nx-amzn-RequestId: ", answer.request_id, "\r\nContent-Type: ", answer.content_type,
                  "\r\nContent-Length: ", answer.body.size());
  if (!answer.query_error.empty()) absl::StrAppend(&out_, "\r\nx-amzn-query-error: ", answer.query_error);
  if (!keep_alive_) out_ += "\r\nConnection: close";
  absl::StrAppend(&out_, "\r\n\r\n", answer.body);
}

// Refuses what never became an operation, in the form of the service's errors.
void Connection::Refuse(int status, ErrorCode code, absl::string_view text) {
  const wire::Request as_json{.amz_target = "AmazonSQS.ListQueues"};
  wire::Answer answer;
  answer.request_id = context_.dispatcher.NewRequestId();
  wire::Exchange(as_json).WriteError(SqsError(code, text), answer.request_id, &answer);
  answer.status = status;
  AppendAnswer(answer);
}

void Connection::AppendEmpty(int status) {
  absl::StrAppend(&out_, "HTTP/1.1 ", status, " ", ReasonOf(status), "\r\n",
                  status == 204 ? "" : "Content-Length: 0\r\n", keep_alive_ ? "" : "Connection: close\r\n", "\r\n");
}

// Tries to write at once; waits only for what the socket does not take. What is being written has a buffer of its own:
// a parked poll may be answered meanwhile.
void Connection::Write() {
  sending_.swap(out_);
  boost::system::error_code error;
  const size_t written = socket_.write_some(asio::buffer(sending_), error);
  if (error == asio::error::would_block || error == asio::error::try_again) error = {};
  if (error) return Close();
  if (written == sending_.size()) return OnWritten({});
  writing_ = true;
  GiveTime(context_.limits.request_time);
  asio::async_write(socket_, asio::buffer(sending_) + written,
                    [self = shared_from_this()](const boost::system::error_code& failure, size_t) {
                      self->writing_ = false;
                      self->deadline_.cancel();
                      self->OnWritten(failure);
                    });
}

void Connection::OnWritten(const boost::system::error_code& error) {
  if (closed_) return;
  if (error) return Close();
  sending_.clear();
  ParseAll();
}

}  // namespace sqs::server
