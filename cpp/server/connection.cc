#include "server/connection.h"

#include <algorithm>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

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

class BeastFields : public wire::HeaderFields {
 public:
  explicit BeastFields(const http::fields& fields) : fields_(fields) {}

  std::optional<std::string> Value(absl::string_view name) const override {
    const auto [first, last] = fields_.equal_range(beast::string_view(name.data(), name.size()));
    if (first == last) return std::nullopt;
    return absl::StrJoin(first, last, ",", [](std::string* out, const auto& field) {
      out->append(field.value().data(), field.value().size());
    });
  }

 private:
  const http::fields& fields_;
};

// `Stream` is a socket, or TLS on one.
template <class Stream>
class ConnectionOn : public Connection, public std::enable_shared_from_this<ConnectionOn<Stream>> {
 public:
  template <class... TlsContext>
  ConnectionOn(tcp::socket socket, ServerContext& context, TlsContext&... tls)
      : stream_(std::move(socket), tls...), deadline_(context.io), context_(context) {
    context_.counters.OnConnection(+1);
  }
  ~ConnectionOn() override {
    if (is_parked_) context_.engine.CancelReceive(outcome_.waiter);
    context_.counters.OnConnection(-1);
  }

  void Start() override;
  void Stop() override;

 private:
  using Parser = http::request_parser<http::string_body>;
  using Header = http::request_header<http::fields>;
  static constexpr bool kTls = !std::is_same_v<Stream, tcp::socket>;

  tcp::socket& socket() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  void Read();
  void OnReadable(const boost::system::error_code& error);
  void OnRead(const boost::system::error_code& error, size_t bytes);
  void ParseAll();
  bool ParseOne();
  void Perform();
  void PerformRequest(const Header& header);
  void PerformOperation();
  void PerformControl();
  void OnServed(absl::StatusOr<ReceiveMessageResult> result);
  void AppendOperationAnswer(const wire::Answer& answer);
  void AppendAnswer(const wire::Answer& answer);
  void LogAnswer(absl::string_view operation, const wire::Answer& answer);
  void Refuse(int status, ErrorCode code, absl::string_view text);
  void AppendEmpty(int status);
  void Write();
  void WriteRest(size_t written);
  void OnWritten(const boost::system::error_code& error);
  bool ClientHasLeft();
  void GiveTime(std::chrono::seconds seconds);
  void Close(bool reset = false);

  Stream stream_;
  asio::steady_timer deadline_;
  ServerContext& context_;
  beast::flat_buffer in_;
  std::optional<Parser> parser_;
  std::string out_;                      // Answers, in order.
  std::string sending_;                  // What is being written.
  std::shared_ptr<ConnectionOn> alive_;  // Ourselves until closed: now and then no operation is under way to hold us.
  bool reading_ = false;
  bool writing_ = false;
  bool keep_alive_ = true;
  bool closed_ = false;

  // The request being performed; its views point into `parser_`.
  wire::Request request_;
  std::optional<wire::Exchange> exchange_;
  Dispatcher::Outcome outcome_;
  std::chrono::steady_clock::time_point began_;  // Only if a log is kept.
  bool is_parked_ = false;
  // Of the receives that were answered since the client last said anything: it may be gone without having read them.
  std::vector<std::string> unconfirmed_handles_;
};

template <class Stream>
void ConnectionOn<Stream>::Start() {
  alive_ = this->shared_from_this();
  boost::system::error_code ignored;
  socket().set_option(tcp::no_delay(true), ignored);
  socket().non_blocking(true, ignored);
  if constexpr (kTls) {
    GiveTime(context_.limits.request_time);
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [self = this->shared_from_this()](const boost::system::error_code& error) {
                              self->deadline_.cancel();
                              if (error) return self->Close();
                              self->Read();
                            });
  } else {
    Read();
  }
}

template <class Stream>
void ConnectionOn<Stream>::Stop() {
  keep_alive_ = false;
  if (is_parked_ && context_.engine.CancelReceive(outcome_.waiter)) {
    OnServed(ReceiveMessageResult());
  } else {
    Close();  // Also while a client does not take its answer: stopping waits for nobody.
  }
}

