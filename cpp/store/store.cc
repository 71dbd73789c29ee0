#include "store/store.h"

namespace sqs {

bool ParseDurability(absl::string_view text, Durability* durability) {
  constexpr absl::string_view kNames[] = {"commit", "interval", "os"};
  for (int i = 0; i < 3; ++i) {
    if (text != kNames[i]) continue;
    *durability = static_cast<Durability>(i);
    return true;
  }
  return false;
}

}  // namespace sqs
