#include "base/forks.h"

#include <pthread.h>

#include <atomic>

namespace sqs {
namespace {

std::atomic<int> forks{0};
[[maybe_unused]] const int kRegistered =
    pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });

}  // namespace

int ForkCount() { return forks.load(std::memory_order_relaxed); }

}  // namespace sqs
