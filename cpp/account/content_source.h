// Where the content of messages is that are without it (engine/memory_limit.h).
#pragma once

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "api/effects.h"
#include "api/limits.h"
#include "api/payload.h"
#include "queue/queue.h"

namespace sqs {

using Contents = absl::InlinedVector<PayloadPtr, kMaxMessagesMax>;

class ContentSource {
 public:
  virtual ~ContentSource() = default;
  // For each of the places a payload with the content of the message there, which may be the message's own. Every place
  // has a message.
  virtual absl::Status Load(const Queue& queue, absl::Span<const MessagePlace> places, Contents* contents) = 0;
};

}  // namespace sqs
