// From a failed absl::Status to a Python exception.
#pragma once

#include <pybind11/pybind11.h>

#include "absl/status/status.h"
#include "base/uuid.h"

namespace sqs::binding {

// Sets the exception that boto3 raises for `status`: localsqs.errors makes it. Requires !status.ok() and the GIL.
void SetServiceError(const absl::Status& status, const char* operation, const Uuid& request_id);

// Turns the C++ exception being handled into a Python one. For functions that CPython calls directly; call it in a
// catch block.
void SetFromCurrentException();

}  // namespace sqs::binding
