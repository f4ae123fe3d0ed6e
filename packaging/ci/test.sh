#!/usr/bin/env bash
# Format, lints, licences and every test that fits in 20 minutes from clean on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."

step() { printf '\n== %s (%ss)\n' "$*" "$SECONDS"; }

step 'format'
cargo fmt --all --check
step 'lints'
cargo clippy --workspace --all-targets --quiet -- -D warnings
step 'documentation'
cargo test --workspace --doc --quiet
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet
step 'tests'
if [ -n "${RMMWATCH_CORPUS:-}" ]; then echo "captures: RMMWATCH_CORPUS is set"; else
  echo 'captures: RMMWATCH_CORPUS is not set, the tests over captures say below that they skip'; fi
cargo nextest run --workspace --no-fail-fast
step 'the Kafka sink, which is built on request'
cargo clippy -p rmmwatch-deliver --features kafka --all-targets --quiet -- -D warnings
cargo nextest run -p rmmwatch-deliver --features kafka -E 'test(kafka)'
step 'licences, banned crates, sources'
if cargo deny --version >/dev/null 2>&1; then cargo deny --log-level error check licenses bans sources; else
  echo 'cargo-deny is not installed: `make deny` installs and runs it'; fi
step 'done'
