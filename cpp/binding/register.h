// The parts of the module localsqs._core, one function a noun. module.cc calls them in this order.
//
//   register_clocks.cc    Clock, SystemClock, ManualClock, PythonClock
//   register_errors.cc    error_catalogue(): the rows of api/errors.h
//   register_shapes.cc    shapes(): the fields of all operations, for the validator and the stubs
//   register_history.cc   Effects: what Engine.effects() gives back
//   register_engine.cc    Engine
//   register_metrics.cc   start_metrics(), queue_metric(), queue_metric_series(): AWS/SQS by the minute
//   register_client.cc    Client, with the 23 operations
//   register_server.cc    Server
#pragma once

#include <pybind11/pybind11.h>

namespace sqs::binding {

void RegisterClocks(pybind11::module_& m);
void RegisterErrors(pybind11::module_& m);
void RegisterShapes(pybind11::module_& m);
void RegisterHistory(pybind11::module_& m);
void RegisterEngine(pybind11::module_& m);
void RegisterMetrics(pybind11::module_& m);
void RegisterClient(pybind11::module_& m);
void RegisterServer(pybind11::module_& m);
void RegisterStore(pybind11::module_& m);

}  // namespace sqs::binding