// Messages whose answer cannot have been read go back: what is not written yet, and what a client left unread, of which
// its system tells by a reset.
template <class Stream>
void ConnectionOn<Stream>::Close(bool reset) {
  if (std::exchange(closed_, true)) return;
  const std::shared_ptr<ConnectionOn> until_done = std::move(alive_);
  if (std::exchange(is_parked_, false)) {
    context_.counters.OnPoll(-1);
    context_.engine.CancelReceive(outcome_.waiter);
  }
  if (!unconfirmed_handles_.empty() && (reset || !out_.empty() || !sending_.empty())) {
    context_.engine.Undeliver(unconfirmed_handles_);
  }
  boost::system::error_code ignored;
  deadline_.cancel();
  socket().shutdown(tcp::socket::shutdown_both, ignored);
  socket().close(ignored);
}

// A request must be complete, and an answer taken, within this time. Idle connections have no limit.
template <class Stream>
void ConnectionOn<Stream>::GiveTime(std::chrono::seconds seconds) {
  deadline_.expires_after(seconds);
  deadline_.async_wait([self = this->weak_from_this()](const boost::system::error_code& error) {
    if (error) return;
    if (auto connection = self.lock()) connection->Close();
  });
}

// --- Reading --------------------------------------------------------------------------------------------------------

// While a poll is parked the connection waits without a buffer, so that thousands of them cost little. Else it reads:
// Asio then knows from a read that did not fill the buffer that the socket is empty, and spares a system call, whereas
// a wait is an epoll_ctl each time (a twentieth of the requests, measured).
template <class Stream>
void ConnectionOn<Stream>::Read() {
  if (reading_ || closed_) return;
  reading_ = true;
  if (kTls || !is_parked_) {
    stream_.async_read_some(in_.prepare(kReadBytes),
                            [self = this->shared_from_this()](const boost::system::error_code& error, size_t bytes) {
                              self->reading_ = false;
                              self->OnRead(error, bytes);
                            });
  } else {
    socket().async_wait(tcp::socket::wait_read,
                        [self = this->shared_from_this()](const boost::system::error_code& error) {
                          self->reading_ = false;
                          self->OnReadable(error);
                        });
  }
}

template <class Stream>
void ConnectionOn<Stream>::OnReadable(boost::system::error_code const& error) {
  if (closed_) return;
  if (error) return OnRead(error, 0);
  boost::system::error_code failure;
  const size_t bytes = stream_.read_some(in_.prepare(kReadBytes), failure);
  if (failure == asio::error::would_block || failure == asio::error::try_again) return Read();
  OnRead(failure, bytes);
}

template <class Stream>
void ConnectionOn<Stream>::OnRead(const boost::system::error_code& error, size_t bytes) {
  if (closed_) return;
  // Gone: a parked receive takes nothing.
  if (error) return Close(error == asio::error::connection_reset || error == asio::error::broken_pipe);
  context_.counters.OnBytesIn(bytes);
  unconfirmed_handles_.clear();
  in_.commit(bytes);
  ParseAll();
}

// Performs every complete request in the buffer, unless one is parked, then writes all answers at once.
template <class Stream>
void ConnectionOn<Stream>::ParseAll() {
  while (!is_parked_ && !closed_ && keep_alive_ && !writing_ && in_.size() > 0 && ParseOne()) {
  }
  if (closed_ || writing_) return;
  if (!out_.empty()) return Write();
  if (!keep_alive_ && !is_parked_) return Close();
  if (is_parked_ && in_.size() == 0) in_.shrink_to_fit();
  // A client that sends on while it waits is not read from further once a buffer is full: back-pressure.
  if (!is_parked_ || in_.size() < kBehindPollBytesMax) Read();
}

