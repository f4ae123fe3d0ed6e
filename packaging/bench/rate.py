#!/usr/bin/env python3
"""make bench: CPU per packet against the floors and against others, on the same files, in one run.

Medians of interleaved rounds, user and system time of the whole process, start-up included. Ends
with 1 where a limit is missed. RMMWATCH_CORPUS adds real captures, and its workloads and
configuration for the others (peers/make_workload.py, peers/compare.py). Arguments: the parts that
are wanted (floors held names peers)."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import held
import measure
from measure import say

sys.path.insert(0, str(measure.ROOT / 'packaging/peers'))
import programs  # noqa: E402

FLOOR, READ = 'libpcap loop that counts', 'read(2) loop that touches'
ALL, ALERTS = 'rmmwatch, alerts and observations', 'rmmwatch, alerts'
WHAT = {
    'mix': 'an office, bulk', 'established': 'small packets of established flows',
    'small': '64 octets, each a new flow', 'dns': 'DNS only', 'hellos': 'ClientHellos only',
    'initials': 'QUIC Initials only', 'short': 'an office, all short sessions',
}
# Whom we are compared with, and how many times our CPU each must take: on the mix, on DNS.
PEERS = {'suricata': (12, 20), 'ndpiReader': (12, 12), 'tshark': (60, 60), 'tcpdump': (None, None)}


def floors(verdicts):
    table = {FLOOR: f'{measure.floor()} pcap {{f}}', READ: f'{measure.floor()} read {{f}}',
             ALL: measure.replay(observations='/dev/null'), ALERTS: measure.replay()}
    costs = {}
    for name, what in WHAT.items():
        captures = [measure.load(name)]
        costs[name] = measure.compare(table, captures)
        measure.show(f'{what}: {measure.packets(*captures):,} packets', costs[name], FLOOR)
    for name, limit in (('mix', 0.8), ('established', 1.0), ('small', 8.0)):
        of = costs[name]
        verdicts.most(f'{WHAT[name]}: CPU / libpcap loop, with observations', of[ALL].ns / of[FLOOR].ns, limit)
    verdicts.most('an office, bulk: CPU / read-and-touch loop, with observations',
                  costs['mix'][ALL].ns / costs['mix'][READ].ns, 3.0)
    real(verdicts, table)
    say(f'\nworst cases{"":31}{"packets/s":>12}{"x the mix":>11}   with observations; one core')
    for name in ('mix', 'small', 'dns', 'hellos', 'initials'):
        say(f'{WHAT[name]:42}{1e9 / costs[name][ALL].ns:12,.0f}{costs[name][ALL].ns / costs["mix"][ALL].ns:11.2f}')


def real(verdicts, table):
    """Real captures, merged into one timeline: each program reads all the files."""
    if not measure.CORPUS:
        say('\nreal captures: skipped, RMMWATCH_CORPUS is not set')
        return
    files = sorted(str(path) for path in pathlib.Path(measure.CORPUS, 'captures/files').rglob('*') if path.is_file())
    good = [path for path in files
            if subprocess.run([measure.floor(), 'pcap', path], capture_output=True).returncode == 0]
    table = {name: command for name, command in table.items() if name != READ}
    count = measure.packets(*good)
    costs = measure.compare(table, good, count=count)
    start = measure.compare(table, [measure.empty()], count=count)
    measure.show(f'real captures, merged: {len(good)} files, {count:,} packets, start-up included', costs, FLOOR)
    for name, cost in costs.items():
        cost.ns = max(cost.ns - start[name].ns, 1)
    say(f'{"without start-up (an empty capture)":42}' + ', '.join(f'{name} {c.ns:.0f}' for name, c in costs.items()))
    verdicts.most('real captures merged: CPU / libpcap loop, without start-up', costs[ALL].ns / costs[FLOOR].ns, 3.0)


def names(verdicts, captures):
    say(f'\n{"names, as the generator wrote them down":42}{"distinct":>10}{"missed":>8}{"said":>10}{"missed":>8}')
    for what, capture in captures:
        told = measure.recall(measure.truth(capture), measure.replayed_names(capture))
        say(f'{what:42}{told[0]:10,}{told[1]:8}{told[2]:10,}{told[3]:8}')
        verdicts.most(f'{what}: names missed', told[1] + told[3], 0, '')


def workloads():
    """Captures for the comparison with others, by what they hold: those of the corpus's generator
    where there is one (RMMWATCH_BENCH_CAPTURES is a folder that has them already), else ours."""
    ours = {'mix': measure.load('mix'), 'dns': measure.load('dns')}
    maker = pathlib.Path(measure.CORPUS or '', 'peers/make_workload.py')
    if not measure.CORPUS or not maker.exists():
        return ours
    made = {}
    folder = pathlib.Path(os.environ.get('RMMWATCH_BENCH_CAPTURES', measure.WORK))
    for name, asked in (('mix', ['--bytes', str(int(1e9 * measure.SCALE))]),
                        ('dns', ['--packets', str(int(1e6 * measure.SCALE))])):
        # The folder's own are named as they were asked for.
        path = folder / (f'{name}.pcap' if 'RMMWATCH_BENCH_CAPTURES' in os.environ else f'peers-{name}-{measure.SCALE:g}.pcap')
        if not path.exists():
            run = subprocess.run([sys.executable, str(maker), name, str(path), *asked], capture_output=True, text=True)
            if run.returncode:
                say(f'{maker.name} fails, so our own captures are used: {run.stderr.strip()[-200:]}')
                return ours
        made[name] = str(path)
    return made


def peers(verdicts, captures):
    ask = by_corpus if measure.CORPUS and pathlib.Path(measure.CORPUS, 'peers/compare.py').exists() else by_ourselves
    for place, (name, capture) in enumerate(captures.items()):
        told = ask(name, capture)
        if not told:
            continue
        mine = told.pop('ours')
        for peer, limits in PEERS.items():
            theirs = next((ns for program, ns in told.items() if program.startswith(peer)), None)
            if theirs is None:
                say(f'not measured on {name}: {peer}')
            elif limits[place] is None:
                say(f'{peer} on {name}: {theirs / mine:.1f} x our CPU')
            else:
                verdicts.least(f'{name}: CPU of {peer} / ours, with observations', theirs / mine, limits[place])
        if name == 'mix':
            say(f'the mix with observations: {mine:.0f} ns a packet (200 is the aim on a quiet machine)')


def by_corpus(name, capture):
    """The corpus's own comparison, with its own configuration of the others."""
    told = measure.WORK / f'peers-{name}.json'
    script = pathlib.Path(measure.CORPUS, 'peers/compare.py')
    say(f'\n{name}, by {script.name} of the corpus')
    run = subprocess.run([sys.executable, str(script), capture, '--rounds', str(min(3, measure.ROUNDS)),
                          '--only', 'suricata|ndpiReader|tshark|tcpdump|ours',
                          '--ours', measure.replay(observations='/dev/null'), '--json', str(told)])
    if run.returncode:
        return None
    tools = json.loads(told.read_text())['tools']
    return {tool: of['ns_per_packet'] for tool, of in tools.items() if not of['exit']}


