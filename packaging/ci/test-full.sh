#!/usr/bin/env bash
# What takes too long for `make test`: cargo-deny where it must be built, the bench, the fuzzer.
set -euo pipefail
cd "$(dirname "$0")/../.."
make deny
cargo bench --bench replay
make fuzz
