// What a message carries from its send to its end: immutable, shared by the queue, the effects and the history.
//
// A payload is one allocation: counter, ids and digests, then the body. Reference counted with an atomic, since the
// history is read outside the engine's lock.
//
// Its content is the body and the message attributes. A payload may be without it (engine/memory_limit.h): then only
// the store has it, and everything else is here.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/types.h"
#include "base/block_cache.h"
#include "base/digest.h"
#include "base/uuid.h"

namespace sqs {

// What few messages have. Empty strings are absent.
struct PayloadExtras {
  AttributeValueMap message_attributes;
  std::string trace_header;  // AWSTraceHeader.
  std::string group_id;
  std::string deduplication_id;        // FIFO: given, or the SHA-256 of the body.
  std::string sender_id;               // Empty: the account that owns the queue.
  std::string dead_letter_source_arn;  // DeadLetterQueueSourceArn.
  absl::Time sent_at =
      absl::InfinitePast();  // SentTimestamp where it differs from the retention clock (FIFO moves, 8.2).
  // Receives before the message came to this queue by a redrive policy: ApproximateReceiveCount goes on from there,
  // while maxReceiveCount compares the receives of this stay only (8.2).
  uint32_t receives_before = 0;

  friend bool operator==(const PayloadExtras&, const PayloadExtras&) = default;

  static void* operator new(size_t bytes) { return TakeBlock(bytes); }
  static void operator delete(void* extras, size_t bytes) { GiveBlock(extras, bytes); }
};

class Payload {
 public:
  const Uuid& id() const { return id_; }
  const Md5Digest& body_md5() const { return body_md5_; }
  // Empty without the content.
  absl::string_view body() const {
    return {reinterpret_cast<const char*>(this + 1), has_content() ? size_t{body_bytes_} : 0};
  }
  bool has_content() const { return content_is_here_; }
  // The size of the content, here or not: body, and names, types and values of message attributes.
  size_t content_bytes() const;
  // Null for a message with a body and nothing else. Without the content it has no message attributes.
  const PayloadExtras* extras() const { return extras_.get(); }
  // SentTimestamp.
  absl::Time sent_at() const;
  // The instant from which the retention period counts.
  absl::Time retained_from() const { return absl::FromUnixNanos(retained_from_ns_); }
  int64_t retained_from_ns() const { return retained_from_ns_; }

  absl::string_view group_id() const { return extras_ == nullptr ? absl::string_view() : extras_->group_id; }
  absl::string_view deduplication_id() const {
    return extras_ == nullptr ? absl::string_view() : extras_->deduplication_id;
  }

 private:
  friend class PayloadPtr;
  Payload(Uuid id, absl::Time retained_from, const Md5Digest& md5, size_t body_bytes,
          std::unique_ptr<PayloadExtras> extras)
      : body_bytes_(static_cast<uint32_t>(body_bytes)),
        content_is_here_(true),
        id_(id),
        body_md5_(md5),
        retained_from_ns_(absl::ToUnixNanos(retained_from)),
        extras_(std::move(extras)) {}

  mutable std::atomic<uint32_t> references_{1};
  uint32_t body_bytes_ : 31;  // Without the content: the size of the whole content.
  uint32_t content_is_here_ : 1;
  Uuid id_;
  Md5Digest body_md5_;
  int64_t retained_from_ns_;
  std::unique_ptr<PayloadExtras> extras_;
};

// Shared ownership of one immutable Payload.
class PayloadPtr {
 public:
  PayloadPtr() = default;
  PayloadPtr(const PayloadPtr& other) : payload_(other.payload_) {
    if (payload_ != nullptr) payload_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  PayloadPtr(PayloadPtr&& other) noexcept : payload_(std::exchange(other.payload_, nullptr)) {}
  PayloadPtr& operator=(PayloadPtr other) noexcept {
    std::swap(payload_, other.payload_);
    return *this;
  }
  ~PayloadPtr() { Release(); }

  // `md5` is that of `body`; the retention clock starts at `retained_from`. `extras` may be null.
  static PayloadPtr Make(Uuid id, absl::Time retained_from, absl::string_view body, const Md5Digest& md5,
                         std::unique_ptr<PayloadExtras> extras);
  // The same content, or lack of it, in another message. `extras` are those of `from` but for what differs; may be
  // null.
  static PayloadPtr MakeFrom(const Payload& from, Uuid id, absl::Time retained_from,
                             std::unique_ptr<PayloadExtras> extras);
  // The same message without its content.
  static PayloadPtr WithoutContent(const Payload& from);
  // The message that `from` is without its content, with that of `content`.
  static PayloadPtr WithContent(const Payload& from, const Payload& content);

  const Payload* operator->() const { return payload_; }
  const Payload& operator*() const { return *payload_; }
  explicit operator bool() const { return payload_ != nullptr; }
  // It will soon be looked at or let go.
  void Prefetch() const { __builtin_prefetch(payload_, /*for writing=*/1); }
  // The same, with the beginning of its body: as much as most have.
  void PrefetchContent() const {
    constexpr int kLineBytes = 64, kLines = 6;
    Prefetch();
    for (int i = 1; i < kLines; ++i) __builtin_prefetch(reinterpret_cast<const char*>(payload_) + i * kLineBytes);
  }

 private:
  static PayloadPtr MakeWithoutContent(Uuid id, absl::Time retained_from, size_t content_bytes, const Md5Digest& md5,
                                       std::unique_ptr<PayloadExtras> extras);
  void Release();

  Payload* payload_ = nullptr;
};

}  // namespace sqs
