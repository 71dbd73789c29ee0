// Client: a caller (account, region, base of queue URLs) on an engine, with the 23 operations as methods.
//
// The methods are plain C functions of the fast calling convention on a pybind11 class: a send_message spends about as
// long in here as in the engine, and pybind11's own argument handling would double that (shared/measured.md, floors).
// One function template is all of them; none is known by name but the one that may wait.
#include <pybind11/pybind11.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "api/operations.h"
#include "binding/engine_handle.h"
#include "binding/errors.h"
#include "binding/from_python.h"
#include "binding/member_names.h"
#include "binding/register.h"
#include "binding/to_python.h"

namespace py = pybind11;

namespace sqs::binding {
namespace {

struct Client {
  std::shared_ptr<EngineHandle> engine;
  Caller caller;
  // The caller wants no answer any more: its waiting receives end.
  std::shared_ptr<std::atomic<bool>> given_up = std::make_shared<std::atomic<bool>>(false);
};

// --- ResponseMetadata -----------------------------------------------------------------------------------------------

// Made when the module is loaded, never changed. Copying a small dict and setting two of its values is cheaper than
// building it, and it is in every answer.
struct MetadataTemplate {
  PyObject* response_metadata = PyUnicode_InternFromString("ResponseMetadata");
  PyObject* request_id = PyUnicode_InternFromString("RequestId");
  PyObject* http_headers = PyUnicode_InternFromString("HTTPHeaders");
  PyObject* id_header = PyUnicode_InternFromString("x-amzn-requestid");
  PyObject* metadata;
  PyObject* headers;

  MetadataTemplate() {
    using py::literals::operator""_a;
    headers =
        py::dict("x-amzn-requestid"_a = py::none(), "content-type"_a = "application/x-amz-json-1.0").release().ptr();
    metadata = py::dict("RequestId"_a = py::none(), "HTTPStatusCode"_a = 200, "HTTPHeaders"_a = py::none(),
                        "RetryAttempts"_a = 0)
                   .release()
                   .ptr();
  }
};
const MetadataTemplate* metadata_template = nullptr;

// Adds ResponseMetadata as boto3 has it. False with an exception set if memory ran out.
bool AddResponseMetadata(PyObject* answer, const Uuid& request_id) {
  const MetadataTemplate& model = *metadata_template;
  PyObject* id = NewAsciiText(request_id.ToText());
  PyObject* headers = PyDict_Copy(model.headers);
  PyObject* metadata = PyDict_Copy(model.metadata);
  const bool ok = id != nullptr && headers != nullptr && metadata != nullptr &&
                  PyDict_SetItem(headers, model.id_header, id) == 0 &&
                  PyDict_SetItem(metadata, model.request_id, id) == 0 &&
                  PyDict_SetItem(metadata, model.http_headers, headers) == 0 &&
                  PyDict_SetItem(answer, model.response_metadata, metadata) == 0;
  Py_XDECREF(id);
  Py_XDECREF(headers);
  Py_XDECREF(metadata);
  return ok;
}

// --- One call -------------------------------------------------------------------------------------------------------

// The Client behind `self`, which CPython has checked to be of our type or a subclass; null with an exception set if
// its __init__ was never called.
Client* ClientOf(PyObject* self) {
  auto value = reinterpret_cast<py::detail::instance*>(self)->get_value_and_holder();
  if (!value.holder_constructed()) {
    PyErr_SetString(PyExc_TypeError, "Client.__init__() must be called first");
    return nullptr;
  }
  return value.value_ptr<Client>();
}

// Keyword arguments as CPython hands them over: values, and their names in a tuple.
struct Keywords {
  PyObject* const* values;
  PyObject* names;  // May be null: none.

  Py_ssize_t size() const { return names == nullptr ? 0 : PyTuple_GET_SIZE(names); }
  PyObject* name(Py_ssize_t i) const { return PyTuple_GET_ITEM(names, i); }

