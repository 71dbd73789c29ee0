#!/usr/bin/env bash
# The C++ tests under sanitizers: all of them with address and undefined, those that know threads (engine, durability,
# server) with thread; and the fuzzers of tests/fuzz for a short while each.
#
#   tools/sanitize.sh [address] [thread] [fuzz]      all by default
#
#   FUZZ_SECONDS=20 FUZZ_RUNS=20000                  how long each fuzzer runs: whichever is over first
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export ASAN_OPTIONS="detect_stack_use_after_return=1:check_initialization_order=1:strict_init_order=1"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1"

# The tests of tests/cpp that start threads.
threaded=()
for layer in engine durability server; do compgen -G "tests/cpp/$layer/*.cc" >/dev/null && threaded+=("$layer"); done

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
  unless_watched "$build.log" cmake -S . -B "$build" -G Ninja -Wno-dev -DLOCALSQS_TESTS=ON -DLOCALSQS_UNITY=ON \
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

# Is there a Clang that brings libFuzzer?
has_fuzzer() {
  echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
    clang++ -fsanitize=fuzzer,address -x c++ - -o /dev/null 2>/dev/null
}

# Each fuzzer from the seeds of tests/fuzz/corpus and from what earlier runs have found (build/fuzz/corpus).
fuzz() {
  local build=build/fuzz failed=() fuzzer name target
  echo "== fuzzers"
  mkdir -p build
  unless_watched "$build.log" cmake -S . -B "$build" -G Ninja -Wno-dev -DCMAKE_CXX_COMPILER=clang++ \
    -DLOCALSQS_FUZZERS=ON -DLOCALSQS_UNITY=ON -DLOCALSQS_WERROR=OFF -DLOCALSQS_SANITIZE=fuzzer-no-link,address,undefined
  local targets=()
  for fuzzer in tests/fuzz/*_fuzz.cc; do targets+=("$(basename "$fuzzer" .cc)"); done
  unless_watched "$build.log" cmake --build "$build" --target "${targets[@]}"
  for target in "${targets[@]}"; do
    name="${target%_fuzz}"
    mkdir -p "$build/corpus/$name" "$build/failed"
    if "$build/$target" -runs="${FUZZ_RUNS:-20000}" -max_total_time="${FUZZ_SECONDS:-20}" -max_len=8192 -timeout=20 \
      -rss_limit_mb=2048 -dict=tests/fuzz/sqs.dict -artifact_prefix="$build/failed/$name-" -print_final_stats=1 \
      "$build/corpus/$name" "tests/fuzz/corpus/$name" >"$build/$target.log" 2>&1; then
      printf '%-22s %s\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: */inputs: /p' "$build/$target.log")"
    else
      tail -n 40 "$build/$target.log"
      echo "$target failed. Once more:  $build/$target $(ls -t "$build/failed/$name"-* 2>/dev/null | head -n 1)" >&2
      failed+=("$target")
    fi
  done
  [[ ${#failed[@]} -eq 0 ]]
}

for which in "${@:-all}"; do
  case "$which" in
    all)
      run address address,undefined
      run thread thread "${threaded[@]}"
      if has_fuzzer; then fuzz; else echo "== fuzzers skipped: there is no clang++ with libFuzzer" >&2; fi
      ;;
    address) run address address,undefined ;;
    thread) run thread thread "${threaded[@]}" ;;
    fuzz) fuzz ;;
    *) echo "usage: tools/sanitize.sh [address] [thread] [fuzz]" >&2; exit 2 ;;
  esac
done
