// A failure of the store as a Python exception.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "absl/status/status.h"

namespace sqs::binding {

// Nothing if `status` is OK. localsqs.errors.StoreError, an OSError, otherwise. With the GIL.
inline void ThrowIfStoreFailed(const absl::Status& status) {
  if (status.ok()) return;
  const pybind11::object type = pybind11::module_::import("localsqs.errors").attr("StoreError");
  PyErr_SetString(type.ptr(), std::string(status.message()).c_str());
  throw pybind11::error_already_set();
}

}  // namespace sqs::binding
