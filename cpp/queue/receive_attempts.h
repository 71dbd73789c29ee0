// Answers of FIFO receives that carried a ReceiveRequestAttemptId, for five minutes (7.5).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/effects.h"
#include "base/lazy_deque.h"

namespace sqs {

class ReceiveAttempts {
 public:
  // One message of the answer, as it was then.
  struct Delivered {
    MessagePlace place;
    uint32_t receive_count = 0;
    absl::Time visible_at;  // Differs from the message's own once somebody changed its visibility.
  };
  struct Attempt {
    absl::Time made_at;
    std::vector<Delivered> messages;
  };

  const Attempt* Find(absl::string_view attempt_id, absl::Time now) const;
  void Add(absl::string_view attempt_id, Attempt attempt);
  std::string Dump(absl::Time now) const;

 private:
  absl::flat_hash_map<std::string, Attempt> attempts_;
  LazyDeque<std::pair<absl::Time, std::string>> by_age_;
};

}  // namespace sqs
