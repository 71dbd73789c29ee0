#include "api/payload.h"

#include <cstring>
#include <new>

namespace sqs {

absl::Time Payload::sent_at() const {
  if (extras_ != nullptr && extras_->sent_at != absl::InfinitePast()) return extras_->sent_at;
  return retained_from();
}

size_t Payload::content_bytes() const {
  size_t bytes = body_bytes_;
  if (!has_content() || extras_ == nullptr) return bytes;
  for (const auto& [name, value] : extras_->message_attributes) {
    bytes += name.size() + value.data_type.size();
    if (value.string_value.has_value()) bytes += value.string_value->size();
    if (value.binary_value.has_value()) bytes += value.binary_value->bytes.size();
  }
  return bytes;
}

PayloadPtr PayloadPtr::Make(Uuid id, absl::Time retained_from, absl::string_view body, const Md5Digest& md5,
                            std::unique_ptr<PayloadExtras> extras) {
  void* memory = TakeBlock(sizeof(Payload) + body.size());
  PayloadPtr pointer;
  pointer.payload_ = new (memory) Payload(id, retained_from, md5, body.size(), std::move(extras));
  std::memcpy(static_cast<char*>(memory) + sizeof(Payload), body.data(), body.size());
  return pointer;
}

PayloadPtr PayloadPtr::MakeWithoutContent(Uuid id, absl::Time retained_from, size_t content_bytes, const Md5Digest& md5,
                                          std::unique_ptr<PayloadExtras> extras) {
  PayloadPtr pointer;
  pointer.payload_ = new (TakeBlock(sizeof(Payload))) Payload(id, retained_from, md5, content_bytes, std::move(extras));
  pointer.payload_->content_is_here_ = false;
  return pointer;
}

PayloadPtr PayloadPtr::MakeFrom(const Payload& from, Uuid id, absl::Time retained_from,
                                std::unique_ptr<PayloadExtras> extras) {
  if (from.has_content()) return Make(id, retained_from, from.body(), from.body_md5(), std::move(extras));
  return MakeWithoutContent(id, retained_from, from.content_bytes(), from.body_md5(), std::move(extras));
}

PayloadPtr PayloadPtr::WithoutContent(const Payload& from) {
  static const PayloadExtras kNone;
  std::unique_ptr<PayloadExtras> extras;
  if (from.extras() != nullptr) {
    extras = std::make_unique<PayloadExtras>(*from.extras());
    extras->message_attributes = {};
    if (*extras == kNone) extras = nullptr;
  }
  return MakeWithoutContent(from.id(), from.retained_from(), from.content_bytes(), from.body_md5(), std::move(extras));
}

PayloadPtr PayloadPtr::WithContent(const Payload& from, const Payload& content) {
  std::unique_ptr<PayloadExtras> extras;
  if (from.extras() != nullptr) extras = std::make_unique<PayloadExtras>(*from.extras());
  if (content.extras() != nullptr && !content.extras()->message_attributes.empty()) {
    if (extras == nullptr) extras = std::make_unique<PayloadExtras>();
    extras->message_attributes = content.extras()->message_attributes;
  }
  return Make(from.id(), from.retained_from(), content.body(), content.body_md5(), std::move(extras));
}

void PayloadPtr::Release() {
  if (payload_ == nullptr) return;
  if (payload_->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const size_t bytes = sizeof(Payload) + payload_->body().size();
  payload_->~Payload();
  GiveBlock(payload_, bytes);
}

}  // namespace sqs
