#!/usr/bin/env bash
# So many seconds of fuzzing for each body (of those whose name holds the second argument).
#
#   fuzz.sh [SECONDS] [NAME]
#
# Where a nightly compiler and cargo-fuzz are at hand, libFuzzer grows a corpus from the samples; it
# stays under fuzz/corpus. Elsewhere a coverage-blind mutator works on the samples, on the stable
# compiler. Overflow checks are on either way.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-120} name=${2:-}
[[ $seconds =~ ^[0-9]+$ ]] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 1; }

if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
  echo 'no nightly compiler with cargo-fuzz: mutated samples, blind to coverage'
  exec cargo bench --profile fuzz --bench fuzz -- --seconds "$seconds" ${name:+"$name"}
fi

samples=$(mktemp -d)
trap 'rm -rf "$samples"' EXIT
bodies=$(cargo bench --quiet --profile fuzz --bench fuzz -- --write-samples "$samples")
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
(cd fuzz && cargo +nightly fuzz build --fuzz-dir . --sanitizer none body)
failed=0
for body in $bodies; do
  [[ $body == *"$name"* ]] || continue
  mkdir -p "fuzz/corpus/$body" "fuzz/artifacts/$body"
  log=$samples/$body.log
  if RMMWATCH_FUZZ_BODY=$body "fuzz/target/$host/release/body" -max_total_time="$seconds" \
    -timeout=10 -rss_limit_mb=2048 -max_len=16384 -artifact_prefix="fuzz/artifacts/$body/" \
    "fuzz/corpus/$body" "$samples/$body" >"$log" 2>&1; then
    printf '%-20s %s\n' "$body" "$(grep -E '^Done|DONE' "$log" | tail -2 | tr '\n' ' ')"
  else
    failed=1
    printf '%s FAILED\n' "$body"
    tail -n 30 "$log"
  fi
done
exit $failed
