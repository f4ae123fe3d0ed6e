#!/usr/bin/env bash
# Installs the programs that docs/measurements.md compares with. Debian 12, as root. Suricata is not
# in bookworm itself: its suite bookworm-backports is added if it is missing.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends tshark tcpdump libndpi-bin libpcap-dev gcc python3 >/dev/null
if ! command -v suricata >/dev/null; then
  if ! apt-cache policy | grep -q bookworm-backports; then
    echo 'adding the suite bookworm-backports' >&2
    # From the mirror that this machine uses already.
    mirror=$(apt-get indextargets --format '$(SITE)' 'Codename: bookworm' | head -1)
    echo "deb $mirror bookworm-backports main" >/etc/apt/sources.list.d/backports.list
    apt-get update -qq
  fi
  apt-get install -y -qq --no-install-recommends -t bookworm-backports suricata >/dev/null
fi
suricata -V; tshark --version | head -1; tcpdump --version 2>&1 | head -1; ndpiReader -h 2>&1 | head -1
# Those that look_alikes.py and generate_names.py ask, in a place of their own.
apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
twisters=${RMMWATCH_TWISTERS:-$HOME/.cache/rmmwatch-twisters}
python3 -m venv "$twisters"
"$twisters/bin/pip" install --quiet --disable-pip-version-check opensquat==2.3.1 dnstwist==20250130 idna
"$twisters/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(opensquat|dnstwist) '
