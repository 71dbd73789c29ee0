#!/usr/bin/env bash
# Formatters, linters and type checker. Changes nothing, or with --fix formats and mends what can be mended by machine.
# All come from .venv, pinned, so that they say the same everywhere. Runs them all, then fails if one did.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly bin=.venv/bin
status=0
check() {
  local name="$1"
  shift
  "$@" || { echo "lint: $name failed" >&2; status=1; }
}

mapfile -d '' cpp_files < <(find cpp tests -type f \( -name '*.cc' -o -name '*.h' \) -print0 2>/dev/null | sort -z)
python_folders=()
for folder in python tests tools examples; do [[ -d "$folder" ]] && python_folders+=("$folder"); done

if [[ "${1:-}" == --fix ]]; then
  check clang-format "$bin/clang-format" -i "${cpp_files[@]}"
  check ruff "$bin/ruff" check --quiet --fix "${python_folders[@]}"
  check "ruff format" "$bin/ruff" format --quiet "${python_folders[@]}"
else
  check clang-format "$bin/clang-format" --dry-run -Werror "${cpp_files[@]}"
  check "ruff check" "$bin/ruff" check --quiet "${python_folders[@]}"
  check "ruff format" "$bin/ruff" format --check --quiet "${python_folders[@]}"
fi
if [[ -d python/localsqs ]]; then
  check mypy "$bin/mypy" --strict --no-error-summary --cache-dir build/mypy python/localsqs
fi
for script in .ci/run tools/*.sh; do check "bash -n $script" bash -n "$script"; done
[[ $status -ne 0 ]] || echo "lint: clean"
exit $status
