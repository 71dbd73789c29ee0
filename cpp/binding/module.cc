// localsqs._core: the engine as Python sees it. Converts types and errors, decides nothing.
//
//   Python values -> api structs    from_python.h   a visitor of the structs' own Fields
//   api structs -> Python values    to_python.h     the same
//   absl::Status -> exception       errors.h        localsqs.errors makes the exception
//
// The GIL is released exactly around a call of the engine, and never taken under the engine's lock: a thread waits for
// one or the other, not for both. The module keeps no state of its own but interned names, made when it is loaded, so
// it needs no GIL (free-threaded CPython).
#include <pybind11/pybind11.h>

#include "binding/register.h"

#ifndef LOCALSQS_VERSION
#define LOCALSQS_VERSION "0"
#endif

PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used()) {
  m.doc() = "The C++ engine of localsqs. Use the package localsqs instead: it adds names, defaults and documentation.";
  m.attr("__version__") = LOCALSQS_VERSION;
  sqs::binding::RegisterClocks(m);
  sqs::binding::RegisterErrors(m);
  sqs::binding::RegisterShapes(m);
  sqs::binding::RegisterHistory(m);
  sqs::binding::RegisterEngine(m);
  sqs::binding::RegisterMetrics(m);
  sqs::binding::RegisterClient(m);
  sqs::binding::RegisterServer(m);
  sqs::binding::RegisterStore(m);
}
