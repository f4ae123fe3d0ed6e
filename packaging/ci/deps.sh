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
  want valgrind valgrind
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

# What other people's programs say of ours: brokers, collectors, a second sensor. Not every archive
# has all of them: a test without its peer says that it skips. None of them is started as a service.
peers() {
  command -v apt-get >/dev/null 2>&1 || { say 'no apt-get: tests against brokers and collectors skip'; return; }
  [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1 || {
    say 'no root: tests against brokers and collectors skip where they are not installed'; return; }
  local missing=() name package
  packages=()
  want openssl openssl
  want rsyslogd rsyslog
  want '/usr/lib/*/rsyslog/lmnsd_gtls.so' rsyslog-gnutls
  want redis-server redis-server
  want prometheus-alertmanager prometheus-alertmanager
  want fever fever
  want logrotate logrotate
  want tshark tshark
  want suricata suricata
  python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
  missing=("${packages[@]}")
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "installing Debian packages that tests speak to: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq || true
  # Debian starts what it installs: not these.
  local guard=/usr/sbin/policy-rc.d guarded=
  if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$guard" >/dev/null
    "${as_root[@]}" chmod 755 "$guard"
    guarded=1
  fi
  for package in "${missing[@]}"; do
    name="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")-backports"
    # Records in EVE are compared with Suricata 7, which Debian 12 has among its backports.
    if [ "$package" = suricata ] && apt-cache policy suricata | grep -q "$name/"; then
      set -- -t "$name" suricata
    else
      set -- "$package"
    fi
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null \
      || say "$package cannot be had here: tests that speak to it skip"
  done
  [ -z "$guarded" ] || "${as_root[@]}" rm -f "$guard"
}

# The same from PyPI, in .peers/venv (a gigabyte, most of it the store). RMMWATCH_PEERS names a
# folder that has it already.
venv() {
  local here list
  here="$(cd "$(dirname "$0")/../.." && pwd)"
  list="$here/packaging/ci/peers.txt"
  if [ -n "${RMMWATCH_PEERS:-}" ] && [ -x "$RMMWATCH_PEERS/venv/bin/python" ]; then return; fi
  here="${RMMWATCH_PEERS:-$here/.peers}"
  if cmp -s "$list" "$here/venv/peers.txt"; then return; fi
  say "installing Python packages that tests ask, into $here/venv: $(grep -v '^#' "$list" | tr '\n' ' ')"
  if ! python3 -m venv "$here/venv"; then
    say 'python3 -m venv fails: tests that need it skip'
    return
  fi
  if "$here/venv/bin/pip" install --quiet --disable-pip-version-check -r "$list"; then
    cp "$list" "$here/venv/peers.txt"
    return
  fi
  # One that cannot be had keeps none of the others away.
  while read -r package; do
    "$here/venv/bin/pip" install --quiet --disable-pip-version-check "$package" \
      || say "$package cannot be had here: tests that ask it skip"
  done < <(grep -v '^#' "$list")
}

if [ "${1:-build}" = test ]; then
  peers
  venv
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
