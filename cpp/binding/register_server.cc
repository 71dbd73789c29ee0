// Server: the HTTP endpoint of an engine, in threads of its own.
#include <pybind11/pybind11.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "binding/engine_handle.h"
#include "binding/register.h"
#include "server/control.h"
#include "server/server.h"

namespace py = pybind11;

namespace sqs::binding {
namespace {

struct ServerHandle {
  std::shared_ptr<EngineHandle> engine;  // Outlives the server.
  std::unique_ptr<server::Server> server;

  // A thread of the server may be waiting for the GIL (a clock in Python), and stopping waits for the thread.
  void Stop() {
    const py::gil_scoped_release release;
    server->Stop();
  }
  ~ServerHandle() { Stop(); }
};

std::unique_ptr<ServerHandle> StartServer(std::shared_ptr<EngineHandle> engine, std::string host, uint16_t port,
                                          int threads, std::string region, std::string account, bool insecure,
                                          std::string credentials, std::string tls_cert, std::string tls_key,
                                          std::string external_url, bool log) {
  server::ServerOptions options;
  options.host = std::move(host);
  options.port = port;
  options.threads = threads;
  options.beyond_loopback = insecure;
  options.identity.region = std::move(region);
  options.identity.account = std::move(account);
  options.identity.external_url = std::move(external_url);
  options.credentials_path = std::move(credentials);
  options.tls_cert_path = std::move(tls_cert);
  options.tls_key_path = std::move(tls_key);
  options.log = log;
  auto started = server::Server::Start(engine->engine, std::move(options));
  if (!started.ok()) {
    PyErr_SetString(absl::IsInvalidArgument(started.status()) ? PyExc_ValueError : PyExc_OSError,
                    std::string(started.status().message()).c_str());
    throw py::error_already_set();
  }
  return std::unique_ptr<ServerHandle>(new ServerHandle{std::move(engine), *std::move(started)});
}

// A page of the control (server/control.h) without HTTP: what it shows of queues stands there once.
std::pair<int, std::string> Look(EngineHandle& engine, const std::string& target) {
  static server::ServerCounters counters;
  server::ControlAnswer answer = server::Control(engine.engine, counters).Answer({"GET", target, ""});
  return {answer.status, std::move(answer.body)};
}

}  // namespace

void RegisterServer(py::module_& m) {
  m.def("look", &Look, py::arg("engine"), py::arg("target"), py::call_guard<py::gil_scoped_release>(),
        "Status and JSON text of a page of the control: \"/_localsqs/queues\".");
  py::class_<ServerHandle>(m, "Server", "The HTTP endpoint of an engine. Thread-safe.")
      .def(py::init(&StartServer), py::kw_only(), py::arg("engine"), py::arg("host"), py::arg("port"),
           py::arg("threads"), py::arg("region"), py::arg("account"), py::arg("insecure"), py::arg("credentials"),
           py::arg("tls_cert"), py::arg("tls_key"), py::arg("external_url"), py::arg("log"))
      .def_property_readonly("port", [](const ServerHandle& handle) { return handle.server->port(); })
      .def_property_readonly("endpoint_url", [](const ServerHandle& handle) { return handle.server->endpoint_url(); })
      .def("stop", &ServerHandle::Stop);
}

}  // namespace sqs::binding
