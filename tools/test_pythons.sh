#!/usr/bin/env bash
# The package and its Python tests with several Pythons: tools/test_pythons.sh PYTHON...
#
#   tools/test_pythons.sh python3.12 /opt/python3.14t/bin/python3.14t
#
# Each builds the package from the tree and installs it into an environment of its own, build/pythons/VERSION, with what
# the tests import and has a wheel for this Python (tests that need more skip and say what). What is built and installed
# stays, so a second run is quick. One line a version at the end; all of the output is in build/pythons/VERSION.log.
#
#   ARGS="-k threads"               goes to pytest
#   CMAKE_BUILD_PARALLEL_LEVEL=1    compiles one file at a time
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ $# -gt 0 ]] || { echo "usage: tools/test_pythons.sh PYTHON..." >&2; exit 2; }

# 3.12.1; 3.13.5t for a free-threaded build.
version() {
  "$1" -c '
import platform, sysconfig
print(platform.python_version() + "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED")))'
}

# The tests with one Python. A free-threaded build keeps its GIL off, whatever else the tests import.
run() {
  local gil=()
  [[ "$2" != *t ]] || gil=(PYTHON_GIL=0)
  # shellcheck disable=SC2086  # ARGS are words.
  env "${gil[@]}" LOCALSQS_BASE_PYTHON="$1" LOCALSQS_VENV="build/pythons/$2" tools/test.sh python ${ARGS:-}
}

mkdir -p build/pythons
status=0
summary=()
for python in "$@"; do
  if ! name="$(version "$python")"; then
    summary+=("$python: FAILED: does not run")
    status=1
    continue
  fi
  echo "== Python $name"
  log="build/pythons/$name.log"
  verdict=ok
  run "$python" "$name" 2>&1 | tee "$log" || { verdict=FAILED; status=1; }
  summary+=("$name: $verdict: $(tail -n 1 "$log")")
done
echo "== Summary"
printf '%s\n' "${summary[@]}"
exit $status
