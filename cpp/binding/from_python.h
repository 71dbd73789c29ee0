// Python values -> api structs: a visitor of the structs' Fields.
//
// It only notices that something is wrong; localsqs._validate then says what, in botocore's words (client.cc). So what
// is read here and what botocore accepts must agree: str, int, dict, list or tuple, and bytes, bytearray, str or a
// file for a Blob. Two things pass botocore and fail at the service: a bool or more than 64 bits where an integer
// belongs.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "api/errors.h"
#include "api/types.h"
#include "binding/member_names.h"
#include "binding/text.h"

// Python 3.13 and later; before that there are no free-threaded builds that we support.
#ifndef Py_BEGIN_CRITICAL_SECTION
#define Py_BEGIN_CRITICAL_SECTION(object) {
#define Py_END_CRITICAL_SECTION() }
#endif

namespace sqs::binding {

// Items of a list or tuple, or keys and values of a dict, held while they are converted: reading a file runs Python
// code, which may change its container.
class HeldItems {
 public:
  HeldItems() = default;
  HeldItems(const HeldItems&) = delete;
  HeldItems& operator=(const HeldItems&) = delete;
  ~HeldItems() {
    for (PyObject* item : items_) Py_DECREF(item);
  }

  void HoldList(PyObject* list) {
    Py_BEGIN_CRITICAL_SECTION(list);
    const Py_ssize_t size = PySequence_Fast_GET_SIZE(list);
    for (Py_ssize_t i = 0; i < size; ++i) Hold(PySequence_Fast_GET_ITEM(list, i));
    Py_END_CRITICAL_SECTION();
  }

  // Keys and values alternate.
  void HoldDict(PyObject* dict) {
    Py_BEGIN_CRITICAL_SECTION(dict);
    Py_ssize_t position = 0;
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    while (PyDict_Next(dict, &position, &key, &value)) {
      Hold(key);
      Hold(value);
    }
    Py_END_CRITICAL_SECTION();
  }

  void Hold(PyObject* item) {
    Py_INCREF(item);
    items_.push_back(item);
  }

  size_t size() const { return items_.size(); }
  PyObject* operator[](size_t i) const { return items_[i]; }

 private:
  absl::InlinedVector<PyObject*, 20> items_;
};

struct ReadProblems {
  bool invalid = false;  // Unknown, missing or of the wrong type: ask the validator.
  bool raised = false;   // A Python exception is set: memory, or a file's read().
  absl::Status refused;  // What the service would answer once botocore has let it pass.

  bool any() const { return invalid || raised || !refused.ok(); }
};

// Bytes of a bytes, bytearray, str or file-like object (api/fields.h, Blob). Not a template: register_client.cc.
void ReadBlob(PyObject* value, Blob& blob, ReadProblems& problems);
void ReadInteger(PyObject* value, int64_t& number, ReadProblems& problems);

class FromPython {
 public:
  // `values` has one entry for each member; null where the member is absent. `borrowed` holds what texts are borrowed
  // from, until the request is done with.
  FromPython(PyObject* const* values, ReadProblems& problems, HeldItems& borrowed)
      : next_(values), problems_(problems), borrowed_(borrowed) {}

  template <class T>
  void operator()(const FieldInfo& field, T& member) {
    PyObject* value = *next_++;
    if (value != nullptr) {
      Read(value, member);
    } else if (field.requirement == kRequired) {
      problems_.invalid = true;
    }
  }

  template <class Struct>
  static void ReadStruct(PyObject* value, Struct& target, ReadProblems& problems, HeldItems& borrowed) {
    if (!PyDict_Check(value)) {
      problems.invalid = true;
      return;
    }
    HeldItems items;
    items.HoldDict(value);
    PyObject* values[kMembersMax] = {};
    for (size_t i = 0; i < items.size(); i += 2) {
      const int index = member_names<Struct>.Find(items[i]);
      if (index < 0) {
        problems.invalid = true;
      } else {
        values[index] = items[i + 1];
      }
    }
    FromPython visitor(values, problems, borrowed);
    Struct::Fields(visitor, target);
  }

 private:
  void Read(PyObject* value, Text& text) {
    ReadString(value, text);
    borrowed_.Hold(value);
  }
  void Read(PyObject* value, std::string& text) { ReadString(value, text); }
  template <class String>
  void ReadString(PyObject* value, String& text) {
    if (!PyUnicode_Check(value)) {
      problems_.invalid = true;
    } else if (!problems_.raised && !ReadText(value, text)) {
      problems_.raised = true;
    }
  }
  void Read(PyObject* value, int64_t& number) { ReadInteger(value, number, problems_); }
  void Read(PyObject* value, bool& flag) {
    if (!PyBool_Check(value)) problems_.invalid = true;
    flag = value == Py_True;
  }
  void Read(PyObject* value, Blob& blob) { ReadBlob(value, blob, problems_); }

  template <class T>
  void Read(PyObject* value, std::optional<T>& member) {
    Read(value, member.emplace());
  }
  template <class Struct>
    requires std::is_same_v<Nested<Struct>, Struct>
  void Read(PyObject* value, Struct& target) {
    ReadStruct(value, target, problems_, borrowed_);
  }
  template <class T>
  void Read(PyObject* value, std::vector<T>& list) {
    if (!PyList_Check(value) && !PyTuple_Check(value)) {
      problems_.invalid = true;
      return;
    }
    HeldItems items;
    items.HoldList(value);
    list.resize(items.size());
    for (size_t i = 0; i < items.size(); ++i) Read(items[i], list[i]);
  }
  template <class T>
  void Read(PyObject* value, std::vector<std::pair<std::string, T>>& map) {
    if (!PyDict_Check(value)) {
      problems_.invalid = true;
      return;
    }
    HeldItems items;
    items.HoldDict(value);
    map.resize(items.size() / 2);
    for (size_t i = 0; i < map.size(); ++i) {
      Read(items[2 * i], map[i].first);
      Read(items[2 * i + 1], map[i].second);
    }
  }

  PyObject* const* next_;
  ReadProblems& problems_;
  HeldItems& borrowed_;
};

}  // namespace sqs::binding
