#!/usr/bin/env bash
# The tests: tools/test.sh [cpp] [python [PYTEST ARGUMENT...]]
#
# Both halves run even if the first fails; the last line is pytest's own, or "N passed, N failed" for C++ alone.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly build=build/cpp

cpp_tests() {
  tools/setup.sh cpp || return
  echo "== C++ tests"
  # The configuration is kept by CMake itself; -Wno-dev keeps fetched projects quiet.
  cmake -S . -B "$build" -G Ninja -Wno-dev -DLOCALSQS_TESTS=ON >"$build.log" 2>&1 || { cat "$build.log"; return 1; }
  cmake --build "$build" || return
  # Each line of ctest's log would be a line of hundreds: the summary and the failures are enough.
  (cd "$build" && ctest --output-on-failure --quiet -j "$(nproc)" --output-log ctest.log --output-junit ctest.xml)
  local status=$?
  if [[ $status -ne 0 ]]; then cat "$build/ctest.log"; fi
  tail -n 40 "$build/ctest.log" | grep -E 'tests passed|Total Test time' || true
  return $status
}

python_tests() {
  tools/setup.sh package test || return
  echo "== Python tests"
  local folders=() folder
  for folder in tests/python tests/properties tests/layout; do
    [[ -d "$folder" ]] && folders+=("$folder")
  done
  .venv/bin/python -m pytest -q "${folders[@]}" "$@" </dev/null
}

mkdir -p build
status=0
while [[ $# -gt 0 ]]; do
  half="$1"
  shift
  case "$half" in
    cpp)
      cpp_tests || status=1
      if [[ $# -eq 0 ]]; then
        total="$(grep -c '<testcase' "$build/ctest.xml" 2>/dev/null || echo 0)"
        failed="$(grep -c '<failure' "$build/ctest.xml" 2>/dev/null || echo 0)"
        echo "$((total - failed)) passed, $failed failed"
      fi
      ;;
    python)
      [[ $status -eq 0 ]] || echo "== C++ tests FAILED, see above"
      python_tests "$@" || status=1
      break
      ;;
    *)
      echo "usage: tools/test.sh [cpp] [python [PYTEST ARGUMENT...]]" >&2
      exit 2
      ;;
  esac
done
exit $status
