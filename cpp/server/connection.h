// One HTTP/1.1 connection: reads requests, has them performed, writes the answers in order.
//
// The read loop is our own around Beast's parser: bytes are read into one buffer, every complete request in it is
// performed at once, and the answers of all of them go out in one write that is tried before anything waits
// (shared/measured.md, "HTTP libraries"). While a long poll is parked, the connection holds no thread and reads only
// to notice that its client went away.
#pragma once

#include <boost/asio.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/dispatcher.h"
#include "server/server_context.h"

namespace sqs::server {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ServerContext& context);
  ~Connection();

  void Start();
  // Answers a parked poll and closes; from the connection's own thread.
  void Stop();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Header = boost::beast::http::request_header<boost::beast::http::fields>;

  void Read();
  void OnRead(const boost::system::error_code& error, size_t bytes);
  void ParseAll();
  bool ParseOne();
  void Perform();
  void PerformOperation(const Header& header);
  void OnServed(absl::StatusOr<ReceiveMessageResult> result);
  void AppendAnswer(const wire::Answer& answer);
  void Refuse(int status, ErrorCode code, absl::string_view text);
  void AppendEmpty(int status);
  void Write();
  void OnWritten(const boost::system::error_code& error);
  void GiveTime(std::chrono::seconds seconds);
  void Close();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  ServerContext& context_;
  boost::beast::flat_buffer in_;
  std::optional<Parser> parser_;
  std::string out_;                    // Answers, in order.
  std::string sending_;                // What is being written.
  std::shared_ptr<Connection> alive_;  // Ourselves until closed: now and then no operation is under way to hold us.
  bool reading_ = false;
  bool writing_ = false;
  bool keep_alive_ = true;
  bool closed_ = false;

  // The request being performed; its views point into `parser_`.
  wire::Request request_;
  std::optional<wire::Exchange> exchange_;
  Dispatcher::Parked parked_;
  bool is_parked_ = false;
};

}  // namespace sqs::server
