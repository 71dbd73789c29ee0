// Seeded chance. Everything that looks random (message ids, receipt handles, faults) is drawn from one of these,
// so that two runs with one seed are equal.
#pragma once

#include <cstdint>
#include <random>

namespace sqs {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // A seed from the operating system, for those who gave none.
  static uint64_t SeedFromSystem();

  uint64_t Next() { return engine_(); }

  // True with probability `p`; draws only if 0 < p < 1, so that a fault switched off leaves the sequence alone.
  bool Chance(double p) {
    if (p <= 0.0) return false;
    if (p >= 1.0) return true;
    return static_cast<double>(Next() >> 11) * 0x1.0p-53 < p;
  }

  // Uniform in [0, bound). Requires bound > 0. The bias of the modulo is below 2^-32 for our bounds.
  uint64_t Below(uint64_t bound) { return Next() % bound; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sqs
