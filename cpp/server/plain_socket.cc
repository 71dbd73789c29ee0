#include "server/plain_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sqs::server {
namespace {

namespace asio = boost::asio;

boost::system::error_code LastError() { return {errno, asio::error::get_system_category()}; }

}  // namespace

PlainSocket::PlainSocket(asio::ip::tcp::socket socket, SocketPoll& poll) : poll_(poll) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket_ = socket.release(ignored);
}

bool PlainSocket::Watch(SocketPoll::Watcher* watcher) {
  if (!poll_.Add(socket_, wanted_, watcher)) return false;
  watcher_ = watcher;
  return true;
}

void PlainSocket::WantExactly(uint32_t events) {
  if (watcher_ == nullptr || std::exchange(wanted_, events) == events) return;
  poll_.Change(socket_, events, watcher_);
}

size_t PlainSocket::read_some(asio::mutable_buffer buffer, boost::system::error_code& error) {
  const ssize_t bytes = recv(socket_, buffer.data(), buffer.size(), 0);
  error = bytes < 0 ? LastError() : bytes == 0 ? asio::error::eof : boost::system::error_code();
  return bytes < 0 ? 0 : static_cast<size_t>(bytes);
}

size_t PlainSocket::write_some(asio::const_buffer buffer, boost::system::error_code& error) {
  const ssize_t bytes = send(socket_, buffer.data(), buffer.size(), MSG_NOSIGNAL);
  error = bytes < 0 ? LastError() : boost::system::error_code();
  return bytes < 0 ? 0 : static_cast<size_t>(bytes);
}

bool PlainSocket::IsAtEnd() {
  char byte;
  const ssize_t bytes = recv(socket_, &byte, 1, MSG_PEEK);
  return bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

void PlainSocket::Close() {
  if (socket_ < 0) return;
  if (watcher_ != nullptr) poll_.Remove(socket_, std::exchange(watcher_, nullptr));
  shutdown(socket_, SHUT_RDWR);
  close(std::exchange(socket_, -1));
}

}  // namespace sqs::server
