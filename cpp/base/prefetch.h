// Calling memory into the cache before it is needed.
#pragma once

// For a function that does nothing else, with SQS_KEEP_PREFETCHES() in it: GCC takes one for free of effects and leaves
// out its call (seen in the machine code: of absl's `prefetch` nothing was left).
#define SQS_PREFETCHES __attribute__((flatten, noinline))
#define SQS_KEEP_PREFETCHES() asm volatile("")
