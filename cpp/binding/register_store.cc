// The file of a durable engine from outside: check, export, salvage, backup.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <utility>

#include "binding/register.h"
#include "binding/store_errors.h"
#include "store/inspect.h"
#include "store/sqlite_store.h"

namespace py = pybind11;

namespace sqs::binding {
namespace {

py::dict Check(const std::string& path) {
  absl::StatusOr<FileReport> report;
  {
    py::gil_scoped_release release;
    report = CheckSqliteFile(path);
  }
  ThrowIfStoreFailed(report.status());
  py::dict dict;
  dict["version"] = report->version;
  dict["owner"] = report->owner;
  dict["rows"] = py::dict();
  for (const auto& [table, count] : report->row_counts) dict["rows"][table.c_str()] = count;
  dict["problems"] = report->problems;
  return dict;
}

// The lines of Python's own: `write` is called with each, under the GIL.
void Export(const std::string& path, const py::function& write) {
  const absl::Status status = ExportSqliteFile(path, [&write](const std::string& line) { write(line); });
  ThrowIfStoreFailed(status);
}

py::dict Salvage(const std::string& path, const std::string& new_path) {
  absl::StatusOr<SalvageReport> report;
  {
    py::gil_scoped_release release;
    report = SalvageSqliteFile(path, new_path);
  }
  ThrowIfStoreFailed(report.status());
  py::dict dict;
  dict["saved"] = py::dict();
  for (const auto& [table, count] : report->saved) dict["saved"][table.c_str()] = count;
  dict["lost"] = report->lost;
  return dict;
}

void Backup(const std::string& path, const std::string& copy_path) {
  absl::Status status;
  {
    py::gil_scoped_release release;
    status = BackupSqliteFile(path, copy_path);
  }
  ThrowIfStoreFailed(status);
}

}  // namespace

void RegisterStore(py::module_& m) {
  m.def("store_check", &Check, py::arg("path"), "What is in a file and whether it is sound.");
  m.def("store_export", &Export, py::arg("path"), py::arg("write"), "Every message as a line of JSON.");
  m.def("store_salvage", &Salvage, py::arg("path"), py::arg("new_path"), "The sound rows into a new file.");
  m.def("store_backup", &Backup, py::arg("path"), py::arg("copy_path"), "A consistent copy, also while it is in use.");
}

}  // namespace sqs::binding
