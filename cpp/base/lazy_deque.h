// A std::deque that takes no memory before something is in it: libstdc++'s takes 576 bytes at once, and a queue that
// is not used has five of them.
#pragma once

#include <deque>
#include <memory>
#include <utility>

namespace sqs {

// The part of std::deque that is used here; what it holds does not move.
template <class T>
class LazyDeque {
 public:
  LazyDeque() = default;
  LazyDeque(const LazyDeque& other)
      : items_(other.items_ == nullptr ? nullptr : std::make_unique<std::deque<T>>(*other.items_)) {}
  LazyDeque& operator=(const LazyDeque& other) { return *this = LazyDeque(other); }
  LazyDeque(LazyDeque&&) = default;
  LazyDeque& operator=(LazyDeque&&) = default;

  bool empty() const { return items_ == nullptr || items_->empty(); }
  size_t size() const { return items_ == nullptr ? 0 : items_->size(); }
  // Not of an empty one.
  T& front() { return items_->front(); }
  const T& front() const { return items_->front(); }
  T& back() { return items_->back(); }
  const T& back() const { return items_->back(); }
  void pop_front() { items_->pop_front(); }

  void push_back(T item) { made().push_back(std::move(item)); }
  template <class... Arguments>
  T& emplace_back(Arguments&&... arguments) {
    return made().emplace_back(std::forward<Arguments>(arguments)...);
  }

  auto begin() { return made().begin(); }
  auto end() { return made().end(); }
  auto begin() const { return looked_at().begin(); }
  auto end() const { return looked_at().end(); }

 private:
  std::deque<T>& made() {
    if (items_ == nullptr) items_ = std::make_unique<std::deque<T>>();
    return *items_;
  }
  const std::deque<T>& looked_at() const {
    static const std::deque<T> kNone;
    return items_ == nullptr ? kNone : *items_;
  }

  std::unique_ptr<std::deque<T>> items_;
};

}  // namespace sqs
