// Tells when the sockets of one server thread can be read or written.
//
// Asio tries to read before it waits, and a client that has its answer has said nothing yet: a system call a request
// for nothing, or a change of its epoll instead of it. Here a socket is registered once in an epoll of our own, which
// Asio watches as one descriptor: a round over all sockets that are ready costs one call.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio.hpp>

namespace sqs::server {

// To be used from the thread of `io`.
class SocketPoll {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // It is ready for what is wanted (EPOLLIN, EPOLLOUT), or broken (EPOLLERR, EPOLLHUP): said again until that
    // changes.
    virtual void OnReady(uint32_t events) = 0;
  };

  explicit SocketPoll(boost::asio::io_context& io);
  SocketPoll(const SocketPoll&) = delete;
  SocketPoll& operator=(const SocketPoll&) = delete;

  // False if the system has no memory for it.
  bool Add(int socket, uint32_t events, Watcher* watcher);
  void Change(int socket, uint32_t events, Watcher* watcher);
  // Before it is closed; `watcher` is not called any more.
  void Remove(int socket, Watcher* watcher);
  // Keeps the loop of `io` running no longer than a socket is left.
  void Stop();

 private:
  static constexpr int kEventsMax = 128;

  void Wait();
  void EndIfLast();
  void DispatchRounds();
  int DispatchRound();

  boost::asio::posix::stream_descriptor epoll_;
  std::array<epoll_event, kEventsMax> events_;  // Of the round under way, from next_event_ on.
  int next_event_ = 0;
  int event_count_ = 0;
  int socket_count_ = 0;
  bool stopping_ = false;
};

}  // namespace sqs::server
