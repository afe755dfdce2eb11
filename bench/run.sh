#!/bin/sh
# Measures; never part of the tests. Usage: bench/run.sh check | proxy | budgets | soak [--quick] [--only NAME,…] [--help]
# The proxy's peers come from their packages: HAProxy from Debian, Toxiproxy through Go where Go is present. The court's
# peer, Porcupine, is built by porcupine_peer.py, through Go as well.
set -eu
cd "$(dirname "$0")/.."

build() {
  cmake --preset release -DSUNDER_BENCH=ON >/dev/null
  cmake --build --preset release --target "$@" -- --quiet
}

# Installs the peers that are missing, if this user may; a peer that can't be had is named by the bench and left out.
peers() {
  command -v haproxy >/dev/null || ./dev setup haproxy || true
  if [ ! -x build/peers/bin/server ] && command -v go >/dev/null; then
    mkdir -p build/peers/bin
    GOBIN="$PWD/build/peers/bin" go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0 2>/dev/null || true
  fi
}

case "${1:-}" in
  check)
    shift
    build sunder
    exec python3 bench/check_bench.py "$@" ;;
  budgets)
    shift
    build sunder
    exec python3 bench/budgets.py "$@" ;;
  soak)
    shift
    ./dev setup
    build sunder
    build/release/sunder install cassandra || true
    exec python3 bench/soak.py "$@" ;;
  proxy)
    shift
    build sunder proxy_load bare_relay
    peers
    exec python3 bench/proxy_bench.py "$@" ;;
  *) echo "usage: ./dev bench check | proxy | budgets | soak [--quick] [--only NAME,…] [--help]" >&2; exit 2 ;;
esac
