#!/usr/bin/env python3
"""names.py CAPTURE NAMES: how many of the distinct names in a generated mix come out of us and of others.

NAMES is what `rmmwatch-trafficgen mix --names` wrote: transport, name, count."""
import csv
import json
import os
import subprocess
import sys
import tempfile

import programs


def ours(capture, _folder):
    command = [programs.OURS, 'replay', '--quiet', '--summary', 'none', '--alerts', '/dev/null', '--observations', '-', capture]
    for line in subprocess.Popen(command, stdout=subprocess.PIPE).stdout:
        record = json.loads(line)
        action = record['event']['action']
        if action == 'dns-query':
            yield 'dns', record['dns']['question']['name']
        elif action == 'tls-client-hello':
            yield 'tls', record.get('tls', {}).get('client', {}).get('server_name')
        elif action == 'quic-client-hello':
            yield 'quic', record.get('tls', {}).get('client', {}).get('server_name')
        elif action == 'http-request':
            yield 'http', record.get('url', {}).get('domain')


def suricata(capture, folder):
    eve = os.path.join(folder, 'eve.json')
    command = programs.suricata(folder, eve).replace('{f}', capture).split()
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    with open(eve) as lines:
        for record in map(json.loads, lines):
            kind = record['event_type']
            yield kind, {'dns': lambda: record['dns'].get('rrname'), 'tls': lambda: record['tls'].get('sni'),
                         'quic': lambda: record['quic'].get('sni'), 'http': lambda: record['http'].get('hostname')}[kind]()


def tshark(capture, _folder):
    fields = {'dns': 'dns.qry.name', 'tls': 'tls.handshake.extensions_server_name', 'http': 'http.host'}
    command = ['tshark', '-n', '-r', capture, '-T', 'fields'] + [x for f in fields.values() for x in ('-e', f)]
    for line in subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout:
        for kind, values in zip(fields, line.rstrip('\n').split('\t')):
            for value in values.split(','):
                yield kind, value


def main():
    capture = os.path.abspath(sys.argv[1])
    truth = {}
    with open(sys.argv[2]) as rows:
        for row in csv.DictReader(rows, delimiter='\t'):
            truth.setdefault(row['transport'], set()).add(row['name'])
    for program, read in (('rmmwatch', ours), ('suricata', suricata), ('tshark', tshark)):
        with tempfile.TemporaryDirectory() as folder:
            seen = {(kind, name.lower().rstrip('.').split(':')[0]) for kind, name in read(capture, folder) if name}
        found = {kind: sum((kind, name) in seen for name in names) for kind, names in truth.items()}
        strange = sum(name not in truth.get(kind, ()) for kind, name in seen)
        print(f'{program:10}', '  '.join(f'{kind} {found[kind]}/{len(truth[kind])}' for kind in sorted(truth)), f' others {strange}')


main()
