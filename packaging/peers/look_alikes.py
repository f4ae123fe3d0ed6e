#!/usr/bin/env python3
"""look_alikes.py [--every N]: us, openSquat's rule and dnstwist's list on the same names, as a table.

Every Nth name (default 10) of the benign corpora in RMMWATCH_CORPUS, and all names of the others. No
name that a brand owns by config/brands/ is asked. openSquat 2.3.1 is asked through its own class, one
keyword after another, as its program does; its keywords are the brands' spellings. dnstwist's
default fuzzers, words and suffixes make a list of our brands, which is used as a set. Ours is asked
through the example judge_names.
Run it with the Python that install.sh made: ~/.cache/rmmwatch-twisters/bin/python."""
import argparse
import io
import os
import pathlib
import re
import subprocess
import time

import brands
import generate_names
from opensquat.squatting_detector import SquattingDetector

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPORA = pathlib.Path(os.environ['RMMWATCH_CORPUS']) / 'corpora'
JUDGE = 'cargo run --quiet --release -p rmmwatch-intel --example judge_names'.split()


def rows(path):
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            if line.strip() and not line.startswith('#'):
                yield line.rstrip('\n').split('\t')


def sets(every):
    """Names by what they are; `benign` is the one that nothing should be found in."""
    names = {'benign': sorted({row[0] for path in CORPORA.glob('benign_*.txt') for row in rows(path)})[::every]}
    for path in CORPORA.glob('positives_synth_*.tsv'):
        for technique, _, name in rows(path):
            names.setdefault(technique.split(':')[0], []).append(name)
    for path in CORPORA.glob('positives_real_*.txt'):
        for row in rows(path):
            names.setdefault(row[2], []).append(row[0])
    return names


def ours(names):
    """Found at alert, noted too, nanoseconds per name, and registrable names."""
    done = subprocess.run(JUDGE, input='\n'.join(names) + '\n', capture_output=True, text=True, check=True, cwd=ROOT)
    alert, noted, registrable = set(), set(), {}
    for line in done.stdout.splitlines():
        name, below, verdict = line.split('\t')[:3]
        registrable[name] = below
        if verdict == 'alert':
            alert.add(name)
        if verdict in ('alert', 'log'):
            noted.add(name)
    return alert, noted, float(re.search(r'(\d+) ns per name', done.stderr)[1]), registrable


def opensquat(keywords, names, confidence):
    """What its own class finds, and nanoseconds per name."""
    detector = SquattingDetector(confidence)
    begin = time.process_time()
    found = set()
    for keyword in keywords:
        found.update(detector.check(keyword, names, io.StringIO()))
    return found, (time.process_time() - begin) * 1e9 / max(len(names), 1)


def main():
    args = argparse.ArgumentParser()
    args.add_argument('--every', type=int, default=10)
    every = args.parse_args().every
    known = brands.load()
    names = sets(every)
    everything = sorted({name for some in names.values() for name in some})
    alert, noted, cost, registrable = ours(everything)
    owned = brands.Owned(known)
    everything = [name for name in everything if not owned.has(name, registrable[name])]
    names = {what: sorted(set(some) & set(everything)) for what, some in names.items()}
    lines = [('rmmwatch, alert', alert, cost), ('rmmwatch, alert or noted', noted, cost)]
    keywords = sorted({spelling for brand in known for spelling in brand.spellings})
    below = {}
    for name in everything:
        below.setdefault(registrable[name], []).append(name)
    for confidence in (1, 2):
        found, cost = opensquat(keywords, everything, confidence)
        lines.append((f'openSquat 2.3.1, confidence {confidence}', found, cost))
    found, cost = opensquat(keywords, sorted(below), 1)
    whole = {name for registered in found for name in below[registered]}
    lines.append(('openSquat 2.3.1, confidence 1, asked for registrable names', whole, cost))
    twisted = {name for brand in known for some in generate_names.made(brand.home()).values() for name in some}
    begin = time.process_time()
    found = {name for name in everything if name in twisted or registrable[name] in twisted}
    cost = (time.process_time() - begin) * 1e9 / len(everything)
    lines.append((f'dnstwist 20250130, {len(twisted):,} names as a set', found, cost))
    classes = [what for what in names if what != 'benign']
    print(f'{len(names["benign"]):,} benign names (every {every}th), {len(known)} brands, {len(keywords)} keywords.\n')
    print('| rule | found per 100,000 benign |', ' | '.join(classes), '| µs per name |')
    print('|---' * (len(classes) + 3) + '|')
    print('| names |', f'{len(names["benign"]):,} |', ' | '.join(f'{len(names[what]):,}' for what in classes), '| |')
    for rule, found, cost in lines:
        share = [f'{100 * sum(name in found for name in names[what]) / len(names[what]):.1f} %' for what in classes]
        false = sum(name in found for name in names['benign']) * 1e5 / len(names['benign'])
        print(f'| {rule} | {false:.1f} |', ' | '.join(share), f'| {cost / 1000:.2f} |')


if __name__ == '__main__':
    main()
