#!/bin/sh
# Runs a test program of the tsan preset (`./dev test` builds it) beside the dev preset's, so that one summary counts both.
# 77: not built, counted as skipped.
program=$(dirname "$0")/../build/tsan/tests/$1
[ -x "$program" ] || { echo "skipped: $1 is not built with the tsan preset"; exit 77; }
exec "$program"
