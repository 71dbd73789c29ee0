// Api structs -> Python values: a visitor of the structs' Fields that builds boto3's dicts.
//
// Left out, as the service leaves them out: empty strings, lists and maps, and what is nullopt. Numbers and booleans
// are always there.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/types.h"
#include "binding/member_names.h"
#include "binding/text.h"

namespace sqs::binding {

class ToPython {
 public:
  // A new dict; null with an exception set if memory ran out. Requires that no exception is set.
  template <class Struct>
  static PyObject* NewDict(const Struct& source) {
    PyObject* dict = PyDict_New();
    if (dict == nullptr) return nullptr;
    ToPython visitor(dict, member_names<Struct>.keys);
    Struct::Fields(visitor, source);
    if (!visitor.failed_) return dict;
    Py_DECREF(dict);
    return nullptr;
  }

  template <class T>
  void operator()(const FieldInfo&, const T& member) {
    PyObject* key = *next_key_++;
    if (failed_ || IsAbsent(member)) return;
    PyObject* value = New(member);
    failed_ = value == nullptr || PyDict_SetItem(dict_, key, value) != 0;
    Py_XDECREF(value);
  }

 private:
  ToPython(PyObject* dict, PyObject* const* keys) : dict_(dict), next_key_(keys) {}

  static bool IsAbsent(const std::string& text) { return text.empty(); }
  static bool IsAbsent(const Text& text) { return text.empty(); }
  template <size_t kMax>
  static bool IsAbsent(const ShortText<kMax>& text) {
    return text.empty();
  }
  static bool IsAbsent(int64_t) { return false; }
  template <class T>
  static bool IsAbsent(const std::vector<T>& list) {
    return list.empty();
  }
  template <class T>
  static bool IsAbsent(const std::optional<T>& member) {
    return !member.has_value();
  }

  static PyObject* New(const std::string& text) { return NewText(text); }
  static PyObject* New(const Text& text) { return NewText(text); }
  template <size_t kMax>
  static PyObject* New(const ShortText<kMax>& text) {
    return NewAsciiText(text.view());
  }
  static PyObject* New(int64_t number) { return PyLong_FromLongLong(number); }
  static PyObject* New(bool flag) { return PyBool_FromLong(flag); }
  static PyObject* New(const Blob& blob) {
    return PyBytes_FromStringAndSize(blob.bytes.data(), static_cast<Py_ssize_t>(blob.bytes.size()));
  }
  template <class T>
  static PyObject* New(const std::optional<T>& member) {
    return New(*member);
  }
  template <class Struct>
    requires std::is_same_v<Nested<Struct>, Struct>
  static PyObject* New(const Struct& source) {
    return NewDict(source);
  }
  template <class T>
  static PyObject* New(const std::vector<T>& source) {
    PyObject* list = PyList_New(static_cast<Py_ssize_t>(source.size()));
    for (size_t i = 0; list != nullptr && i < source.size(); ++i) {
      PyObject* item = New(source[i]);
      if (item != nullptr) {
        PyList_SET_ITEM(list, static_cast<Py_ssize_t>(i), item);
      } else {
        Py_CLEAR(list);
      }
    }
    return list;
  }
  template <class T>
  static PyObject* New(const std::vector<std::pair<std::string, T>>& source) {
    PyObject* dict = PyDict_New();
    for (size_t i = 0; dict != nullptr && i < source.size(); ++i) {
      PyObject* key = NewText(source[i].first);
      PyObject* value = key == nullptr ? nullptr : New(source[i].second);
      if (value == nullptr || PyDict_SetItem(dict, key, value) != 0) Py_CLEAR(dict);
      Py_XDECREF(key);
      Py_XDECREF(value);
    }
    return dict;
  }

  PyObject* dict_;
  PyObject* const* next_key_;
  bool failed_ = false;
};

}  // namespace sqs::binding
