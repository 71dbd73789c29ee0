#include "server/connection.h"

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/plain_socket.h"
#include "server/session.h"

namespace sqs::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

constexpr size_t kReadBytes = 16 * 1024;
// What a buffer may keep when it is empty again.
constexpr size_t kKeptBytesMax = 4 * kReadBytes;
// What a client may send behind a parked poll before it is read from no more.
constexpr size_t kBehindPollBytesMax = 1024 * 1024;

// For the log; nobody asks for it otherwise.
std::string ClientName(const tcp::socket& socket, const ServerContext& context) {
  if (context.log == nullptr) return "";
  boost::system::error_code error;
  const tcp::endpoint client = socket.remote_endpoint(error);
  return error ? "-" : absl::StrCat(client.address().to_string(), ":", client.port());
}

using TlsStream = asio::ssl::stream<tcp::socket>;

// `Stream` is a PlainSocket, whose poll tells when it is ready, or a TlsStream, which Asio drives.
template <class Stream>
class ConnectionOn : public Connection,
                     public SocketPoll::Watcher,
                     public HeldAnswers::Holder,
                     public std::enable_shared_from_this<ConnectionOn<Stream>> {
 public:
  // `beside`: what the stream needs beside the socket, its poll or its TLS.
  template <class Beside>
  ConnectionOn(tcp::socket socket, ServerContext& context, Beside& beside)
      : context_(context),
        session_(context, ClientName(socket, context)),
        parser_(context.limits),
        stream_(std::move(socket), beside),
        deadline_(context.io) {
    context_.counters.OnConnection(+1);
  }
  ~ConnectionOn() override { context_.counters.OnConnection(-1); }

  void Start() override;
  void Stop() override;

 private:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  absl::string_view received() const { return {static_cast<const char*>(in_.data().data()), in_.size()}; }

  void Read();
  void OnReady(uint32_t events) override;
  void OnRoundEnd() override;
  uint32_t Wanted() const;
  void OnReadable();
  void OnRead(const boost::system::error_code& error, size_t bytes);
  void PerformAll();
  bool PerformOne();
  void Perform();
  void OnServed(absl::StatusOr<ReceiveMessageResult> result);
  void WriteSoon();
  void Write();
  bool HoldUntilCommitted();
  void OnCommitted() override;
  void WriteRest();
  void OnWritable();
  void OnRestWritten(const boost::system::error_code& error);
  void OnWritten(const boost::system::error_code& error);
  bool ClientHasLeft();
  void GiveTime(std::chrono::seconds seconds);
  void Close(bool reset = false);

  ServerContext& context_;
  Session session_;
  RequestParser parser_;
  Stream stream_;
  asio::steady_timer deadline_;
  beast::flat_buffer in_;
  std::string tls_in_;                   // What a read under way fills: `in_` may move meanwhile.
  std::string out_;                      // Answers, in order.
  std::string sending_;                  // What is being written,
  size_t sent_ = 0;                      // and how much of it is.
  std::shared_ptr<ConnectionOn> alive_;  // Ourselves until closed: now and then no operation is under way to hold us.
  bool reading_ = false;
  bool writing_ = false;  // Or waiting for the commit before it.
  bool awaits_write_ = false;
  bool closed_ = false;
};

template <class Stream>
void ConnectionOn<Stream>::Start() {
  alive_ = this->shared_from_this();
  if constexpr (kTls) {
    GiveTime(context_.limits.request_time);
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [self = this->shared_from_this()](const boost::system::error_code& error) {
                              self->deadline_.cancel();
                              if (error) return self->Close();
                              self->Read();
                            });
  } else {
    if (!stream_.Watch(this)) return Close();
    Read();
  }
}

