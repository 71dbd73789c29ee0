#include "binding/from_python.h"

#include "absl/strings/str_cat.h"

namespace sqs::binding {
namespace {

// What the service's JSON parser says of a token where it wants an integer (shared/spec/sqs.md, 1.3).
absl::Status NoInteger(absl::string_view token) {
  return SqsError(ErrorCode::kSerialization, absl::StrCat(token, " can not be converted to an Integer"));
}

// What a file's read() gave back; null with an exception set.
PyObject* ReadFile(PyObject* file) {
  PyObject* content = PyObject_CallMethod(file, "read", nullptr);
  if (content == nullptr || PyBytes_Check(content) || PyByteArray_Check(content) || PyUnicode_Check(content)) {
    return content;
  }
  PyErr_Format(PyExc_TypeError, "read() of a file-like object must return bytes or str, not %.100s",
               Py_TYPE(content)->tp_name);
  Py_DECREF(content);
  return nullptr;
}

void ReadFileBlob(PyObject* value, Blob& blob, ReadProblems& problems) {
  PyObject* content = ReadFile(value);
  if (content == nullptr) {
    problems.raised = true;
    return;
  }
  ReadBlob(content, blob, problems);
  Py_DECREF(content);
}

bool HasRead(PyObject* value) {
  PyObject* read = PyObject_GetAttrString(value, "read");
  if (read == nullptr) PyErr_Clear();
  Py_XDECREF(read);
  return read != nullptr;
}

}  // namespace

void ReadInteger(PyObject* value, int64_t& number, ReadProblems& problems) {
  if (!PyLong_Check(value)) {
    problems.invalid = true;
    return;
  }
  if (PyBool_Check(value)) {
    problems.refused.Update(NoInteger(value == Py_True ? "TRUE_VALUE" : "FALSE_VALUE"));
    return;
  }
  int overflow = 0;
  number = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow != 0) problems.refused.Update(NoInteger("NUMBER_VALUE"));
}

void ReadBlob(PyObject* value, Blob& blob, ReadProblems& problems) {
  if (problems.raised) return;
  if (PyBytes_Check(value)) {
    blob.bytes.assign(PyBytes_AS_STRING(value), static_cast<size_t>(PyBytes_GET_SIZE(value)));
  } else if (PyByteArray_Check(value)) {
    Py_BEGIN_CRITICAL_SECTION(value);
    blob.bytes.assign(PyByteArray_AS_STRING(value), static_cast<size_t>(PyByteArray_GET_SIZE(value)));
    Py_END_CRITICAL_SECTION();
  } else if (PyUnicode_Check(value)) {
    problems.raised = !ReadText(value, blob.bytes);
  } else if (HasRead(value)) {
    ReadFileBlob(value, blob, problems);
  } else {
    problems.invalid = true;
  }
}

}  // namespace sqs::binding
