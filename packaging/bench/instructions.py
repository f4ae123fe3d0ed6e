#!/usr/bin/env python3
"""Instructions per packet of each stage of a replay, by callgrind: the same on any machine.

  instructions.py           compare with benches/instructions.tsv; ends with 1 where a stage costs 5 % more
  instructions.py --renew   write that file anew

The captures are the generator's, so always the same octets. A stage is a run of `cargo bench --bench replay`
that goes one stage further, less one that does not; writing is the program with observations, less without;
start-up (of an empty capture) is taken off. callgrind knows no SHA instructions: hashes look dearer than they are."""
import json
import os
import subprocess
import sys

import measure
from measure import say

KEPT = measure.ROOT / 'benches/instructions.tsv'
# A stage may grow by so much, or by so many instructions a packet where it has next to none.
SHARE, FEW = 1.05, 3
LOADS = {'mix': 2e7, 'established': 6e4, 'small': 2e4, 'dns': 1e4, 'hellos': 4e3, 'initials': 1e3}
STAGES = ('read', 'dissect', 'weigh', 'write', 'whole')


def bench():
    """Builds the program and the bench of stages; the bench's path."""
    told = subprocess.run(['cargo', 'bench', '--no-run', '--quiet', '--message-format=json', '-p', 'rmmwatch',
                           '--bench', 'replay'], cwd=measure.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    made = [line for line in map(json.loads, told.stdout.splitlines()) if line.get('executable')]
    return next(line['executable'] for line in made if line['target']['name'] == 'replay')


def counted():
    """(load, stage) to instructions: per packet, and of a start in all."""
    stages = bench()
    ask = {stage: f'{stages} {stage} {{f}}' for stage in ('read', 'dissect', 'weigh')}
    lanes = '--lanes 1'
    ask['alerts'], ask['whole'] = measure.replay(lanes), measure.replay(lanes, '/dev/null')
    start = {stage: measure.instructions(command, [measure.empty()]) for stage, command in ask.items()}
    table = {('start-up', 'whole'): start['alerts']}
    for name, count in LOADS.items():
        capture = measure.load(name, count, '--seed 7')
        packets = measure.packets(capture)
        cost = {stage: (measure.instructions(command, [capture]) - start[stage]) / packets
                for stage, command in ask.items()}
        for stage, of in (('read', cost['read']), ('dissect', cost['dissect'] - cost['read']),
                          ('weigh', cost['weigh'] - cost['dissect']), ('write', cost['whole'] - cost['alerts']),
                          ('whole', cost['whole'])):
            table[name, stage] = round(of, 1)
    return table


def compiler():
    return subprocess.run(['rustc', '--version'], capture_output=True, text=True).stdout.strip()


def kept():
    rows = [line.split('\t') for line in KEPT.read_text().splitlines() if line and not line.startswith('#')]
    return {(name, stage): float(value) for name, stage, value in rows}


def renew(table):
    head = ['# Instructions per packet of each stage, and of a start in all, by callgrind (release build).',
            '# Written by packaging/bench/instructions.py --renew, compared in CI: a stage that costs',
            '# 5 % more fails. `whole` is the program, all its threads, with observations.',
            f'# {compiler()}', '# workload\tstage\tinstructions']
    rows = [f'{name}\t{stage}\t{value:.{0 if name == "start-up" else 1}f}' for (name, stage), value in table.items()]
    KEPT.write_text('\n'.join(head + rows) + '\n')


def compare(table):
    before, worse = kept(), []
    for key, now in table.items():
        then = before.get(key)
        if then is None or now > max(then * SHARE, then + FEW):
            worse.append((*key, then, now))
    return worse


def show(table, before):
    say(f'{"instructions per packet":24}' + ''.join(f'{stage:>18}' for stage in STAGES))
    for name in LOADS:
        cells = [(table[name, stage], before.get((name, stage))) for stage in STAGES]
        say(f'{name:24}' + ''.join(f'{now:10,.0f}' + (f' {now / then - 1:+7.1%}' if then and then > FEW else ' ' * 8)
                                   for now, then in cells))
    say(f'{"start-up, in all":24}{table["start-up", "whole"]:10,.0f}   (before {before.get(("start-up", "whole"), 0):,.0f})')


def main():
    if not measure.installed('valgrind'):
        say('SKIPPED: valgrind is not installed, so instructions are not counted (packaging/ci/deps.sh test installs it)')
        sys.exit(1 if os.environ.get('CI') else 0)
    measure.built('rmmwatch-trafficgen')
    table = counted()
    before = kept() if KEPT.exists() else {}
    show(table, before)
    if '--renew' in sys.argv[1:]:
        renew(table)
        say(f'{KEPT.relative_to(measure.ROOT)} is written')
        return
    if not before:
        say(f'{KEPT.relative_to(measure.ROOT)} is missing: packaging/bench/instructions.py --renew writes it')
        sys.exit(1)
    if compiler() not in KEPT.read_text():
        say(f'note: {KEPT.name} was written with another compiler than {compiler()}')
    worse = compare(table)
    if worse:
        say('\nthese cost 5 % more instructions than benches/instructions.tsv allows:')
        for name, stage, then, now in worse:
            say(f'  {name:14}{stage:10}{"no figure" if then is None else f"{then:,.0f}":>14} -> {now:14,.0f}')
        say('where that is meant: packaging/bench/instructions.py --renew, and commit the file with the reason')
        sys.exit(1)


main()
