#!/usr/bin/env bash
# The tests: tools/test.sh [cpp] [python [PYTEST ARGUMENT...]]
#
#   LOCALSQS_VENV=build/pythons/3.12.1      the Python tests in an environment instead of .venv (tools/test_pythons.sh)
#
# Both halves run even if the first fails; the last line is pytest's own, or "N passed, N failed" for C++ alone.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly build=build/cpp
# A run from nothing compiles files in groups, which takes a third of the time; others compile what has changed, and see
# where a file lacks an include.
readonly unity="${CI:+ON}"

# How often a tag stands in ctest's report.
count() { cat "$build/ctest.xml" 2>/dev/null | grep -c "$1" || true; }

# Runs a command whose output matters only to somebody who watches, or if it fails.
unless_watched() {
  local log="$build.log"
  if [[ -t 1 ]]; then "$@"; else "$@" >"$log" 2>&1 || { cat "$log"; return 1; }; fi
}

cpp_tests() {
  rm -f "$build/ctest.xml"
  tools/setup.sh cpp || return
  echo "== C++ tests"
  unless_watched cmake -S . -B "$build" -G Ninja -Wno-dev -DLOCALSQS_TESTS=ON -DLOCALSQS_UNITY="${unity:-OFF}" || return
  unless_watched cmake --build "$build" || return
  # Failures and the summary; a line for each test that passed helps nobody.
  (cd "$build" && ctest --output-on-failure --no-label-summary -j "$(nproc)" --output-junit ctest.xml) |
    grep --line-buffered -vE '^ *Start +[0-9]+:|^ *[0-9]+/[0-9]+ Test .* Passed |^Test project'
  return "${PIPESTATUS[0]}"
}

python_tests() {
  local venv="${LOCALSQS_VENV:-.venv}" goals=(package wheels) candidates=(tests/{python,properties,crash,layout})
  # Clients of the endpoint are programs of their own: once is enough for them.
  [[ "$venv" != .venv ]] || { goals=(package test clients); candidates+=(tests/clients); }
  tools/setup.sh "${goals[@]}" || return
  echo "== Python tests"
  local folders=() folder
  for folder in "${candidates[@]}"; do
    [[ -d "$folder" ]] && folders+=("$folder")
  done
  "$venv/bin/python" -m pytest -q "${folders[@]}" "$@" </dev/null
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
        total="$(count '<testcase')"
        failed="$(count '<failure')"
        [[ $total -gt 0 || $status -eq 0 ]] || failed=1 total=1  # Not even built.
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
