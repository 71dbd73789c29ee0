#include "api/payload.h"

#include <cstring>
#include <new>

namespace sqs {

absl::Time Payload::sent_at() const {
  if (extras_ != nullptr && extras_->sent_at != absl::InfinitePast()) return extras_->sent_at;
  return retained_from();
}

PayloadPtr PayloadPtr::Make(Uuid id, absl::Time retained_from, absl::string_view body, const Md5Digest& md5,
                            std::unique_ptr<PayloadExtras> extras) {
  void* memory = TakeBlock(sizeof(Payload) + body.size());
  PayloadPtr pointer;
  pointer.payload_ = new (memory) Payload(id, retained_from, md5, body.size(), std::move(extras));
  std::memcpy(static_cast<char*>(memory) + sizeof(Payload), body.data(), body.size());
  return pointer;
}

void PayloadPtr::Release() {
  if (payload_ == nullptr) return;
  if (payload_->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const size_t bytes = sizeof(Payload) + payload_->body_bytes_;
  payload_->~Payload();
  GiveBlock(payload_, bytes);
}

}  // namespace sqs
