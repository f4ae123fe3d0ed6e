#!/usr/bin/env bash
# Install what is missing, and say so. `deps.sh build`, `deps.sh test` or `deps.sh deny`.
# Debian and Ubuntu.
set -euo pipefail

say() { printf 'rmmwatch: %s\n' "$*" >&2; }

if ! command -v cargo >/dev/null 2>&1; then
  say 'no Rust toolchain: install one with rustup (https://rustup.rs), then run this again.'
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi

packages=()
want() { # test command or file, package
  if [[ $1 == /* ]]; then compgen -G "$1" >/dev/null || packages+=("$2")
  else PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 || packages+=("$2"); fi
}
want cc gcc
want '/usr/include/pcap/pcap.h' libpcap-dev
if [ "${1:-build}" = test ]; then
  want tcpreplay tcpreplay
  want ip iproute2
  want python3 python3
fi

if [ "${#packages[@]}" -gt 0 ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    say "please install: ${packages[*]} (this script knows apt-get only)"
    exit 1
  fi
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
    say "please install as root: apt-get install ${packages[*]}"
    exit 1
  fi
  say "installing Debian packages: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

# A browser looks at the report's page. Not every archive has one: its test then says that it skips.
if [ "${1:-build}" = test ] && ! command -v chromium >/dev/null 2>&1 \
  && command -v apt-get >/dev/null 2>&1 \
  && { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1; }; then
  say 'installing the Debian package chromium'
  export DEBIAN_FRONTEND=noninteractive
  [ "${#packages[@]}" -gt 0 ] || "${as_root[@]}" apt-get update -qq || true
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium >/dev/null \
    || say 'chromium cannot be had here: no browser will look at the report'
fi

if [ "${1:-build}" = test ]; then
  if ! cargo nextest --version >/dev/null 2>&1; then
    say 'installing cargo-nextest (the test runner) with cargo install'
    cargo install --quiet --locked cargo-nextest
  fi
fi

if [ "${1:-build}" = deny ] && ! cargo deny --version >/dev/null 2>&1; then
  say 'installing cargo-deny (licences, banned crates, sources) with cargo install; some minutes'
  cargo install --quiet --locked cargo-deny
fi
