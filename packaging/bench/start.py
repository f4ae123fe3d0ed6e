#!/usr/bin/env python3
"""make bench-start: how long until the first packet is seen, and how much memory it takes.

A question for a name is replayed, with the whole catalogue and no indicators, then a million; the time on the
wall until its observation is out, medians. Then a flood of ten million SYNs, each a new flow, half a million a
second by packet time, with an office's thousand flows a second in between: peak memory, and the office's names
that were seen all the same. RMMWATCH_BENCH_SCALE makes the flood smaller."""
import os
import statistics
import subprocess
import sys
import time

import inputs
import measure
from measure import say

FIRST_MS = 300
TURNS = 9


def first(words, capture):
    """Milliseconds until the first observation, seconds of CPU of the run, peak MiB."""
    command = measure.filled(measure.replay(words, '-'), [capture])
    begun = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    child.stdout.readline()
    took = (time.monotonic() - begun) * 1e3
    child.stdout.read()
    _, _, used = os.wait4(child.pid, 0)
    child.returncode = 0
    return took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def starts(verdicts):
    say(f'{"start":34}{"first ms":>10}{"least":>8}{"CPU ms":>8}{"peak MiB":>10}')
    capture = measure.load('dns', 2, '--seed 5')
    folder = measure.WORK / 'linear'
    folder.mkdir(exist_ok=True)
    for what, words in (('whole catalogue', ''),
                        ('and a million indicators', inputs.indicators(folder, 1_000_000))):
        runs = [first(words, capture) for _ in range(TURNS)]
        took, spent, peak = (statistics.median(of) for of in zip(*runs))
        say(f'{what:34}{took:10.0f}{min(run[0] for run in runs):8.0f}{spent * 1e3:8.0f}{peak:10.0f}')
        verdicts.most(f'{what}: first packet seen', took, FIRST_MS, ' ms')


def peak_of(command, shell_input):
    """Peak MiB, seconds of CPU and the names seen of one replay from a pipe."""
    source = subprocess.Popen(shell_input, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    child = subprocess.Popen(command, stdin=source.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    source.stdout.close()
    names = measure.seen(child.stdout)
    _, _, used = os.wait4(child.pid, 0)
    child.returncode = 0
    source.wait()
    return used.ru_maxrss / 1024, used.ru_utime + used.ru_stime, names


def flood(verdicts):
    flows = int(1e7 * measure.SCALE)
    say('\nhalf a million SYNs a second by packet time, some 98 % of all frames, the office the rest')
    say(f'{"flood":34}{"names":>8}{"missed":>8}{"said":>9}{"missed":>8}{"peak MiB":>10}{"CPU s":>8}')
    peaks = {}
    for count in (flows // 10, flows):
        told = measure.WORK / 'flood.names.tsv'
        made = [measure.GENERATOR, 'flood', '--flows', str(count), '-o', '/dev/stdout', '--names', str(told)]
        command = measure.filled(measure.replay(observations='-'), ['-'])
        peaks[count], spent, found = peak_of(command, made)
        recall = measure.recall(measure.truth(str(told)[:-len('.names.tsv')]), found)
        say(f'{count:,} SYNs'.ljust(34) + f'{recall[0]:8,}{recall[1]:8}{recall[2]:9,}{recall[3]:8}{peaks[count]:10.0f}{spent:8.1f}')
        verdicts.least(f'{count:,} SYNs: names of the office that were seen', 100 * (1 - recall[3] / recall[2]), 99.9, ' %')
    verdicts.most('memory of ten times the flood / of one', peaks[flows] / peaks[flows // 10], 1.1)


def main():
    measure.built()
    verdicts = measure.Verdicts()
    parts = sys.argv[1:]
    if not parts or 'start' in parts:
        starts(verdicts)
    if not parts or 'flood' in parts:
        flood(verdicts)
    verdicts.end()


main()
