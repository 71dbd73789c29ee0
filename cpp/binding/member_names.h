// The member names of each api struct as interned Python strings, in the order of its Fields.
//
// Filled when the module is loaded, never changed afterwards, so read without a lock. Keyword names in Python code are
// interned too: comparing pointers finds nearly every member.
#pragma once

#include <pybind11/pybind11.h>

#include <cassert>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/fields.h"

namespace sqs::binding {

inline constexpr int kMembersMax = 12;

struct MemberNames {
  PyObject* keys[kMembersMax] = {};
  int count = 0;

  // The index of the member called `key`, or -1.
  int Find(PyObject* key) const {
    for (int i = 0; i < count; ++i) {
      if (keys[i] == key) return i;
    }
    if (!PyUnicode_Check(key)) return -1;
    for (int i = 0; i < count; ++i) {
      if (PyUnicode_Compare(keys[i], key) == 0) return i;
    }
    return -1;
  }
};

template <class Struct>
inline MemberNames member_names;

struct AnyVisitor;

// The struct that a field's type is made of, or void: Nested<std::optional<std::vector<S>>> is S.
template <class T>
struct NestedIn {
  using Type = void;
};
template <class T>
  requires requires { &T::template Fields<AnyVisitor, T>; }
struct NestedIn<T> {
  using Type = T;
};
template <class T>
struct NestedIn<std::optional<T>> : NestedIn<T> {};
template <class T>
struct NestedIn<std::vector<T>> : NestedIn<T> {};
template <class T>
struct NestedIn<std::vector<std::pair<std::string, T>>> : NestedIn<T> {};

template <class T>
using Nested = typename NestedIn<T>::Type;

template <class Struct>
void InternMemberNames();

class NameVisitor {
 public:
  explicit NameVisitor(MemberNames& names) : names_(names) {}

  template <class T>
  void operator()(const FieldInfo& field, const T&) {
    assert(names_.count < kMembersMax);
    PyObject* key = PyUnicode_InternFromString(field.name);
    if (key == nullptr) throw pybind11::error_already_set();
    names_.keys[names_.count++] = key;
    if constexpr (!std::is_void_v<Nested<T>>) InternMemberNames<Nested<T>>();
  }

 private:
  MemberNames& names_;
};

// Interns the names of `Struct` and of all structs in it. When loading the module only.
template <class Struct>
void InternMemberNames() {
  MemberNames& names = member_names<Struct>;
  if (names.count != 0) return;
  const Struct example{};
  NameVisitor visitor(names);
  Struct::Fields(visitor, example);
}

}  // namespace sqs::binding
