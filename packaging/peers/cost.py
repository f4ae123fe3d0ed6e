#!/usr/bin/env python3
"""cost.py CAPTURE [ROUNDS]: CPU (user + system) per packet of us and of others, interleaved, medians; peak memory.

RMMWATCH names our program (default: target/release/rmmwatch)."""
import os
import statistics
import subprocess
import sys
import tempfile

import programs


def once(command, capture, folder):
    null = open(os.devnull, 'r+b')
    child = subprocess.Popen([part.replace('{f}', capture) for part in command.split()],
                             stdin=null, stdout=null, stderr=null, cwd=folder)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, child.returncode


def main():
    capture, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    ours = os.path.abspath(programs.OURS) + ' replay --alerts /dev/null --summary none --quiet'
    with tempfile.TemporaryDirectory() as folder:
        floor = programs.floor(folder)
        table = {
            'libpcap loop that counts': f'{floor} {{f}}',
            'tcpdump -w /dev/null': 'tcpdump -n -r {f} -w /dev/null',
            'rmmwatch, alerts and observations': f'{ours} --observations /dev/null {{f}}',
            'rmmwatch, alerts': f'{ours} {{f}}',
            'suricata, dns + tls + http as JSON': programs.suricata(folder, '/dev/null'),
            'ndpiReader -q': 'ndpiReader -q -i {f}',
            'tshark, names as fields': 'tshark -n -r {f} -T fields -e dns.qry.name '
                                       '-e tls.handshake.extensions_server_name -e http.host',
        }
        for name in [name for name, command in table.items() if not programs.installed(command)]:
            print(f'not installed: {name}', file=sys.stderr)
            del table[name]
        packets = int(subprocess.run([floor, capture], capture_output=True, text=True, check=True).stdout.split()[0])
        seconds, peak, code = {n: [] for n in table}, {n: 0 for n in table}, {}
        for turn in range(rounds):
            print(f'round {turn + 1} of {rounds}', file=sys.stderr)
            for name, command in table.items():
                used, megabytes, code[name] = once(command, capture, folder)
                seconds[name].append(used)
                peak[name] = max(peak[name], megabytes)
    least = statistics.median(seconds['libpcap loop that counts'])
    print(f'{os.path.basename(capture)}: {packets} packets, {rounds} rounds')
    print(f'{"":36}{"ns/packet":>10}{"min":>8}{"max":>8}{"x loop":>8}{"peak MB":>9}')
    for name, used in seconds.items():
        per = [value / packets * 1e9 for value in (statistics.median(used), min(used), max(used))]
        print(f'{name:36}{per[0]:10.0f}{per[1]:8.0f}{per[2]:8.0f}{statistics.median(used) / least:8.2f}{peak[name]:9.0f}'
              + (f'  exit {code[name]}' if code[name] else ''))


main()
