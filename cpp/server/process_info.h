// What the operating system knows about this process, where it has a /proc to tell it (Linux).
#pragma once

#include <cstdint>
#include <optional>

namespace sqs::server {

// Seconds since the Unix epoch, whole.
std::optional<int64_t> ProcessStartSeconds();
std::optional<int64_t> ResidentBytes();

}  // namespace sqs::server
