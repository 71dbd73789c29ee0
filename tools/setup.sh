#!/usr/bin/env bash
# Brings a machine to the point where a target of the Makefile can run. Quick when there is nothing to do.
#
#   tools/setup.sh GOAL...
#
#   package   .venv with localsqs built and installed
#   demo      what the example needs: PyYAML, Powertools   (make demo)
#   cpp       what the C++ tests are built with           (make test, make sanitize)
#   test      .venv with what the Python tests import     (make test)
#   wheels    of that, what has a wheel for this Python   (make test-pythons)
#   lint      .venv with formatters and type checkers     (make lint)
#   bench     benchmark library, boto3 and moto           (make bench)
#   fuzz      Clang with libFuzzer                        (make sanitize)
#   clients   Python clients of the endpoint, in build/   (make test)
#
# Debian and its kin (apt-get): missing system packages are installed, as root or with sudo. Other systems: says what is
# missing. Everything else goes to .venv/ and build/.
#
#   LOCALSQS_BASE_PYTHON=/path/to/python3   the interpreter to use, instead of the newest of 3.10 to 3.14
#   LOCALSQS_VENV=build/pythons/3.12.1      an environment instead of .venv, below this folder
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly venv="${LOCALSQS_VENV:-.venv}"
readonly python="$venv/bin/python"
readonly stamps="$venv/stamps"

say() { printf '\033[2m== %s\033[0m\n' "$*" >&2; }
[[ -t 2 ]] || say() { printf '== %s\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# --- System packages -------------------------------------------------------------------------------------------------

readonly build_packages=(g++ cmake ninja-build libabsl-dev libboost1.81-dev libsimdjson-dev libsqlite3-dev libssl-dev
  nlohmann-json3-dev)

# Packages to have, by goal: what only one goal needs is asked for only there.
debian_packages() {
  local goal
  for goal in "$@"; do
    case "$goal" in
      package) echo "${build_packages[@]}" ;;
      cpp) echo "${build_packages[@]}" libgtest-dev libgmock-dev ;;
      bench) echo "${build_packages[@]}" libbenchmark-dev ;;
      fuzz) echo "${build_packages[@]}" clang libclang-rt-14-dev ;;
    esac
  done
}

