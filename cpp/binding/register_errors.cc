#include <exception>
#include <new>
#include <stdexcept>

#include "api/errors.h"
#include "binding/errors.h"
#include "binding/register.h"
#include "binding/text.h"

namespace py = pybind11;

namespace sqs::binding {
namespace {

py::dict Row(const ErrorInfo& info) {
  py::dict row;
  row["shape"] = info.shape;
  row["code"] = info.query_code;
  row["http_status"] = info.http_status;
  row["modelled"] = info.shape_namespace == kSqsShapes;
  row["type"] = info.is_sender_fault() ? "Sender" : "Receiver";
  return row;
}

py::object MakeServiceError(const absl::Status& status, const char* operation, const Uuid& request_id) {
  py::object text = py::reinterpret_steal<py::object>(NewText(status.message()));
  if (!text) throw py::error_already_set();
  return py::module_::import("localsqs.errors")
      .attr("_service_error")(Row(InfoOf(status)), text, operation, request_id.ToString());
}

py::list ErrorCatalogue() {
  py::list rows;
  for (int i = 0; i < kErrorCount; ++i) rows.append(Row(Info(static_cast<ErrorCode>(i))));
  return rows;
}

}  // namespace

void SetServiceError(const absl::Status& status, const char* operation, const Uuid& request_id) {
  py::object error = MakeServiceError(status, operation, request_id);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
}

void SetFromCurrentException() {
  try {
    throw;
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::length_error&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  } catch (...) {
    PyErr_SetString(PyExc_RuntimeError, "unknown C++ exception");
  }
}

void RegisterErrors(py::module_& m) {
  m.def(
      "error_catalogue", &ErrorCatalogue,
      "Every error that SQS answers, a dict each: shape, code (of boto3's Error.Code), http_status, type, and whether "
      "the service model has it, so that client.exceptions has a class for it.");
}

}  // namespace sqs::binding
