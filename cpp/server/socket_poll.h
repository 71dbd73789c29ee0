// Tells when the sockets of one server thread can be read or written.
//
// Asio tries to read before it waits, and a client that has its answer has said nothing yet: a system call a request
// for nothing, or a change of its epoll instead of it. Here a socket is registered once in an epoll of our own, which
// Asio watches as one descriptor: a round over all sockets that are ready costs one call.
//
// Answers are written at the end of a round, all together: a client that waits is woken for the first and finds the
// others when it comes. Written one by one, each woke it anew, and each came back to caches that the system had emptied
// (16 and 64 connections: see OnRoundEnd).
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio.hpp>
#include <vector>

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
    // Asked for by AtRoundEnd.
    virtual void OnRoundEnd() = 0;
  };

  explicit SocketPoll(boost::asio::io_context& io);
  SocketPoll(const SocketPoll&) = delete;
  SocketPoll& operator=(const SocketPoll&) = delete;

  // False if the system has no memory for it.
  bool Add(int socket, uint32_t events, Watcher* watcher);
  void Change(int socket, uint32_t events, Watcher* watcher);
  // Has `watcher` called once when the round under way, or some of it, is over. False if none is.
  bool AtRoundEnd(Watcher* watcher);
  // Before it is closed; `watcher` is not called any more.
  void Remove(int socket, Watcher* watcher);
  // Keeps the loop of `io` running no longer than a socket is left.
  void Stop();

 private:
  static constexpr int kEventsMax = 128;
  // How many wait at most for the end of a round: nobody is to wait for long.
  static constexpr size_t kWaitingMax = 32;

  void Wait();
  void EndIfLast();
  void DispatchRounds();
  int DispatchRound();
  void EndRound();

  boost::asio::posix::stream_descriptor epoll_;
  std::array<epoll_event, kEventsMax> events_;  // Of the round under way, from next_event_ on.
  int next_event_ = 0;
  int event_count_ = 0;
  std::vector<Watcher*> at_round_end_;  // Null: removed since.
  bool in_round_ = false;
  int socket_count_ = 0;
  bool stopping_ = false;
};

}  // namespace sqs::server