  py::dict ToDict() const {
    py::dict dict;
    for (Py_ssize_t i = 0; i < size(); ++i) dict[py::handle(name(i))] = py::handle(values[i]);
    return dict;
  }
};

template <class Request>
void ReadRequest(const Keywords& keywords, Request& request, ReadProblems& problems, HeldItems& borrowed) {
  PyObject* values[kMembersMax] = {};
  for (Py_ssize_t i = 0; i < keywords.size(); ++i) {
    const int index = member_names<Request>.Find(keywords.name(i));
    if (index < 0) {
      problems.invalid = true;
    } else {
      values[index] = keywords.values[i];
    }
  }
  FromPython visitor(values, problems, borrowed);
  Request::Fields(visitor, request);
}

// Sets the exception for a request that could not be read: botocore's where botocore would refuse it, else the
// service's.
void SetReadError(const ReadProblems& problems, const char* operation, const Keywords& keywords, Client& client) {
  if (problems.raised) return;
  py::module_::import("localsqs._validate").attr("check")(operation, keywords.ToDict());
  const absl::Status status =
      problems.refused.ok() ? SqsError(ErrorCode::kSerialization, "The request could not be read.") : problems.refused;
  SetServiceError(status, operation, client.engine->NextRequestId());
}

// Sets the report of a loop that waits for ever. Always null.
PyObject* SetWaitLimitReached(const Client& client) {
  py::object error = py::module_::import("localsqs._wait_limit").attr("of_a_wait")(client.engine);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
  return nullptr;
}

// Never take the GIL under the engine's lock, nor wait for that lock with the GIL.
template <class Request>
auto CallEngine(Client& client, const Request& request) {
  const py::gil_scoped_release_simple release;
  return client.engine->engine.Call(request, client.caller);
}

// Lets Python handle its signals. True if a handler raised: the exception stays set in this thread.
bool Interrupted() {
  const py::gil_scoped_acquire_simple gil;
  return PyErr_Occurred() != nullptr || PyErr_CheckSignals() != 0;
}

// A long poll waits here, and Ctrl-C ends it.
auto CallEngine(Client& client, const ReceiveMessageRequest& request) {
  const py::gil_scoped_release_simple release;
  return client.engine->engine.Receive(request, client.caller,
                                       [&client] { return client.given_up->load() || Interrupted(); });
}

template <class Request>
PyObject* Perform(Client& client, const Keywords& keywords) {
  Request request;
  ReadProblems problems;
  HeldItems borrowed;
  ReadRequest(keywords, request, problems, borrowed);
  if (problems.any()) {
    SetReadError(problems, OperationOf<Request>::kName, keywords, client);
    return nullptr;
  }
  const auto result = CallEngine(client, request);
  if (PyErr_Occurred() != nullptr) return nullptr;  // It was interrupted.
  const Uuid request_id = client.engine->NextRequestId();
  if (!result.ok()) {
    if (absl::IsCancelled(result.status())) return PyErr_Format(PyExc_InterruptedError, "the receive was given up");
    if (absl::IsDeadlineExceeded(result.status())) return SetWaitLimitReached(client);
    SetServiceError(result.status(), OperationOf<Request>::kName, request_id);
    return nullptr;
  }
  PyObject* answer = ToPython::NewDict(*result);
  if (answer != nullptr && !AddResponseMetadata(answer, request_id)) Py_CLEAR(answer);
  return answer;
}

const char* MethodName(Operation operation);

template <class Request>
PyObject* Method(PyObject* self, PyObject* const* arguments, Py_ssize_t positional, PyObject* names) {
  if (positional != 0) {
    return PyErr_Format(PyExc_TypeError, "%s() only accepts keyword arguments.",
                        MethodName(OperationOf<Request>::kOperation));
  }
  try {
    Client* client = ClientOf(self);
    return client == nullptr ? nullptr : Perform<Request>(*client, {arguments, names});
  } catch (...) {
    SetFromCurrentException();
    return nullptr;
  }
}

// --- The class ------------------------------------------------------------------------------------------------------

// "SendMessage" -> "send_message".
std::string SnakeCase(const char* name) {
  std::string snake;
  for (const char* c = name; *c != '\0'; ++c) {
    const bool upper = *c >= 'A' && *c <= 'Z';
    if (upper && c != name) snake += '_';
    snake += static_cast<char>(upper ? *c - 'A' + 'a' : *c);
  }
  return snake;
}

// "(*, QueueUrl, MessageBody, DelaySeconds=...)" as inspect.signature() and editors want it.
struct SignatureVisitor {
  template <class T>
  void operator()(const FieldInfo& field, const T&) {
    text += std::string(", ") + field.name + (field.requirement == kRequired ? "" : "=...");
  }
  std::string text;
};

template <class Request>
std::string Documentation(const std::string& method) {
  const Request example{};
  SignatureVisitor visitor;
  Request::Fields(visitor, example);
  const std::string keywords = visitor.text.empty() ? "" : ", *" + visitor.text;
  return method + "($self, /" + keywords + ")\n--\n\n" + OperationOf<Request>::kName +
         " of Amazon SQS: boto3's keywords, boto3's answer.";
}

// CPython keeps pointers into these for as long as the process lives.
struct MethodRow {
  std::string name;
  std::string documentation;
  PyMethodDef definition = {};
};
std::array<MethodRow, kOperationCount>& MethodRows() {
  static auto* rows = new std::array<MethodRow, kOperationCount>();
  return *rows;
}

const char* MethodName(Operation operation) { return MethodRows()[static_cast<int>(operation)].name.c_str(); }

template <class Request>
void AddMethod(py::object& type) {
  using Result = typename OperationOf<Request>::Result;
  InternMemberNames<Request>();
  InternMemberNames<Result>();
  MethodRow& row = MethodRows()[static_cast<int>(OperationOf<Request>::kOperation)];
  row.name = SnakeCase(OperationOf<Request>::kName);
  row.documentation = Documentation<Request>(row.name);
  row.definition = {row.name.c_str(), reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&Method<Request>)),
                    METH_FASTCALL | METH_KEYWORDS, row.documentation.c_str()};
  const auto method = py::reinterpret_steal<py::object>(
      PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.ptr()), &row.definition));
  if (!method) throw py::error_already_set();
  type.attr(row.name.c_str()) = method;
}

py::dict MethodToOperation() {
  py::dict names;
  for (int i = 0; i < kOperationCount; ++i) names[MethodRows()[i].name.c_str()] = kOperationNames[i];
  return names;
}

}  // namespace

void RegisterClient(py::module_& m) {
  if (metadata_template == nullptr) metadata_template = new MetadataTemplate();
  py::class_<Client> type(m, "Client", "A caller on an engine: the 23 operations of Amazon SQS with boto3's keywords.");
  type.def(
      py::init([](std::shared_ptr<EngineHandle> engine, std::string region, std::string account, std::string url_base) {
        return Client{std::move(engine), {std::move(account), std::move(region), std::move(url_base)}};
      }),
      py::arg("engine"), py::arg("region"), py::arg("account"), py::arg("url_base"));
#define SQS_ADD_METHOD(Name, who) AddMethod<Name##Request>(type);
  SQS_OPERATIONS(SQS_ADD_METHOD)
#undef SQS_ADD_METHOD
  type.def(
      "give_up", [](Client& client) { client.given_up->store(true); },
      "Ends waiting receives of this client, now and later, with InterruptedError: within about 100 ms of real time.");
  m.def("method_to_operation", &MethodToOperation, "{\"send_message\": \"SendMessage\", ...}");
}

}  // namespace sqs::binding
