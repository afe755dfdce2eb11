#!/bin/sh
# Formatting and static analysis over the whole tree; `./dev lint` installs the tools. Fails on a finding.
set -eu
cd "$(dirname "$0")/.."
git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run -Werror
[ -f build/lint/compile_commands.json ] || cmake --preset dev -B build/lint -DSUNDER_UNITY=OFF >/dev/null  # file by file
# Two files at a time; the compiler that configured the tree is g++, whose own warning names clang does not know.
git ls-files '*.cpp' | grep -Ev '^(tests|bench)/' | xargs -P "$(nproc)" -n 4 clang-tidy -p build/lint --quiet
