#!/usr/bin/env bash
# The C++ tests under sanitizers: all of them with address and undefined, those of the engine (threads) with thread.
#
#   tools/sanitize.sh [address] [thread]      both by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export ASAN_OPTIONS="detect_stack_use_after_return=1:check_initialization_order=1:strict_init_order=1"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1"

# run NAME SANITIZERS LABEL-PATTERN TARGET...
run() {
  local build="build/sanitize-$1" sanitizers="$2" labels="$3"
  shift 3
  echo "== $sanitizers"
  mkdir -p build
  cmake -S . -B "$build" -G Ninja -Wno-dev -DLOCALSQS_TESTS=ON -DLOCALSQS_SANITIZE="$sanitizers" >"$build.log" 2>&1 ||
    { cat "$build.log"; return 1; }
  cmake --build "$build" ${1:+--target "$@"}
  # GCC 12's thread sanitizer knows only the address layout without much randomness.
  local without_randomness=()
  setarch "$(uname -m)" -R true 2>/dev/null && without_randomness=(setarch "$(uname -m)" -R)
  (cd "$build" && "${without_randomness[@]}" ctest --output-on-failure --quiet -j "$(nproc)" -L "$labels" \
    --output-log ctest.log) || { cat "$build/ctest.log"; return 1; }
  grep 'tests passed' "$build/ctest.log"
}

for which in "${@:-all}"; do
  case "$which" in
    all)
      run address address,undefined .
      run thread thread '^engine$' test_engine
      ;;
    address) run address address,undefined . ;;
    thread) run thread thread '^engine$' test_engine ;;
    *) echo "usage: tools/sanitize.sh [address] [thread]" >&2; exit 2 ;;
  esac
done
