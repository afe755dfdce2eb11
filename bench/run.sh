#!/bin/sh
# Measures; never part of the tests. Usage: bench/run.sh check
set -eu
cd "$(dirname "$0")/.."
case "${1:-}" in
  check) ;;
  *) echo "usage: ./dev bench check" >&2; exit 2 ;;
esac
cmake --preset release -DSUNDER_BENCH=ON >/dev/null
cmake --build --preset release --target check_bench -- --quiet
exec build/release/bench/check_bench
