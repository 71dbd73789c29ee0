# From folders to targets.
include(GoogleTest)

# Asio, pybind11 and GoogleTest are most of what is compiled; in a group they are read once. Not so fetched dependencies:
# Abseil's files do not go together.
if(LOCALSQS_UNITY)
  set(CMAKE_UNITY_BUILD ON)
endif()

# sqs_layer(NAME DEPENDENCY...): the library sqs_NAME of cpp/NAME/*.cc.
function(sqs_layer name)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cpp/${name}/*.cc")
  if(sources)
    add_library(sqs_${name} STATIC ${sources})
    target_link_libraries(sqs_${name} PUBLIC sqs_settings ${ARGN})
  else()
    add_library(sqs_${name} INTERFACE)
    target_link_libraries(sqs_${name} INTERFACE sqs_settings ${ARGN})
  endif()
endfunction()

# sqs_python_module(MODULE FOLDER LIBRARY...): the Python module of cpp/FOLDER/*.cc, put into the package by install.
function(sqs_python_module module folder)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cpp/${folder}/*.cc")
  if(NOT sources)
    message(WARNING "cpp/${folder} has no sources: no module ${module}")
    return()
  endif()
  pybind11_add_module(${module} MODULE NO_EXTRAS ${sources})
  target_link_libraries(${module} PRIVATE ${ARGN})
  target_compile_definitions(${module} PRIVATE LOCALSQS_VERSION="${PROJECT_VERSION}")
  # Only the libraries that are really used: each one costs a little at import.
  target_link_options(${module} PRIVATE LINKER:--as-needed LINKER:--exclude-libs,ALL)
  if(NOT LOCALSQS_SANITIZE)
    target_link_options(${module} PRIVATE $<$<CONFIG:Release>:LINKER:--strip-all>)
  endif()
  install(TARGETS ${module} LIBRARY DESTINATION localsqs COMPONENT python)
endfunction()

# sqs_tests(FOLDER): one executable test_NAME for each FOLDER/NAME, linked to the layer of that name, or to the whole
# engine where there is none. Test sources include from cpp/ and from FOLDER.
function(sqs_tests folder)
  set(root "${PROJECT_SOURCE_DIR}/${folder}")
  file(GLOB entries CONFIGURE_DEPENDS "${root}/*")
  foreach(entry IN LISTS entries)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${entry}/*.cc")
    if(NOT IS_DIRECTORY "${entry}" OR NOT sources)
      continue()
    endif()
    get_filename_component(name "${entry}" NAME)
    set(library sqs_engine)
    if(TARGET sqs_${name})
      set(library sqs_${name})
    endif()
    add_executable(test_${name} ${sources})
    target_link_libraries(test_${name} PRIVATE ${library} GTest::gmock GTest::gtest_main)
    target_include_directories(test_${name} PRIVATE "${root}")
    gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${name}")
  endforeach()
endfunction()

# sqs_benches(FOLDER LIBRARY...): one executable for each FOLDER/*_bench.cc.
function(sqs_benches folder)
  file(GLOB benches CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*_bench.cc")
  foreach(bench IN LISTS benches)
    get_filename_component(name "${bench}" NAME_WE)
    add_executable(${name} "${bench}")
    target_link_libraries(${name} PRIVATE ${ARGN} benchmark::benchmark)
  endforeach()
endfunction()

# sqs_fuzzers(FOLDER LIBRARY...): one executable for each FOLDER/*_fuzz.cc. What it calls is instrumented too if
# LOCALSQS_SANITIZE names fuzzer-no-link (tools/sanitize.sh does): without, a fuzzer is blind but works.
function(sqs_fuzzers folder)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "LOCALSQS_FUZZERS needs Clang (-DCMAKE_CXX_COMPILER=clang++): libFuzzer is part of it")
  endif()
  file(GLOB fuzzers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*_fuzz.cc")
  foreach(fuzzer IN LISTS fuzzers)
    get_filename_component(name "${fuzzer}" NAME_WE)
    add_executable(${name} "${fuzzer}")
    target_link_libraries(${name} PRIVATE ${ARGN})
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/${folder}")
    target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  endforeach()
endfunction()

# sqs_fuzz_seeds(FOLDER LIBRARY...): each fuzzer without libFuzzer, as a test of FOLDER/corpus: so fuzzers go on compiling,
# and what was found once stays mended.
function(sqs_fuzz_seeds folder)
  file(GLOB fuzzers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*_fuzz.cc")
  foreach(fuzzer IN LISTS fuzzers)
    get_filename_component(name "${fuzzer}" NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" name "${name}")
    add_executable(seeds_${name} "${fuzzer}" "${PROJECT_SOURCE_DIR}/${folder}/seeds.cc")
    target_compile_options(seeds_${name} PRIVATE -O0)  # Built more often than it runs.
    target_link_libraries(seeds_${name} PRIVATE ${ARGN})
    target_include_directories(seeds_${name} PRIVATE "${PROJECT_SOURCE_DIR}/${folder}")
    add_test(NAME fuzz_seeds_${name} COMMAND seeds_${name} "${PROJECT_SOURCE_DIR}/${folder}/corpus/${name}")
  endforeach()
endfunction()
