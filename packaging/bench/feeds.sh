#!/usr/bin/env bash
# Feeds at scale: four million indicators (3.5 million names, 0.4 million addresses, 0.1 million
# pages) through `rmmwatch check`: seconds, and the most memory that the whole program took; the
# same for what is no list; then nanoseconds for one look-up beside lists of growing length.
#
#   feeds.sh [INDICATORS]      default: 4000000
#
# The lists are made anew each time, always alike, in a folder that is removed.
set -euo pipefail
cd "$(dirname "$0")/../.."
count=${1:-4000000}
cargo build --release --quiet --bin rmmwatch

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$work" "$count" <<'PY'
import sys, os
work, count = sys.argv[1], int(sys.argv[2])
def line(n):
    mixed = (n * 0x9e3779b97f4a7c15 & 0xffffffffffffffff) >> 20
    kind = n % 40
    if kind == 0:
        return f"http://host{mixed & 0xfffffff:07x}.example.net/a/{n:x}.php\n"
    if kind <= 4:
        ip = 0x30000000 + n
        return f"{ip >> 24}.{ip >> 16 & 255}.{ip >> 8 & 255}.{ip & 255}\n"
    return f"{mixed & 0xffffffff:x}-login.{('com', 'net', 'top', 'xyz')[n % 4]}\n"
with open(f"{work}/list.txt", "w") as out:
    for start in range(0, count, 100_000):
        out.write("".join(line(n) for n in range(start, min(start + 100_000, count))))
# What is no list, a GiB each: octets, words, one line without an end, JSON without an end.
noise = bytes((i * 167 + (i >> 8) * 13) % 94 + 33 for i in range(1 << 20))
words = b"".join(noise[i:i + 70] + b"\n" for i in range(0, len(noise) - 70, 70))
def fill(name, piece, begin=b""):
    with open(f"{work}/{name}", "wb") as out:
        out.write(begin)
        while out.tell() < 1 << 30:
            out.write(piece)
with open(f"{work}/zeros.txt", "wb") as out:
    out.truncate(1 << 30)
fill("junk.txt", words)
fill("one-line.txt", noise.replace(b"\n", b" "))
fill("endless.json", b'{"a":[', b'{"type":"bundle","objects":[')
os.mkfifo(f"{work}/pipe.txt")
PY

python3 - "$work" <<'PY'
import os, subprocess, sys, time
work = sys.argv[1]
print(f"{'feed':<16} {'MiB':>6} {'seconds':>8} {'peak MiB':>9} {'exit':>5}  what check says")
for name in [None, "list.txt", "zeros.txt", "junk.txt", "one-line.txt", "endless.json", "pipe.txt", "."]:
    args = ["target/release/rmmwatch", "check"] + (["--feed", f"{work}/{name}"] if name else [])
    start = time.monotonic()
    child = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = child.stdout.read().decode(errors="replace").splitlines()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    size = os.path.getsize(f"{work}/{name}") >> 20 if name else 0
    stem = (name or "").rsplit(".", 1)[0]
    about = [line for line in said if f"{work}" in line or (stem and line.startswith(f"feed       {stem}"))]
    about = " | ".join(line.replace(f"{work}/", "") for line in about[:2]) or said[-1]
    print(f"{name or '(none)':<16} {size:>6} {seconds:>8.2f} {usage.ru_maxrss / 1024:>9.0f} "
          f"{os.waitstatus_to_exitcode(status):>5}  {about[:150]}")
PY

cargo bench --quiet -p rmmwatch-intel --bench look_up -- scale
