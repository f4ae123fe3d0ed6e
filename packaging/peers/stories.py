#!/usr/bin/env python3
"""stories.py: which captures of pcaps/ each program notices, as installed, without rules of one's own.

We: alerts (with the capture's policy, where there is one). ndpiReader: labels of remote-access software among its
protocols. Suricata: alerts with the configuration and the rules that its package brings."""
import glob
import json
import os
import re
import subprocess
import tempfile

import programs

PCAPS = os.path.join(programs.HERE, '../../pcaps')
REMOTE = re.compile(r'AnyDesk|TeamViewer|ScreenConnect|ConnectWise|NetSupport|RustDesk|Splashtop|RDP|VNC', re.I)


def ours(capture):
    policy = capture.replace('.pcap', '.policy.toml')
    command = [programs.OURS, 'replay', '--quiet', '--summary', 'none', capture]
    command += ['--policy', policy] if os.path.exists(policy) else []
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    first = [alert for alert in map(json.loads, lines) if not alert['rmm']['update']]
    return sorted(alert['rule']['id'] for alert in first)


def ndpi(capture):
    out = subprocess.run(['ndpiReader', '-i', capture], capture_output=True, text=True).stdout
    labels = re.findall(r'^\t(\S+) +packets:', out, re.M)
    return [label for label in labels if REMOTE.search(label)]


def suricata(capture):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(['suricata', '-r', capture, '-l', folder, '-k', 'none'], capture_output=True)
        with open(os.path.join(folder, 'eve.json')) as lines:
            records = [json.loads(line) for line in lines]
    return sorted({r['alert']['signature'] for r in records if r['event_type'] == 'alert'})


for capture in sorted(glob.glob(os.path.join(PCAPS, '*.pcap'))):
    name = os.path.basename(capture)[:-5]
    with open(os.path.join(PCAPS, 'scenarios', name + '.toml')) as text:
        expected = text.read().count('[[expect]]')
    print(f'{name}: {expected} to expect')
    for program, notice in (('rmmwatch', ours), ('ndpiReader', ndpi), ('suricata', suricata)):
        print(f'  {program:11}{notice(capture) or "nothing"}')
