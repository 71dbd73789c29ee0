// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed 64-bit hash for short inputs. It signs receipt handles, so that
// a handle nobody issued is told from one whose message is gone without a table of all handles ever issued.
#pragma once

#include <array>
#include <cstdint>

#include "absl/types/span.h"

namespace sqs {

using SipHashKey = std::array<uint64_t, 2>;

// Hash of whole 64-bit words, as if they were their little-endian bytes.
uint64_t SipHash(const SipHashKey& key, absl::Span<const uint64_t> words);

}  // namespace sqs