def by_ourselves(name, capture):
    with tempfile.TemporaryDirectory() as folder:
        table = {
            'ours': measure.replay(observations='/dev/null'),
            'suricata, names and flows as JSON': programs.suricata(folder, '/dev/null'),
            'ndpiReader -q': 'ndpiReader -q -i {f}',
            'tshark, names as fields': 'tshark -n -r {f} -T fields -e dns.qry.name '
                                       '-e tls.handshake.extensions_server_name -e http.host',
            'tcpdump -w /dev/null': 'tcpdump -n -r {f} -w /dev/null',
        }
        table = {program: command for program, command in table.items() if measure.installed(command)}
        costs = measure.compare(table, [capture], rounds=min(3, measure.ROUNDS), cwd=folder)
    measure.show(f'{name}: {measure.packets(capture):,} packets', costs, 'ours')
    return {program: cost.ns for program, cost in costs.items() if not cost.code}


def main():
    parts = sys.argv[1:] or ['floors', 'held', 'names', 'peers']
    measure.built()
    verdicts = measure.Verdicts()
    if 'floors' in parts:
        floors(verdicts)
    if 'held' in parts:
        held.held(verdicts)
    shared = workloads() if {'names', 'peers'} & set(parts) else {}
    if 'names' in parts:
        ours = [(what, measure.load(name)) for name, what in WHAT.items() if name != 'small']
        theirs = [(f'{name}, others\' generator', capture) for name, capture in shared.items()
                  if capture != measure.load(name)]
        names(verdicts, ours + theirs)
    if 'peers' in parts:
        peers(verdicts, shared)
    verdicts.end()


main()
