// Memory for small objects that are made and dropped by the thousand and live long in between: messages.
//
// The allocator of glibc keeps seven freed blocks of a size a thread; what is beyond goes back to its shared bins and
// is merged and split again. A queue frees and takes messages in bursts of hundreds, so that a quarter of a send was
// spent there (perf: _int_malloc, _int_free, malloc_consolidate, unlink_chunk). This keeps up to 2 MiB a thread.
#pragma once

#include <cstddef>

namespace sqs {

// At least `bytes` bytes, aligned as by operator new.
void* TakeBlock(size_t bytes);
// `bytes` as they were taken; any thread may give a block back.
void GiveBlock(void* block, size_t bytes);

}  // namespace sqs
