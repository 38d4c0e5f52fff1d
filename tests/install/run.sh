#!/bin/sh
# Installs the build in $1 to a fresh prefix, builds the project beside this script against it, and runs that. $2: whether
# leat::protobuf has to be there (a CMake boolean).
set -eu
build=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
cmake -S "$here" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_BUILD_TYPE=Debug "-DLEAT_PROTOBUF=$2" \
  >/dev/null
cmake --build "$work/build"
cd "$work" && "$work/build/uses_leat"
[ ! -x "$work/build/uses_leat_protobuf" ] || "$work/build/uses_leat_protobuf"
