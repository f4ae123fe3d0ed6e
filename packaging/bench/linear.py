#!/usr/bin/env python3
"""make bench-linear: does a packet cost the same with 1, 10 and 100 times as much of everything?

Instructions per packet by callgrind (observations written; counted from when the capture is opened, and what the same
settings execute for an empty one taken off) and, since instructions do not see caches, CPU per packet of larger captures, least of interleaved
rounds, start taken off too. Ends with 1 where 100 times as much costs more than GROWTH times the instructions."""
import functools
import sys

import inputs
import measure
from measure import say

TIMES = (1, 10, 100)
# What is looked up in larger tables costs a little more: deeper filters, longer probes, more different names.
GROWTH = 1.5


def cases(folder):
    """What grows: its name, what 1 time is, and for each of TIMES the words for ours and the captures
    (a small one for callgrind, a large one for the clock)."""
    def loads(name, small, large, extra=''):
        return measure.load(name, small, f'--seed 3 {extra}'), measure.load(name, large, f'--seed 4 {extra}')

    mix, dns = (2e7, 2e8), (2e4, 2e5)
    fixed = {'mix': loads('mix', *mix), 'dns': loads('dns', *dns)}
    yield 'packets of the mix', '2 MB', [('', (measure.load('mix', 2e6 * t, '--seed 3'), measure.load('mix', 1e7 * t, '--seed 4')))
                                         for t in TIMES]
    yield 'packets of DNS', '2,000', [('', (measure.load('dns', 2e3 * t, '--seed 3'), measure.load('dns', 1e4 * t, '--seed 4')))
                                      for t in TIMES]
    for load in ('mix', 'dns'):
        sizes = {'mix': mix, 'dns': dns}[load]
        yield f'hosts, {load}', '200', [('', loads(load, *sizes, f'--hosts {200 * t}')) for t in TIMES]
        yield f'hours, {load}', 'as it comes', [('', loads(load, *sizes, f'--pace {t}')) for t in TIMES]
        for what, one, make, many in (('indicators', '10,000', inputs.indicators, 10_000), ('tools', '40 more', inputs.tools, 40),
                                      ('brands', '30 more', inputs.brands, 30)):
            yield f'{what}, {load}', one, [(make(folder, many * t), fixed[load]) for t in TIMES]


@functools.cache
def executed(words, capture):
    return measure.instructions_on(measure.replay(f'--lanes 1 {words}', '/dev/null'), capture)


def counted(words, capture):
    return (executed(words, capture) - executed(words, measure.empty())) / measure.packets(capture)


def timed(rows):
    """Nanoseconds a packet of each row: the least of interleaved rounds, as neighbours only ever add."""
    best = [[9e9, 9e9] for _ in rows]
    for _ in range(measure.ROUNDS):
        for (words, (_, large)), least in zip(rows, best):
            command = measure.replay(f'--lanes 1 {words}', '/dev/null')
            for place, capture in enumerate((measure.empty(), large)):
                least[place] = min(least[place], measure.once(command, [capture])[0])
    return [(whole - start) / measure.packets(large) * 1e9 for (start, whole), (_, (_, large)) in zip(best, rows)]


def main():
    measure.built()
    folder = measure.WORK / 'linear'
    folder.mkdir(exist_ok=True)
    verdicts = measure.Verdicts()
    say(f'{"instructions a packet":24}{"1 x is":>14}' + ''.join(f'{t:>10} x' for t in TIMES)
        + '   ns of CPU a packet:' + ''.join(f'{t:>8} x' for t in TIMES))
    wanted = sys.argv[1:]
    for what, one, rows in cases(folder):
        if wanted and not any(word in what for word in wanted):
            continue
        counts = [counted(words, small) for words, (small, _) in rows]
        clock = timed(rows)
        say(f'{what:24}{one:>14}' + ''.join(f'{n:12,.0f}' for n in counts) + ' ' * 23
            + ''.join(f'{n:10,.0f}' for n in clock))
        verdicts.most(f'{what}: 100 x as much, instructions a packet', counts[-1] / counts[0], GROWTH)
    verdicts.end()


main()