template <class Stream>
void ConnectionOn<Stream>::Stop() {
  session_.EndAfterAnswer();
  if (session_.CancelParked()) {
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
  session_.End(/*unread=*/reset || !out_.empty() || !sending_.empty());
  deadline_.cancel();
  if constexpr (kTls) {
    boost::system::error_code ignored;
    stream_.next_layer().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.next_layer().close(ignored);
  } else {
    stream_.Close();
  }
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

// Without TLS it waits without a buffer, so that thousands of parked polls and idle connections cost little.
template <class Stream>
void ConnectionOn<Stream>::Read() {
  if (reading_ || closed_) return;
  reading_ = true;
  if (in_.size() == 0 && in_.capacity() > kKeptBytesMax) in_.shrink_to_fit();
  if constexpr (kTls) {
    tls_in_.resize(kReadBytes);
    stream_.async_read_some(asio::buffer(tls_in_),
                            [self = this->shared_from_this()](const boost::system::error_code& error, size_t bytes) {
                              self->reading_ = false;
                              asio::buffer_copy(self->in_.prepare(bytes), asio::buffer(self->tls_in_, bytes));
                              self->OnRead(error, bytes);
                            });
  } else {
    stream_.Want(EPOLLIN);
  }
}

template <class Stream>
void ConnectionOn<Stream>::OnReady(uint32_t events) {
  const std::shared_ptr<ConnectionOn> until_done = alive_;
  if constexpr (!kTls) {
    const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    const uint32_t in_vain = events & ~Wanted();
    if (awaits_write_ && (broken || (events & EPOLLOUT) != 0)) {
      OnWritable();
    } else if (reading_) {
      OnReadable();
    } else if (broken) {
      Close(/*reset=*/true);
    }
    if (in_vain != 0 && !closed_) stream_.Unwant(in_vain & ~Wanted());
  }
}

template <class Stream>
void ConnectionOn<Stream>::OnRoundEnd() {
  const std::shared_ptr<ConnectionOn> until_done = alive_;
  Write();
}

template <class Stream>
uint32_t ConnectionOn<Stream>::Wanted() const {
  return (reading_ ? uint32_t{EPOLLIN} : 0) | (awaits_write_ ? uint32_t{EPOLLOUT} : 0);
}

template <class Stream>
void ConnectionOn<Stream>::OnReadable() {
  reading_ = false;
  boost::system::error_code error;
  const size_t bytes = stream_.read_some(in_.prepare(kReadBytes), error);
  if (error == asio::error::would_block || error == asio::error::try_again) return Read();
  OnRead(error, bytes);
}

template <class Stream>
void ConnectionOn<Stream>::OnRead(const boost::system::error_code& error, size_t bytes) {
  if (closed_) return;
  // Gone: a parked receive takes nothing.
  if (error) return Close(error == asio::error::connection_reset || error == asio::error::broken_pipe);
  context_.counters.OnBytesIn(bytes);
  session_.OnHeard();
  in_.commit(bytes);
  PerformAll();
}

// --- Performing -----------------------------------------------------------------------------------------------------

// Performs every complete request in the buffer, unless one is parked, then writes all answers at once.
template <class Stream>
void ConnectionOn<Stream>::PerformAll() {
  while (!session_.is_parked() && !closed_ && session_.keep_alive() && !writing_ && in_.size() > 0 && PerformOne()) {
  }
  if (closed_ || writing_) return;
  if (!out_.empty()) return WriteSoon();
  if (!session_.keep_alive() && !session_.is_parked()) return Close();
  if (session_.is_parked() && in_.size() == 0) in_.shrink_to_fit();
  // A client that sends on while it waits is not read from further once a buffer is full: back-pressure.
  if (!session_.is_parked() || in_.size() < kBehindPollBytesMax) Read();
}

// False if more bytes are needed.
template <class Stream>
bool ConnectionOn<Stream>::PerformOne() {
  switch (parser_.Parse(received())) {
    case RequestParser::State::kComplete:
      Perform();
      return true;
    case RequestParser::State::kBad:
      session_.RefuseBytes(parser_.status(), parser_.error(), &out_);
      return true;
    case RequestParser::State::kIncomplete:
      break;
  }
  if (parser_.TakeContinue()) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  if (deadline_.expiry() <= std::chrono::steady_clock::now()) GiveTime(context_.limits.request_time);
  return false;
}

template <class Stream>
void ConnectionOn<Stream>::Perform() {
  deadline_.expires_at(std::chrono::steady_clock::time_point());
  in_.prepare(simdjson::SIMDJSON_PADDING);
  // Called back from whichever thread serves the waiter: over to our own.
  const auto make_done = [this]() -> Engine::ReceiveDone {
    return [self = this->weak_from_this(), &io = context_.io](absl::StatusOr<ReceiveMessageResult> result) {
      asio::post(io, [self, result = std::move(result)]() mutable {
        if (auto connection = self.lock()) connection->OnServed(std::move(result));
      });
    };
  };
  session_.Perform(parser_.Finish(received()), make_done, &out_);
  in_.consume(parser_.size());
  parser_.Reset();
}

template <class Stream>
void ConnectionOn<Stream>::OnServed(absl::StatusOr<ReceiveMessageResult> result) {
  if (!session_.Finish(std::move(result), &out_)) return;
  if (session_.has_unconfirmed() && ClientHasLeft()) return Close(/*reset=*/true);
  PerformAll();
}

// Whether the end of the client's stream has come in already, which nobody has told us yet.
template <class Stream>
bool ConnectionOn<Stream>::ClientHasLeft() {
  if constexpr (kTls) {
    char byte;
    boost::system::error_code error;
    const size_t bytes = stream_.next_layer().receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    return bytes == 0 && error != asio::error::would_block && error != asio::error::try_again;
  } else {
    return stream_.IsAtEnd();
  }
}

// --- Writing --------------------------------------------------------------------------------------------------------

template <class Stream>
void ConnectionOn<Stream>::WriteSoon() {
  if constexpr (!kTls) {
    if (stream_.AtRoundEnd()) return;
  }
  Write();
}

// Tries to write at once; waits only for what the socket does not take. What is being written has a buffer of its own:
// a parked poll may be answered meanwhile.
template <class Stream>
void ConnectionOn<Stream>::Write() {
  if (HoldUntilCommitted()) return;
  sending_.swap(out_);
  context_.counters.OnBytesOut(sending_.size());
  if constexpr (kTls) {
    WriteRest();
  } else {
    boost::system::error_code error;
    sent_ = stream_.write_some(asio::buffer(sending_), error);
    if (error == asio::error::would_block || error == asio::error::try_again) error = {};
    if (error || sent_ == sending_.size()) return OnWritten(error);
    WriteRest();
  }
}

// True if what the answers tell is not committed yet: OnCommitted writes them then. No thread waits.
template <class Stream>
bool ConnectionOn<Stream>::HoldUntilCommitted() {
  const CommitPointPtr awaited = session_.awaited_commit();
  if (awaited == nullptr) return false;
  writing_ = context_.held.Hold(awaited, this->weak_from_this());
  if (!writing_) session_.OnCommitted(&out_);
  return writing_;
}

template <class Stream>
void ConnectionOn<Stream>::OnCommitted() {
  if (closed_) return;
  writing_ = false;
  session_.OnCommitted(&out_);
  Write();
}

template <class Stream>
void ConnectionOn<Stream>::WriteRest() {
  writing_ = true;
  GiveTime(context_.limits.request_time);
  if constexpr (kTls) {
    asio::async_write(stream_, asio::buffer(sending_),
                      [self = this->shared_from_this()](const boost::system::error_code& failure, size_t) {
                        self->OnRestWritten(failure);
                      });
  } else {
    awaits_write_ = true;
    stream_.Want(EPOLLOUT);
  }
}

template <class Stream>
void ConnectionOn<Stream>::OnWritable() {
  boost::system::error_code error;
  sent_ += stream_.write_some(asio::buffer(sending_) + sent_, error);
  if (error == asio::error::would_block || error == asio::error::try_again) return;
  if (error || sent_ == sending_.size()) OnRestWritten(error);
}

template <class Stream>
void ConnectionOn<Stream>::OnRestWritten(const boost::system::error_code& error) {
  writing_ = awaits_write_ = false;
  deadline_.cancel();
  OnWritten(error);
}

template <class Stream>
void ConnectionOn<Stream>::OnWritten(const boost::system::error_code& error) {
  if (closed_) return;
  if (error) return Close(/*reset=*/true);
  sending_.clear();
  sent_ = 0;
  if (sending_.capacity() > kKeptBytesMax) sending_.shrink_to_fit();
  PerformAll();
}

}  // namespace

std::shared_ptr<Connection> MakeConnection(tcp::socket socket, ServerContext& context) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  if (context.tls != nullptr) {
    return std::make_shared<ConnectionOn<TlsStream>>(std::move(socket), context, *context.tls);
  }
  return std::make_shared<ConnectionOn<PlainSocket>>(std::move(socket), context, context.poll);
}

}  // namespace sqs::server
