#!/usr/bin/env bash
# A fleet's arithmetic, measured: a generated day of an organisation through one sensor into a real
# nats-server, and out of it through analysts. Facts, messages and octets; what a day without the
# broker takes on the sensor's disk; how fast a backlog goes in and out; what records take, as lines
# and in ClickHouse. docs/deployment.md has the figures and what follows from them.
#
#   fleet.sh [HOSTS]      default: 2000; needs about 2 MiB of disk a host below TMPDIR
#
# RMMWATCH_BENCH_SYNC=always lets the server sync each message to its disk (usual: every two minutes).
#
# The day is made anew each time, always alike, in a folder that is removed. Of peers it takes
# nats-server and chDB out of .peers/venv (`make deps-test`), and says so where one is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --quiet -p rmmwatch --bin rmmwatch
cargo build --release --quiet -p rmmwatch-trafficgen
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python="${RMMWATCH_PEERS:-$PWD/.peers}/venv/bin/python"
[ -x "$python" ] || python=python3
"$python" packaging/bench/fleet.py "$work" "${1:-2000}"
