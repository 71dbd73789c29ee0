// Python strings and bytes <-> UTF-8 in C++.
//
// A Python string may hold lone surrogates, which UTF-8 cannot say; boto3 sends them as JSON escapes and leaves the
// answer to the service. Here they travel as the three bytes that WTF-8 gives them: no valid UTF-8, so the engine
// refuses a body with one (InvalidMessageContents), and a value that it keeps comes back as it was.
#pragma once

#include <pybind11/pybind11.h>

#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "api/text.h"

namespace sqs::binding {

// False, with a Python exception set, if memory ran out. Requires that `value` is a str.
inline bool ReadText(PyObject* value, std::string& text) {
  Py_ssize_t size = 0;
  if (const char* data = PyUnicode_AsUTF8AndSize(value, &size); data != nullptr) {
    text.assign(data, static_cast<size_t>(size));
    return true;
  }
  if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) == 0) return false;
  PyErr_Clear();
  PyObject* bytes = PyUnicode_AsEncodedString(value, "utf-8", "surrogatepass");
  if (bytes == nullptr) return false;
  text.assign(PyBytes_AS_STRING(bytes), static_cast<size_t>(PyBytes_GET_SIZE(bytes)));
  Py_DECREF(bytes);
  return true;
}

// The same without a copy where `value` has its UTF-8 anyway: it must then outlive `text`.
inline bool ReadText(PyObject* value, Text& text) {
  Py_ssize_t size = 0;
  if (const char* data = PyUnicode_AsUTF8AndSize(value, &size); data != nullptr) {
    text = Text::Borrow(absl::string_view(data, static_cast<size_t>(size)));
    return true;
  }
  std::string own;
  if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) == 0) return false;
  PyErr_Clear();
  if (!ReadText(value, own)) return false;
  text = std::move(own);
  return true;
}

// A new str of ASCII characters; null with an exception set if memory ran out.
inline PyObject* NewAsciiText(absl::string_view text) {
  PyObject* value = PyUnicode_New(static_cast<Py_ssize_t>(text.size()), 127);
  if (value != nullptr) std::memcpy(PyUnicode_1BYTE_DATA(value), text.data(), text.size());
  return value;
}

// A new str; null with an exception set if memory ran out. Bytes that ReadText never gives become U+FFFD.
inline PyObject* NewText(absl::string_view text) {
  const Py_ssize_t size = static_cast<Py_ssize_t>(text.size());
  PyObject* value = PyUnicode_DecodeUTF8(text.data(), size, nullptr);
  if (value != nullptr || PyErr_ExceptionMatches(PyExc_UnicodeDecodeError) == 0) return value;
  PyErr_Clear();
  value = PyUnicode_DecodeUTF8(text.data(), size, "surrogatepass");
  if (value != nullptr || PyErr_ExceptionMatches(PyExc_UnicodeDecodeError) == 0) return value;
  PyErr_Clear();
  return PyUnicode_DecodeUTF8(text.data(), size, "replace");
}

}  // namespace sqs::binding
