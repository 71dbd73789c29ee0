#include "server/socket_poll.h"

#include <algorithm>
#include <cassert>

namespace sqs::server {
namespace {

// Then the thread's other work has its turn: timers, posted answers, new connections.
constexpr int kRoundsMax = 8;

}  // namespace

SocketPoll::SocketPoll(boost::asio::io_context& io) : epoll_(io, epoll_create1(EPOLL_CLOEXEC)) { Wait(); }

void SocketPoll::Wait() {
  epoll_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;  // Stopped, or destroyed.
    DispatchRounds();
    if (!stopping_ || socket_count_ > 0) Wait();
  });
}

// One ready socket is a client that waits for its answer: nothing else will be there at once.
void SocketPoll::DispatchRounds() {
  for (int round = 0; round < kRoundsMax; ++round) {
    if (DispatchRound() <= 1) return;
  }
}

int SocketPoll::DispatchRound() {
  event_count_ = epoll_wait(epoll_.native_handle(), events_.data(), kEventsMax, /*timeout=*/0);
  const int found = event_count_;
  in_round_ = true;
  for (next_event_ = 0; next_event_ < event_count_;) {
    const epoll_event& event = events_[next_event_++];
    if (event.data.ptr != nullptr) static_cast<Watcher*>(event.data.ptr)->OnReady(event.events);
    if (at_round_end_.size() >= kWaitingMax) EndRound();
  }
  EndRound();
  in_round_ = false;
  return found;
}

bool SocketPoll::AtRoundEnd(Watcher* watcher) {
  if (in_round_) at_round_end_.push_back(watcher);
  return in_round_;
}

// By number: who is called may ask to be called again.
void SocketPoll::EndRound() {
  for (size_t i = 0; i < at_round_end_.size(); ++i) {
    if (at_round_end_[i] != nullptr) at_round_end_[i]->OnRoundEnd();
  }
  at_round_end_.clear();
}

bool SocketPoll::Add(int socket, uint32_t events, Watcher* watcher) {
  epoll_event event{.events = events, .data = {.ptr = watcher}};
  if (epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, socket, &event) != 0) return false;
  ++socket_count_;
  return true;
}

void SocketPoll::Change(int socket, uint32_t events, Watcher* watcher) {
  epoll_event event{.events = events, .data = {.ptr = watcher}};
  epoll_ctl(epoll_.native_handle(), EPOLL_CTL_MOD, socket, &event);
}

void SocketPoll::Remove(int socket, Watcher* watcher) {
  epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, socket, nullptr);
  for (int i = next_event_; i < event_count_; ++i) {
    if (events_[i].data.ptr == watcher) events_[i].data.ptr = nullptr;
  }
  std::replace(at_round_end_.begin(), at_round_end_.end(), watcher, static_cast<Watcher*>(nullptr));
  --socket_count_;
  EndIfLast();
}

void SocketPoll::Stop() {
  stopping_ = true;
  EndIfLast();
}

void SocketPoll::EndIfLast() {
  boost::system::error_code ignored;
  if (stopping_ && socket_count_ == 0) epoll_.cancel(ignored);
}

}  // namespace sqs::server
