#include "base/block_cache.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>
#include <utility>

// GCC says so by a macro, Clang by a feature.
#if defined(__SANITIZE_ADDRESS__)
#define SQS_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SQS_ADDRESS_SANITIZER
#endif
#endif

namespace sqs {
#if defined(SQS_ADDRESS_SANITIZER)

// The sanitizer is to see every block end.
void* TakeBlock(size_t bytes) { return ::operator new(bytes); }
void GiveBlock(void* block, size_t /*bytes*/) { ::operator delete(block); }

#else

namespace {

// Sizes as glibc hands them out, 16k + 8 bytes: rounding to others would cost memory for nothing.
constexpr size_t kClasses = 65;
constexpr size_t kKeptBytesMax = size_t{2} << 20;
// How much the system is asked for at once: below the sizes from which the allocator tidies up (64 KiB) and maps memory
// apart (128 KiB). Some of it goes to what others take meanwhile.
constexpr size_t kGrowthBytes = size_t{60} << 10;
constexpr size_t kGrowthForBlocks = kGrowthBytes / 4 * 3;

constexpr size_t ClassOf(size_t bytes) { return (bytes + 7) / 16; }
constexpr size_t BytesOf(size_t size_class) { return 16 * size_class + 8; }

struct FreeBlock {
  FreeBlock* next;
};

// Trivially destructible: a thread's last messages may go after its thread_local objects did.
struct Cache {
  FreeBlock* free[kClasses];
  size_t kept_bytes;
  size_t grown_bytes;  // What is left of the last Grow, roughly.
  bool watched;        // A Cleaner exists.
  bool closed;         // The thread is ending.
};
thread_local Cache cache{};

struct Cleaner {
  ~Cleaner() {
    cache.closed = true;
    for (FreeBlock*& list : cache.free) {
      while (list != nullptr) ::operator delete(std::exchange(list, list->next));
    }
  }
};

void Watch(Cache& mine) {
  thread_local Cleaner cleaner;
  mine.watched = true;
}

// Lets the allocator have the memory of the next hundreds of blocks in one step. In a thread other than the first,
// glibc asks the system for one page after the other, and each is mapped when it is first written: 5 % of the time of
// an endpoint that is only sent to (perf: mprotect 3 %, page faults 2 %).
void Grow(Cache& mine) {
  void* const memory = ::operator new(kGrowthBytes);
#ifdef MADV_POPULATE_WRITE
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t first = (reinterpret_cast<uintptr_t>(memory) + page - 1) & ~(page - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(memory) + kGrowthBytes) & ~(page - 1);
  // Older systems do not know how: then it is as it was.
  static_cast<void>(madvise(reinterpret_cast<void*>(first), end - first, MADV_POPULATE_WRITE));
#endif
  ::operator delete(memory);
  mine.grown_bytes = kGrowthForBlocks;
}

// What the next of this size will get is called into the processor's cache, which it left while its message was old.
void CallNext(const FreeBlock* next, size_t bytes) {
  if (next == nullptr) return;
  for (size_t at = 0; at < bytes; at += 64)
    __builtin_prefetch(reinterpret_cast<const char*>(next) + at, /*for writing=*/1);
}

void* NewBlock(Cache& mine, size_t bytes) {
  if (mine.grown_bytes < bytes) Grow(mine);
  mine.grown_bytes -= bytes;
  return ::operator new(bytes);
}

}  // namespace

void* TakeBlock(size_t bytes) {
  const size_t size_class = ClassOf(bytes);
  if (size_class >= kClasses) return ::operator new(bytes);
  Cache& mine = cache;
  FreeBlock* block = mine.free[size_class];
  if (block == nullptr) return NewBlock(mine, BytesOf(size_class));
  mine.free[size_class] = block->next;
  mine.kept_bytes -= BytesOf(size_class);
  CallNext(block->next, BytesOf(size_class));
  return block;
}

void GiveBlock(void* block, size_t bytes) {
  const size_t size_class = ClassOf(bytes);
  Cache& mine = cache;
  if (size_class >= kClasses || mine.kept_bytes >= kKeptBytesMax || mine.closed) {
    ::operator delete(block);
    return;
  }
  if (!mine.watched) Watch(mine);
  mine.free[size_class] = new (block) FreeBlock{mine.free[size_class]};
  mine.kept_bytes += BytesOf(size_class);
}

#endif

}  // namespace sqs
