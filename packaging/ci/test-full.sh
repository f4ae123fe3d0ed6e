#!/usr/bin/env bash
# What takes too long for `make test`: cargo-deny where it must be built, the day of 2,000
# hosts, EveBox, sinks in trouble for a minute each, Kafka, the benches, the fuzzer.
set -euo pipefail
cd "$(dirname "$0")/../.."
make deny
RMMWATCH_LONG=1 cargo nextest run --cargo-profile release --test day
# EveBox, without its web pages: three minutes of one core. Its build asks for a git revision.
peers="${RMMWATCH_PEERS:-$PWD/.peers}"
if [ ! -x "$peers/bin/evebox" ]; then
  BUILD_REV=none CARGO_PROFILE_DEV_DEBUG=0 \
    cargo install --quiet --locked --debug --root "$peers" --version 0.30.0 evebox \
    || echo 'SKIPPED: EveBox cannot be built here'
fi
RMMWATCH_LONG=1 cargo nextest run -p rmmwatch-deliver --test http -E 'test(evebox::)'
# A minute of each trouble for each sink, 100,000 records a cell: the table of docs/sinks.md.
RMMWATCH_LONG=1 cargo test --quiet -p rmmwatch-deliver --features kafka --test faults -- \
  --nocapture --test-threads 2
cargo nextest run -p rmmwatch-deliver --features kafka --test brokers -E 'test(kafka::)'
make bench
make bench-linear
make bench-start
cargo bench --bench analyst
make fuzz
