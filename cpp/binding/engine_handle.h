// What a Python Engine holds: the engine, and the source of request ids.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/uuid.h"
#include "engine/engine.h"

namespace sqs::binding {

struct EngineHandle {
  explicit EngineHandle(Engine::Options options) : engine(std::move(options)) {}

  // The id of the next request: a hash of its number, so that a seed gives the same ids again and the engine's own
  // draws are left alone (message ids do not depend on how many calls went before).
  Uuid NextRequestId() {
    const uint64_t number = calls.fetch_add(1, std::memory_order_relaxed);
    Uuid id{Mix(engine.seed() ^ Mix(2 * number)), Mix(engine.seed() ^ Mix(2 * number + 1))};
    id.high = (id.high & ~uint64_t{0xf000}) | 0x4000;                // Version 4.
    id.low = (id.low & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);  // Variant 10.
    return id;
  }

  Engine engine;
  std::atomic<uint64_t> calls{0};

 private:
  // The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
  static uint64_t Mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
};

}  // namespace sqs::binding
