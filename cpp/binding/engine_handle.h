// What a Python Engine holds: the engine, and the source of request ids.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/uuid.h"
#include "engine/engine.h"

namespace sqs::binding {

struct EngineHandle {
  explicit EngineHandle(std::unique_ptr<Engine> opened) : owned(std::move(opened)), engine(*owned) {}

  // The id of the next request: a hash of its number, so that a seed gives the same ids again and the engine's own
  // draws are left alone (message ids do not depend on how many calls went before).
  Uuid NextRequestId() { return Uuid::OfNumber(engine.seed(), calls.fetch_add(1, std::memory_order_relaxed)); }

  const std::unique_ptr<Engine> owned;
  Engine& engine;
  std::atomic<uint64_t> calls{0};
};

}  // namespace sqs::binding