is_installed() { [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

# Root does it as it is, others with sudo.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "these need root, and there is no sudo: $*"
  fi
}

install_debian_packages() {
  local package missing=()
  for package in "$@"; do
    is_installed "$package" || [[ " ${missing[*]-} " == *" $package "* ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "installing system packages: ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
  local log
  log="$(mktemp)"
  # The lists may be there and young enough: then no update is needed.
  if ! as_root "${apt[@]}" install --no-install-recommends "${missing[@]}" >"$log" 2>&1 </dev/null; then
    if ! { as_root "${apt[@]}" update && as_root "${apt[@]}" install --no-install-recommends "${missing[@]}"; } \
      >"$log" 2>&1 </dev/null; then
      tail -n 30 "$log" >&2
      die "apt-get could not install: ${missing[*]}"
    fi
  fi
  rm -f "$log"
}

# Without apt: name each tool and library that is not there, all at once.
require_tools() {
  local goal missing=()
  has_header() { echo "#include <$1>" | "${CXX:-c++}" -E -x c++ - >/dev/null 2>&1; }
  for goal in "$@"; do
    case "$goal" in package | cpp | bench) ;; *) continue ;; esac
    if ! echo 'int main() { auto f = []<class T>(T x) { return x; }; return f(0); }' |
      "${CXX:-c++}" -std=c++20 -fsyntax-only -x c++ - 2>/dev/null; then
      missing+=("a C++20 compiler as c++ or \$CXX (GCC 12 or Clang 15)")
    elif ! has_header openssl/evp.h; then
      missing+=("OpenSSL 3 with headers (openssl-devel, brew install openssl)")
    fi
    has_header sqlite3.h || missing+=("SQLite 3.35 or later with headers (sqlite-devel, brew install sqlite)")
    has_header boost/beast.hpp || missing+=("Boost 1.81 or later with headers (boost-devel, brew install boost)")
    local version
    version="$(cmake --version 2>/dev/null | sed -n 's/^cmake version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')"
    if [[ -z "$version" ]] || ((${version% *} * 1000 + ${version#* } < 3024)); then
      missing+=("CMake 3.24 or later (pip install cmake)")
    fi
    command -v ninja >/dev/null || missing+=("Ninja (pip install ninja)")
    command -v git >/dev/null || has_header absl/base/config.h ||
      missing+=("git, with which CMake fetches Abseil, nlohmann/json and GoogleTest where they are not installed")
    break
  done
  find_python >/dev/null || missing+=("Python 3.10 to 3.14 with venv and headers (python3-devel)")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  echo "setup: this is no Debian or Ubuntu, so please install yourself:" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  exit 1
}

# --- Python ----------------------------------------------------------------------------------------------------------

# Runs, is 3.10 to 3.14, and can make an environment in which a C++ module builds?
is_usable_python() {
  "$1" -c '
import os, sys, sysconfig
import ensurepip, venv
header = os.path.join(sysconfig.get_path("include"), "Python.h")
sys.exit(not ((3, 10) <= sys.version_info < (3, 15) and os.path.exists(header)))' >/dev/null 2>&1
}

find_python() {
  local candidate
  for candidate in ${LOCALSQS_BASE_PYTHON:-python3.14 python3.13 python3.12 python3.11 python3.10 python3 /usr/bin/python3}; do
    if is_usable_python "$candidate"; then
      "$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))'
      return 0
    fi
  done
  return 1
}

# A usable environment here is kept; one that was moved, or whose Python is gone, is made anew.
make_venv() {
  if [[ -x "$python" && -z "${LOCALSQS_BASE_PYTHON:-}" ]] &&
    [[ "$("$python" -c 'import sys; print(sys.prefix)' 2>/dev/null)" == "$PWD/$venv" ]]; then
    return 0
  fi
  local base
  base="$(find_python)" || die "no Python 3.10 to 3.14 with venv and headers (set LOCALSQS_BASE_PYTHON to name one)"
  if [[ "$(cat "$stamps/base" 2>/dev/null)" == "$base" ]] && "$python" -c '' 2>/dev/null &&
    [[ "$("$python" -c 'import sys; print(sys.prefix)')" == "$PWD/$venv" ]]; then
    return 0
  fi
  say "making $venv with $("$base" --version)"
  rm -rf "$venv"
  "$base" -m venv "$venv"
  mkdir -p "$stamps"
  echo "$base" >"$stamps/base"
}

pip_install() { "$python" -m pip install --quiet --disable-pip-version-check "$@" </dev/null; }

# A digest of the names and contents of files and folders.
digest() {
  find "$@" -type f ! -path '*/__pycache__/*' ! -name '*.pyc' -print0 2>/dev/null | sort -z | xargs -0 sha256sum |
    sha256sum | cut -d' ' -f1
}

# once STEP DIGEST COMMAND...: runs the command unless the step was last done with this digest.
once() {
  local step="$1" key="$2"
  shift 2
  [[ "$(cat "$stamps/$step" 2>/dev/null)" == "$key" ]] && return 0
  "$@"
  echo "$key" >"$stamps/$step"
}

install_requirements() {
  say "installing tools/requirements/$1.txt"
  pip_install -r "tools/requirements/$1.txt"
}

# What of it has a wheel for this Python, or a line in no-wheel.txt: only a few tests need the rest, and skip without it.
install_wheels() {
  local folder=tools/requirements line other
  say "installing $folder/$1.txt"
  pip_install --only-binary :all: -r "$folder/$1.txt" 2>/dev/null && return
  while IFS= read -r line; do
    pip_install --only-binary :all: "$line" && continue  # Its reason is to be seen: it may be the network.
    other="$(grep "^${line%%[=<>[]*}==" "$folder/no-wheel.txt" || true)"
    [[ -n "$other" ]] && pip_install "$other" && continue
    say "left out, since there is no wheel for this Python: $line"
  done < <(grep -vE '^ *(#|$)' "$folder/$1.txt")
}

requirements() { once "requirements-$1" "$(digest "tools/requirements/$1.txt")" install_requirements "$1"; }

install_package() {
  say "building and installing localsqs (the first time takes a few minutes)"
  LOCALSQS_WERROR="${LOCALSQS_WERROR:-ON}" pip_install --no-build-isolation --no-deps --force-reinstall .
}

# client_environment NAME REQUIREMENTS: build/clients/NAME, apart from .venv, since each client wants its own botocore.
client_environment() {
  [[ -x "build/clients/$1/bin/python" ]] || rm -f "$stamps/clients-$1"
  once "clients-$1" "$(digest "tools/requirements/$2.txt") $("$python" -VV)" install_client_environment "$@"
}

install_client_environment() {
  local environment="build/clients/$1"
  say "installing tools/requirements/$2.txt into $environment"
  rm -rf "$environment"
  "$python" -m venv "$environment"
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
    -r "tools/requirements/$2.txt" </dev/null
}

package_inputs() {
  local input
  for input in pyproject.toml CMakeLists.txt cmake cpp python README.md LICENSE tools/requirements/build.txt; do
    [[ -e "$input" ]] && echo "$input"
  done
}

# --- Goals -----------------------------------------------------------------------------------------------------------

# In a function, so that bash has read the whole file before it starts: it may be edited meanwhile.
main() {
  [[ $# -gt 0 ]] || die "which goal? package, cpp, demo, test, wheels, lint, bench, fuzz, clients"
  local goal packages
  for goal in "$@"; do
    case "$goal" in
      package | cpp | demo | test | wheels | lint | bench | fuzz | clients) ;;
      *) die "no such goal: $goal" ;;
    esac
  done

  if command -v apt-get >/dev/null; then
    # shellcheck disable=SC2046  # A list of words is what is wanted.
    packages=($(debian_packages "$@"))
    find_python >/dev/null || packages+=(python3 python3-dev python3-venv)
    install_debian_packages ${packages[@]+"${packages[@]}"}
  else
    require_tools "$@"
  fi

  for goal in "$@"; do
    [[ "$goal" == cpp || "$goal" == fuzz ]] || make_venv
    case "$goal" in
      package)
        requirements build
        # shellcheck disable=SC2046
        once package "$(digest $(package_inputs)) $(cat "$stamps/base")" install_package
        ;;
      demo | test | lint | bench) requirements "$goal" ;;
      wheels) once wheels "$(digest tools/requirements/{test,no-wheel}.txt)" install_wheels test ;;
      clients)
        client_environment python clients
        client_environment python-query clients-query
        client_environment python-aioboto3 clients-aioboto3
        ;;
    esac
  done
}

main "$@"
exit
