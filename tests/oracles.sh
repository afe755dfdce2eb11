#!/bin/sh
# Runs the release preset's comparisons with brute force (`./dev test` builds them) beside the dev preset's tests, so that
# one summary counts both. 77: not built, counted as skipped.
program=$(dirname "$0")/../build/release/tests/check/test_oracles
[ -x "$program" ] || { echo "skipped: test_oracles is not built with the release preset"; exit 77; }
exec "$program" "[oracle]"
