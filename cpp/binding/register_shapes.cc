// shapes(): the fields of all operations as Python dicts, from the structs' own Fields.
//
//   {"SendMessage": {"input": SHAPE, "output": SHAPE}, ...}
//   SHAPE: {"type": "structure", "name": "SendMessageRequest", "members": {"QueueUrl": SHAPE, ...},
//           "required": ["QueueUrl", "MessageBody"]}
//          {"type": "list", "member": SHAPE}
//          {"type": "map", "key": SHAPE, "value": SHAPE}
//          {"type": "string" | "integer" | "boolean" | "blob"}
#include <cxxabi.h>
#include <pybind11/pybind11.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "api/operations.h"
#include "binding/member_names.h"
#include "binding/register.h"

namespace py = pybind11;

namespace sqs::binding {
namespace {

// "SendMessageRequest": the name of the C++ type without its namespace.
template <class Struct>
std::string StructName() {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(typeid(Struct).name(), nullptr, nullptr, &status), &std::free);
  const std::string full = name == nullptr ? typeid(Struct).name() : name.get();
  return full.substr(full.rfind(':') + 1);
}

template <class Struct>
py::dict StructShape();
template <class T>
py::dict Shape(const std::vector<T>*);
template <class T>
py::dict Shape(const std::vector<std::pair<std::string, T>>*);

py::dict Scalar(const char* type) {
  py::dict shape;
  shape["type"] = type;
  return shape;
}

py::dict Shape(const std::string*) { return Scalar("string"); }
py::dict Shape(const Text*) { return Scalar("string"); }
template <size_t kMax>
py::dict Shape(const ShortText<kMax>*) {
  return Scalar("string");
}
py::dict Shape(const int64_t*) { return Scalar("integer"); }
py::dict Shape(const bool*) { return Scalar("boolean"); }
py::dict Shape(const Blob*) { return Scalar("blob"); }
template <class Struct>
  requires std::is_same_v<Nested<Struct>, Struct>
py::dict Shape(const Struct*) {
  return StructShape<Struct>();
}
template <class T>
py::dict Shape(const std::optional<T>*) {
  return Shape(static_cast<const T*>(nullptr));
}
template <class T>
py::dict Shape(const std::vector<T>*) {
  py::dict shape = Scalar("list");
  shape["member"] = Shape(static_cast<const T*>(nullptr));
  return shape;
}
template <class T>
py::dict Shape(const std::vector<std::pair<std::string, T>>*) {
  py::dict shape = Scalar("map");
  shape["key"] = Scalar("string");
  shape["value"] = Shape(static_cast<const T*>(nullptr));
  return shape;
}

struct ShapeVisitor {
  template <class T>
  void operator()(const FieldInfo& field, const T& member) {
    members[field.name] = Shape(&member);
    if (field.requirement == kRequired) required.append(field.name);
  }

  py::dict members;
  py::list required;
};

template <class Struct>
py::dict StructShape() {
  const Struct example{};
  ShapeVisitor visitor;
  Struct::Fields(visitor, example);
  py::dict shape = Scalar("structure");
  shape["name"] = StructName<Struct>();
  shape["members"] = visitor.members;
  shape["required"] = visitor.required;
  return shape;
}

template <class Request>
py::dict OperationShape() {
  py::dict shape;
  shape["input"] = StructShape<Request>();
  shape["output"] = StructShape<typename OperationOf<Request>::Result>();
  return shape;
}

py::dict Shapes() {
  py::dict shapes;
#define SQS_SHAPE(Name, who) shapes[#Name] = OperationShape<Name##Request>();
  SQS_OPERATIONS(SQS_SHAPE)
#undef SQS_SHAPE
  return shapes;
}

}  // namespace

void RegisterShapes(py::module_& m) {
  m.def("shapes", &Shapes,
        "The members of every request and result, by operation. See cpp/binding/register_shapes.cc.");
}

}  // namespace sqs::binding
