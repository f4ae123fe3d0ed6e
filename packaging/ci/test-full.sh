#!/usr/bin/env bash
# What takes too long for `make test`: cargo-deny built where it is missing, the bench, the fuzzer.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! cargo deny --version >/dev/null 2>&1; then
  echo 'rmmwatch: installing cargo-deny with cargo install (some minutes)' >&2
  cargo install --quiet --locked cargo-deny
fi
cargo deny --log-level error check licenses bans sources
cargo bench --bench replay
make fuzz
