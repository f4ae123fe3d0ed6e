#!/usr/bin/env bash
# Instructions that `rmmwatch replay` executes per packet, by callgrind: the same figure on any
# machine, however busy. Start-up falls out, since a short capture is subtracted from a long one.
#
#   instructions.sh [PROGRAM]...      default: the release build; more programs are put beside it
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v valgrind >/dev/null || { echo 'valgrind is not installed: apt-get install valgrind' >&2; exit 1; }
cargo build --release --quiet --workspace --bins
[ $# -gt 0 ] || set -- target/release/rmmwatch

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The packets of a capture, as the program counts them.
packets() {
  target/release/rmmwatch replay --quiet --summary none --alerts /dev/null --health - "$1" |
    python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["network"]["packets"])'
}

# Instructions of one replay.
instructions() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" replay --quiet --summary none \
    --alerts /dev/null "$2" 2>&1 >/dev/null | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

printf '%-28s %10s' 'instructions per packet' packets
for program in "$@"; do printf ' %24s' "$program"; done
echo
for volume in 9 1; do
  for bytes in 10000000 30000000; do
    target/release/rmmwatch-trafficgen mix --bytes $bytes --volume $volume -o "$work/$bytes.pcap" 2>/dev/null
  done
  short=$(packets "$work/10000000.pcap") long=$(packets "$work/30000000.pcap")
  name=$([ $volume = 9 ] && echo 'bulk' || echo 'short sessions')
  printf '%-28s %10d' "$name" $((long - short))
  for program in "$@"; do
    before=$(instructions "$program" "$work/10000000.pcap")
    after=$(instructions "$program" "$work/30000000.pcap")
    printf ' %24d' $(((after - before) / (long - short)))
  done
  echo
done
