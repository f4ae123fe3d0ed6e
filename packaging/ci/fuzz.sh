#!/usr/bin/env bash
# Two minutes of mutated input for each fuzz body. A coverage-blind mutator on the stable compiler:
# the bodies are library functions, so that no nightly compiler is needed.
set -euo pipefail
cd "$(dirname "$0")/../.."
RMMWATCH_FUZZ_SECS="${RMMWATCH_FUZZ_SECS:-120}" cargo test --release --workspace fuzz -- --nocapture
