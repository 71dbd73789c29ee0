// A connected TCP socket without TLS, read and written at once or not at all; SocketPoll tells when.
#pragma once

#include <boost/asio.hpp>
#include <cstdint>

#include "server/socket_poll.h"

namespace sqs::server {

class PlainSocket {
 public:
  // Takes the socket from Asio, and with it out of Asio's epoll.
  PlainSocket(boost::asio::ip::tcp::socket socket, SocketPoll& poll);
  ~PlainSocket() { Close(); }
  PlainSocket(const PlainSocket&) = delete;
  PlainSocket& operator=(const PlainSocket&) = delete;

  // From now on `watcher` is told when the socket is ready for what is wanted: EPOLLIN, EPOLLOUT. It is told again and
  // again, until that is unwanted: which costs a system call, and can wait until it was told in vain, since what is
  // wanted no more is mostly wanted again before.
  bool Watch(SocketPoll::Watcher* watcher);
  void Want(uint32_t events) { WantExactly(wanted_ | events); }
  void Unwant(uint32_t events) { WantExactly(wanted_ & ~events); }
  // See SocketPoll::AtRoundEnd, for the same watcher.
  bool AtRoundEnd() { return watcher_ != nullptr && poll_.AtRoundEnd(watcher_); }

  // As the functions of Asio's sockets. An end of the stream is asio::error::eof.
  size_t read_some(boost::asio::mutable_buffer buffer, boost::system::error_code& error);
  size_t write_some(boost::asio::const_buffer buffer, boost::system::error_code& error);
  // Whether the end of the stream, or a failure, has come in already.
  bool IsAtEnd();
  void Close();

 private:
  void WantExactly(uint32_t events);

  SocketPoll& poll_;
  int socket_;
  SocketPoll::Watcher* watcher_ = nullptr;
  uint32_t wanted_ = 0;
};

}  // namespace sqs::server
