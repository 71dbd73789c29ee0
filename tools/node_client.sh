#!/usr/bin/env bash
# Installs AWS's runtime client for Node.js (aws-lambda-ric) into build/node, for the tests that run functions with it.
#
# It is compiled when it is installed, so it takes a minute or two and needs a compiler and autotools; without it those
# tests are skipped. Debian and its kin: missing packages are installed by root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly folder=build/node

die() { printf 'node_client: %s\n' "$*" >&2; exit 1; }

command -v npm >/dev/null || die "npm is missing"
for tool in autoreconf libtoolize cmake g++ make; do
  command -v "$tool" >/dev/null && continue
  [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null || die "$tool is missing: install autoconf, automake, libtool, cmake, g++ and make"
  apt-get install -y -q autoconf automake libtool cmake g++ make
  break
done

mkdir -p "$folder"
# The last version for Node.js 20. npm 11 runs the scripts of a package only where it is told to.
cat >"$folder/package.json" <<'JSON'
{ "private": true, "dependencies": { "aws-lambda-ric": "3.3.0" }, "allowScripts": { "aws-lambda-ric": true } }
JSON
# Node's headers as they are installed beside it: node-gyp would fetch them otherwise.
prefix="$(node -p 'path.dirname(path.dirname(process.execPath))')"
[[ -d "$prefix/include/node" ]] && export npm_config_nodedir="$prefix"
npm install --prefix "$folder" --no-audit --no-fund
[[ -f "$folder/node_modules/aws-lambda-ric/dist/rapid-client.node" ]] || die "it was installed without its native part"
