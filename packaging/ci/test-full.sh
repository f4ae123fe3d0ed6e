#!/usr/bin/env bash
# What takes too long for `make test`: cargo-deny where it must be built, the day of 2,000
# hosts, the benches, the fuzzer.
set -euo pipefail
cd "$(dirname "$0")/../.."
make deny
RMMWATCH_LONG=1 cargo nextest run --cargo-profile release --test day
cargo bench --bench replay
cargo bench --bench analyst
make fuzz
