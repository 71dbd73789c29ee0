# How everything here is compiled.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()
# RelWithDebInfo keeps assert(), since that is what tests run; -g1 is enough for a stack trace and halves the objects.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

# Processors since 2010. simdjson's on-demand parser is chosen when we are compiled, and without these it is the one for
# machines that have no vector instructions at all.
include(CheckCXXCompilerFlag)
set(LOCALSQS_PROCESSOR "-march=x86-64-v2 -mpclmul" CACHE STRING "Compiler options for the processor; empty: any")
if(LOCALSQS_PROCESSOR AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  separate_arguments(LOCALSQS_PROCESSOR_OPTIONS NATIVE_COMMAND "${LOCALSQS_PROCESSOR}")
  check_cxx_compiler_flag("${LOCALSQS_PROCESSOR}" LOCALSQS_PROCESSOR_IS_KNOWN)
  if(LOCALSQS_PROCESSOR_IS_KNOWN)
    add_compile_options(${LOCALSQS_PROCESSOR_OPTIONS})
  endif()
endif()

# What one clone has compiled another need not compile again: paths below the clone count as relative.
find_program(LOCALSQS_CCACHE ccache)
if(LOCALSQS_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
    "${LOCALSQS_CCACHE}")
endif()

if(LOCALSQS_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

# What our own targets get and those of fetched dependencies do not.
add_library(sqs_settings INTERFACE)
# {.queue_url = url} leaves the other fields at their defaults on purpose; GCC 12 warns of it all the same.
target_compile_options(sqs_settings INTERFACE -Wall -Wextra -Wno-missing-field-initializers
  $<$<BOOL:${LOCALSQS_WERROR}>:-Werror>)
target_include_directories(sqs_settings INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}/cpp")

if(LOCALSQS_SANITIZE)
  # Options of their own, so that also what is linked in later (the Python module, gtest from source) is instrumented.
  add_compile_options("-fsanitize=${LOCALSQS_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options("-fsanitize=${LOCALSQS_SANITIZE}")
  # The thread sanitizer knows no fences; Asio's queues have locks besides.
  if(LOCALSQS_SANITIZE MATCHES "thread")
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
  # GCC: "-fsanitize=... increases the false positive rate" of this warning; the ordinary build keeps it.
  target_compile_options(sqs_settings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
