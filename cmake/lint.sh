#!/bin/sh
# Formatting and static analysis over the whole tree; `./dev lint` installs the tools. Fails when a file is not formatted.
set -eu
cd "$(dirname "$0")/.."
sources=$(git ls-files '*.cpp' '*.hpp')
clang-format --dry-run -Werror $sources
[ -f build/dev/compile_commands.json ] || cmake --preset dev >/dev/null
clang-tidy -p build/dev --quiet $(git ls-files '*.cpp' | grep -v '^tests/')
