#!/usr/bin/env bash
# The C++ tests under sanitizers: all of them with address and undefined, those of the layers that know threads (engine,
# server) with thread.
#
#   tools/sanitize.sh [address] [thread]      both by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export ASAN_OPTIONS="detect_stack_use_after_return=1:check_initialization_order=1:strict_init_order=1"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1"

# The tests of tests/cpp that start threads.
threaded=()
for layer in engine server; do compgen -G "tests/cpp/$layer/*.cc" >/dev/null && threaded+=("$layer"); done

# Runs a command whose output matters only to somebody who watches, or if it fails.
unless_watched() {
  local log="$1"
  shift
  if [[ -t 1 ]]; then "$@"; else "$@" >"$log" 2>&1 || { cat "$log"; return 1; }; fi
}

# run NAME SANITIZERS [LAYER...]: the tests of these layers, or all.
run() {
  local build="build/sanitize-$1" sanitizers="$2"
  shift 2
  echo "== $sanitizers"
  mkdir -p build
  unless_watched "$build.log" cmake -S . -B "$build" -G Ninja -Wno-dev -DLOCALSQS_TESTS=ON \
    -DLOCALSQS_SANITIZE="$sanitizers"
  unless_watched "$build.log" cmake --build "$build" ${1:+--target "${@/#/test_}"}
  # GCC 12's thread sanitizer knows only the address layout without much randomness.
  local without_randomness=()
  setarch "$(uname -m)" -R true 2>/dev/null && without_randomness=(setarch "$(uname -m)" -R)
  local pattern
  pattern="^($(IFS='|'; echo "$*"))\$"
  (cd "$build" && "${without_randomness[@]}" ctest --output-on-failure --no-label-summary -j "$(nproc)" \
    ${1:+-L "$pattern"}) | grep --line-buffered -vE '^ *Start +[0-9]+:|^ *[0-9]+/[0-9]+ Test .* Passed |^Test project'
}

for which in "${@:-all}"; do
  case "$which" in
    all)
      run address address,undefined
      run thread thread "${threaded[@]}"
      ;;
    address) run address address,undefined ;;
    thread) run thread thread "${threaded[@]}" ;;
    *) echo "usage: tools/sanitize.sh [address] [thread]" >&2; exit 2 ;;
  esac
done
