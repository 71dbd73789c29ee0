#include "api/effects.h"

namespace sqs {

const char* KindName(const Effect& effect) {
  return std::visit([](const auto& kind) { return kind.kKind; }, effect.kind);
}

}  // namespace sqs
