#!/bin/sh
# ./dev fuzz [SECONDS [TARGET…]]: each target for so long (600 s by default), one after the other; stops at a finding.
# Inputs that reach new code are kept in build/fuzz/corpus; a finding is left as build/fuzz/crash-….
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-600}; [ $# -gt 0 ] && shift
if [ ! -f build/fuzz/build.ninja ]; then
  compiler=$(command -v clang++ || command -v g++)
  cmake --preset fuzz -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
fi
[ $# -gt 0 ] || set -- $(ls fuzz/targets | sed 's/\.cpp$//')
for name in "$@"; do cmake --build build/fuzz --target "fuzz_$name" -- --quiet; done
for name in "$@"; do
  echo "== $name, $seconds s"
  mkdir -p "build/fuzz/corpus/$name"
  ( cd build/fuzz && "./fuzz/fuzz_$name" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -verbosity=0 \
      -print_final_stats=1 "corpus/$name" "../../fuzz/seeds/$name" 2>"fuzz_$name.log" ) ||
    { tail -60 "build/fuzz/fuzz_$name.log"; exit 1; }
  grep -hE 'number_of_executed_units|no finding' "build/fuzz/fuzz_$name.log" || true
done
echo "no finding"
