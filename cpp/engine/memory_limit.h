// Which messages have their content (body, message attributes) in memory: the rule of Engine::Options::memory_limit.
//
// A message keeps its content until it is committed. Then, as long as there is more content than the limit allows, the
// newest of the batch go without: only the store has it. So what is in memory is what came first and will be delivered
// first, nothing is dropped twice, and nothing is looked for: in a queue longer than the limit some have to be read
// whatever the choice. Content that was read is given to who asked and not kept.
//
// Part of the limit, a quarter, is the history's, if there is one: it keeps the content of what came last.
//
// Under the engine's lock, reading too: a receive reads ten rows by their key at most, a look a hundred.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "account/accounts.h"
#include "account/content_source.h"
#include "engine/history.h"
#include "engine/store_feed.h"
#include "store/store.h"

namespace sqs {

class MemoryLimit : public ContentSource {
 public:
  struct Counts {
    int64_t limit_bytes = 0;   // The messages' part.
    int64_t memory_bytes = 0;  // Of content in memory, of messages in queues.
    int64_t stored_bytes = 0;  // Of content that only the store has.
    int64_t reads = 0;         // Contents read.
  };
  // See Store::ReadContents.
  using Read = std::function<absl::Status(absl::Span<const RowChoice>, std::vector<PayloadPtr>*)>;

  MemoryLimit(int64_t bytes, Accounts& accounts, StoreFeed& feed, History& history);

  // `note` tells the feed of all that has happened: a message may be received in the call in which it was moved.
  void ReadWith(std::function<void()> note, Read read) {
    note_ = std::move(note);
    read_ = std::move(read);
  }

  // While the queues are restored, for each message: what to keep of it.
  PayloadPtr OnRestored(QueueNumber queue, PayloadPtr payload);
  // What the effects, which are applied, have brought and taken away.
  void Note(absl::Span<const Effect> effects);
  // Drops what is too much. After StoreFeed::OnCommitted.
  void OnCommitted(const Batch& batch);

  // InternalFailure if it cannot be read; then failure() says why.
  absl::Status Load(const Queue& queue, absl::Span<const MessagePlace> places, Contents* contents) override;
  const absl::Status& failure() const { return failure_; }

  const Counts& counts() const { return counts_; }

 private:
  // Of one queue, by whether the content is in memory.
  struct Bytes {
    int64_t in_memory = 0;
    int64_t stored = 0;
  };

  void Count(QueueNumber queue, const Payload& payload, int sign);
  void AllGone(QueueNumber queue);
  void Drop(const MessageRow& row);

  Accounts& accounts_;
  StoreFeed& feed_;
  std::function<void()> note_;
  Read read_;  // Null: nothing can be read.
  Counts counts_;
  absl::flat_hash_map<QueueNumber, Bytes> by_queue_;  // Looked up, never walked.
  absl::Status failure_;
};

}  // namespace sqs
