#include "base/random.h"

namespace sqs {

uint64_t Random::SeedFromSystem() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

}  // namespace sqs
