// Receipt handles: signed, not stored.
//
// A handle is base64 of 33 bytes: version 1, queue number, sequence, slot, receive count, signature (SipHash of the
// rest under the queue's own key). It leads to its message without a search, and a handle that this queue never
// issued is told from one whose message is gone for as long as the queue lives (6.6).
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "api/effects.h"

namespace sqs {

struct ReceiptHandle {
  QueueNumber queue = 0;
  MessagePlace place;
  uint32_t receive_count = 0;

  // 44 characters of the base64 alphabet.
  HandleText Encode(const SipHashKey& key) const;
  // False for text that Encode did not make under `key`.
  static bool Decode(absl::string_view text, const SipHashKey& key, ReceiptHandle* handle);
  // The queue that a handle says it is of, whose key Decode needs; 0 for what looks like no handle. Not verified.
  static QueueNumber QueueOf(absl::string_view text);
};

}  // namespace sqs