// False if more bytes are needed.
template <class Stream>
bool ConnectionOn<Stream>::ParseOne() {
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

template <class Stream>
void ConnectionOn<Stream>::Perform() {
  if (context_.log != nullptr) began_ = std::chrono::steady_clock::now();
  deadline_.expires_at(std::chrono::steady_clock::time_point());
  auto& message = parser_->get();
  keep_alive_ = message.keep_alive();
  // The JSON parser reads a little past the end.
  message.body().reserve(message.body().size() + simdjson::SIMDJSON_PADDING);
  const bool control = IsControlPath(View(message.target()));
  switch (message.method()) {
    case http::verb::get:
    case http::verb::post:
      PerformRequest(message.base());
      break;
    case http::verb::put:
    case http::verb::delete_:
      if (control) {
        PerformRequest(message.base());
      } else {
        Refuse(405, ErrorCode::kUnknownOperation, "Use GET or POST.");
      }
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

template <class Stream>
void ConnectionOn<Stream>::PerformRequest(const Header& header) {
  const BeastFields fields(header);
  request_.method = View(header.method_string());
  request_.target = View(header.target());
  request_.host = View(header[http::field::host]);
  request_.content_type = View(header[http::field::content_type]);
  request_.amz_target = View(header["X-Amz-Target"]);
  request_.authorization = View(header[http::field::authorization]);
  request_.accept = View(header[http::field::accept]);
  request_.trace_id = View(header["X-Amzn-Trace-Id"]);
  request_.headers = &fields;
  request_.body = parser_->get().body();
  if (IsFromAnotherSite(View(header[http::field::origin]), View(header["Sec-Fetch-Site"]), request_.host)) {
    return Refuse(403, ErrorCode::kAccessDenied, "Requests from pages of other sites are refused.");
  }
  if (IsControlPath(request_.target)) {
    PerformControl();
  } else {
    PerformOperation();
  }
  request_.headers = nullptr;
}

template <class Stream>
void ConnectionOn<Stream>::PerformOperation() {
  exchange_.emplace(request_);
  outcome_ = Dispatcher::Outcome();
  outcome_.wants_queue = context_.log != nullptr;
  wire::Answer answer;
  // Called back from whichever thread serves the waiter: over to our own.
  const auto make_done = [this]() -> Engine::ReceiveDone {
    return [self = this->weak_from_this(), &io = context_.io](absl::StatusOr<ReceiveMessageResult> result) {
      asio::post(io, [self, result = std::move(result)]() mutable {
        if (auto connection = self.lock()) connection->OnServed(std::move(result));
      });
    };
  };
  context_.dispatcher.Perform(*exchange_, request_, &context_.json, &answer, &outcome_, make_done);
  is_parked_ = outcome_.parked;
  if (is_parked_) {
    context_.counters.OnPoll(+1);
  } else {
    AppendOperationAnswer(answer);
  }
}

template <class Stream>
void ConnectionOn<Stream>::PerformControl() {
  const absl::Status signed_by_a_key = context_.dispatcher.CheckSigned(request_);
  if (!signed_by_a_key.ok()) {
    return Refuse(InfoOf(signed_by_a_key).http_status, InfoOf(signed_by_a_key).code, signed_by_a_key.message());
  }
  ControlAnswer page = context_.control.Answer({request_.method, request_.target, request_.body});
  wire::Answer answer;
  answer.request_id = context_.dispatcher.NewRequestId();
  answer.status = page.status;
  answer.content_type = page.content_type.c_str();
  answer.body = std::move(page.body);
  context_.counters.OnControl(answer.status);
  AppendAnswer(answer);
  LogAnswer("control", answer);
}

template <class Stream>
void ConnectionOn<Stream>::OnServed(absl::StatusOr<ReceiveMessageResult> result) {
  if (!std::exchange(is_parked_, false)) {
    // Closed since the engine called: nobody is there to read it.
    if (!result.ok()) return;
    std::vector<std::string> handles;
    for (ReceivedMessage& message : result->messages) handles.push_back(std::move(message.receipt_handle));
    if (!outcome_.repeatable && !handles.empty()) context_.engine.Undeliver(handles);
    return;
  }
  context_.counters.OnPoll(-1);
  wire::Answer answer;
  context_.dispatcher.Finish(*exchange_, std::move(result), &answer, &outcome_);
  AppendOperationAnswer(answer);
  parser_.reset();
  if (!unconfirmed_handles_.empty() && ClientHasLeft()) return Close(/*reset=*/true);
  ParseAll();
}

// Whether the end of the client's stream has come in already, which the loop has not told us yet.
template <class Stream>
bool ConnectionOn<Stream>::ClientHasLeft() {
  char byte;
  boost::system::error_code error;
  const size_t bytes = socket().receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
  return bytes == 0 && error != asio::error::would_block && error != asio::error::try_again;
}

// --- Writing --------------------------------------------------------------------------------------------------------

template <class Stream>
void ConnectionOn<Stream>::AppendOperationAnswer(const wire::Answer& answer) {
  std::move(outcome_.receipt_handles.begin(), outcome_.receipt_handles.end(), std::back_inserter(unconfirmed_handles_));
  outcome_.receipt_handles.clear();
  AppendAnswer(answer);
  if (exchange_->error().ok()) {
    context_.counters.OnRequest(exchange_->operation(), answer.status);
    LogAnswer(kOperationNames[static_cast<int>(exchange_->operation())], answer);
  } else {
    context_.counters.OnRefused(answer.status);
    LogAnswer("", answer);
  }
}

template <class Stream>
void ConnectionOn<Stream>::AppendAnswer(const wire::Answer& answer) {
  absl::StrAppend(&out_, "HTTP/1.1 ", answer.status, " ", ReasonOf(answer.status),
                  "\r\nx-amzn-RequestId: ", answer.request_id, "\r\nContent-Type: ", answer.content_type,
                  "\r\nContent-Length: ", answer.body.size());
  if (!answer.query_error.empty()) absl::StrAppend(&out_, "\r\nx-amzn-query-error: ", answer.query_error);
  if (!keep_alive_) out_ += "\r\nConnection: close";
  absl::StrAppend(&out_, "\r\n\r\n", answer.body);
}

template <class Stream>
void ConnectionOn<Stream>::LogAnswer(absl::string_view operation, const wire::Answer& answer) {
  if (context_.log == nullptr) return;
  boost::system::error_code error;
  const tcp::endpoint client = socket().remote_endpoint(error);
  const std::string client_text = error ? "-" : absl::StrCat(client.address().to_string(), ":", client.port());
  context_.log->Write(SystemClock().Now(), {.client = client_text,
                                            .method = request_.method,
                                            .operation = operation,
                                            .queue = outcome_.queue,
                                            .status = answer.status,
                                            .body_bytes = answer.body.size(),
                                            .took = absl::FromChrono(std::chrono::steady_clock::now() - began_),
                                            .request_id = answer.request_id});
}

// Refuses what never became an operation, in the form of the service's errors.
template <class Stream>
void ConnectionOn<Stream>::Refuse(int status, ErrorCode code, absl::string_view text) {
  const wire::Request as_json{.amz_target = "AmazonSQS.ListQueues"};
  wire::Answer answer;
  answer.request_id = context_.dispatcher.NewRequestId();
  wire::Exchange(as_json).WriteError(SqsError(code, text), answer.request_id, &answer);
  answer.status = status;
  context_.counters.OnRefused(status);
  AppendAnswer(answer);
  LogAnswer("", answer);
}

template <class Stream>
void ConnectionOn<Stream>::AppendEmpty(int status) {
  absl::StrAppend(&out_, "HTTP/1.1 ", status, " ", ReasonOf(status), "\r\n",
                  status == 204 ? "" : "Content-Length: 0\r\n", keep_alive_ ? "" : "Connection: close\r\n", "\r\n");
}

// Tries to write at once; waits only for what the socket does not take. What is being written has a buffer of its own:
// a parked poll may be answered meanwhile.
template <class Stream>
void ConnectionOn<Stream>::Write() {
  sending_.swap(out_);
  context_.counters.OnBytesOut(sending_.size());
  if constexpr (kTls) return WriteRest(0);
  boost::system::error_code error;
  const size_t written = stream_.write_some(asio::buffer(sending_), error);
  if (error == asio::error::would_block || error == asio::error::try_again) error = {};
  if (error) return Close(/*reset=*/true);
  if (written == sending_.size()) return OnWritten({});
  WriteRest(written);
}

template <class Stream>
void ConnectionOn<Stream>::WriteRest(size_t written) {
  writing_ = true;
  GiveTime(context_.limits.request_time);
  asio::async_write(stream_, asio::buffer(sending_) + written,
                    [self = this->shared_from_this()](const boost::system::error_code& failure, size_t) {
                      self->writing_ = false;
                      self->deadline_.cancel();
                      self->OnWritten(failure);
                    });
}

template <class Stream>
void ConnectionOn<Stream>::OnWritten(const boost::system::error_code& error) {
  if (closed_) return;
  if (error) return Close(/*reset=*/true);
  sending_.clear();
  ParseAll();
}

}  // namespace

std::shared_ptr<Connection> MakeConnection(tcp::socket socket, ServerContext& context) {
  if (context.tls == nullptr) return std::make_shared<ConnectionOn<tcp::socket>>(std::move(socket), context);
  return std::make_shared<ConnectionOn<asio::ssl::stream<tcp::socket>>>(std::move(socket), context, *context.tls);
}

}  // namespace sqs::server
