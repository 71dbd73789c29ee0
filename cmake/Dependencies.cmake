# What we build on: the installed package where there is one, else the source of a pinned release.
#
# Debian 12: libabsl-dev libboost1.81-dev libsimdjson-dev libsqlite3-dev libssl-dev nlohmann-json3-dev, libgtest-dev
# libgmock-dev for the tests, libbenchmark-dev. Its static Abseil archives are not position-independent, so the shared ones are used, which is
# what its CMake package names.
include(FetchContent)

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto SSL)

# Headers of a fetched dependency are system headers, so that its warnings are not our errors (CMake 3.25 and later).
set(system_headers "")
if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.25)
  set(system_headers SYSTEM)
endif()

set(ABSL_PROPAGATE_CXX_STD ON)
set(ABSL_ENABLE_INSTALL OFF)
FetchContent_Declare(absl ${system_headers}
  GIT_REPOSITORY https://github.com/abseil/abseil-cpp.git
  GIT_TAG 20220623.1
  GIT_SHALLOW ON
  FIND_PACKAGE_ARGS NAMES absl CONFIG)
set(JSON_BuildTests OFF)
set(JSON_Install OFF)
FetchContent_Declare(nlohmann_json ${system_headers}
  GIT_REPOSITORY https://github.com/nlohmann/json.git
  GIT_TAG v3.11.3
  GIT_SHALLOW ON
  FIND_PACKAGE_ARGS 3.11 NAMES nlohmann_json CONFIG)
set(SIMDJSON_DEVELOPER_MODE OFF)
FetchContent_Declare(simdjson ${system_headers}
  GIT_REPOSITORY https://github.com/simdjson/simdjson.git
  GIT_TAG v3.10.1
  GIT_SHALLOW ON
  FIND_PACKAGE_ARGS 3.0 NAMES simdjson CONFIG)
FetchContent_MakeAvailable(absl nlohmann_json simdjson)
# Of what was fetched, only what is linked.
foreach(name absl simdjson)
  if(${name}_SOURCE_DIR)
    set_property(DIRECTORY "${${name}_SOURCE_DIR}" PROPERTY EXCLUDE_FROM_ALL ON)
  endif()
endforeach()

# The store. The system's own, which is kept up to date, and a package everywhere.
find_package(SQLite3 3.35 REQUIRED)

# Beast and Asio, headers only. A package everywhere, and too large to fetch.
find_package(Boost 1.81 REQUIRED)

if(LOCALSQS_TESTS)
  set(INSTALL_GTEST OFF)
  FetchContent_Declare(googletest ${system_headers}
    GIT_REPOSITORY https://github.com/google/googletest.git
    GIT_TAG v1.15.2
    GIT_SHALLOW ON
    FIND_PACKAGE_ARGS NAMES GTest)
  FetchContent_MakeAvailable(googletest)
endif()

if(LOCALSQS_BENCHES)
  set(BENCHMARK_ENABLE_TESTING OFF)
  set(BENCHMARK_ENABLE_INSTALL OFF)
  FetchContent_Declare(benchmark ${system_headers}
    GIT_REPOSITORY https://github.com/google/benchmark.git
    GIT_TAG v1.9.1
    GIT_SHALLOW ON
    FIND_PACKAGE_ARGS NAMES benchmark CONFIG)
  FetchContent_MakeAvailable(benchmark)
endif()

if(LOCALSQS_PYTHON)
  set(PYBIND11_FINDPYTHON ON)
  find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
  # pip's build environment names pybind11's folder by itself; a plain `cmake` asks the interpreter.
  if(NOT pybind11_DIR)
    execute_process(COMMAND "${Python_EXECUTABLE}" -m pybind11 --cmakedir
      OUTPUT_VARIABLE pybind11_cmakedir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(pybind11_cmakedir)
      list(APPEND CMAKE_PREFIX_PATH "${pybind11_cmakedir}")
    endif()
  endif()
  FetchContent_Declare(pybind11 ${system_headers}
    GIT_REPOSITORY https://github.com/pybind/pybind11.git
    GIT_TAG v3.0.1
    GIT_SHALLOW ON
    FIND_PACKAGE_ARGS 3.0 NAMES pybind11 CONFIG)
  FetchContent_MakeAvailable(pybind11)
endif()
