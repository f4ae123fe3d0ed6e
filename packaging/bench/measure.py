"""What all measurements share: programs, captures, CPU of a child, instructions by callgrind, names.

RMMWATCH names another build of ours, RMMWATCH_BENCH_SCALE makes captures larger or smaller (1),
RMMWATCH_BENCH_ROUNDS says how many rounds there are (5)."""
import collections
import hashlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / 'target' / 'bench'
OURS = os.environ.get('RMMWATCH', str(ROOT / 'target/release/rmmwatch'))
GENERATOR = str(ROOT / 'target/release/rmmwatch-trafficgen')
SCALE = float(os.environ.get('RMMWATCH_BENCH_SCALE', '1'))
ROUNDS = int(os.environ.get('RMMWATCH_BENCH_ROUNDS', '5'))
CORPUS = os.environ.get('RMMWATCH_CORPUS')
os.environ['PATH'] += ':/usr/sbin:/sbin'

# What the generator is asked for, and how many of it (packets, octets or flows) at scale 1.
LOADS = {
    'mix': ('mix --volume 9 --bytes', 1e9),
    'short': ('mix --volume 1 --bytes', 4e8),
    'established': ('only established --packets', 1.5e6),
    'small': ('small --packets', 1.5e6),
    'dns': ('only dns --packets', 4e5),
    'hellos': ('only hellos --packets', 2e5),
    'initials': ('only initials --packets', 1e5),
    'flood': ('flood --flows', 1e7),
}


def say(text=''):
    print(text, flush=True)


def built(*packages):
    """The release builds; where RMMWATCH names another, just the generator, if it is missing."""
    todo = list(packages) or ['rmmwatch', 'rmmwatch-trafficgen']
    if 'RMMWATCH' in os.environ:
        todo = [] if os.path.exists(GENERATOR) else ['rmmwatch-trafficgen']
    for name in todo:
        subprocess.run(['cargo', 'build', '--release', '--quiet', '-p', name, '--bin', name], cwd=ROOT, check=True)
    WORK.mkdir(parents=True, exist_ok=True)


def load(name, count=None, extra=''):
    """A capture of the generator; `.names.tsv` beside it has the truth. Made once."""
    words, usual = LOADS[name]
    count = int(usual * SCALE) if count is None else int(count)
    made = f'{words} {count} {extra}'.strip()
    stamp = hashlib.sha256(f'{made} {os.stat(GENERATOR).st_mtime_ns}'.encode()).hexdigest()[:10]
    path = WORK / f'{name}-{stamp}.pcap'
    if not path.exists():
        for old in WORK.glob(f'{name}-*.pcap*') if not extra and count == int(usual * SCALE) else ():
            old.unlink()
        part = path.with_suffix('.part')
        subprocess.run([GENERATOR, *made.split(), '-o', str(part), '--names', f'{path}.names.tsv'],
                       check=True, stderr=subprocess.DEVNULL)
        part.rename(path)
    return str(path)


def empty():
    """A capture without a frame: what start-up costs."""
    path = WORK / 'empty.pcap'
    path.write_bytes(bytes.fromhex('d4c3b2a1020004000000000000000000') + (1 << 18).to_bytes(4, 'little') + b'\1\0\0\0')
    return str(path)


def compiled(name, *libraries):
    """A C program of this folder."""
    source, program = ROOT / f'packaging/bench/{name}.c', WORK / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(['cc', '-O2', '-Wall', '-o', str(program), str(source), *libraries], check=True)
    return str(program)


def floor():
    return compiled('floor', '-lpcap')


def packets(*captures):
    told = subprocess.run([floor(), 'pcap', *captures], capture_output=True, text=True)
    return int(told.stdout.split()[0])


def installed(command):
    return shutil.which(command.split()[0]) is not None


def replay(more='', observations=None, program=None):
    """Our command; {f} is where captures go."""
    seen = f'--observations {observations} ' if observations else ''
    return f'{program or OURS} replay --quiet --summary none --alerts /dev/null {seen}{more} {{f}}'


def filled(command, captures):
    words = []
    for word in command.split():
        words += list(captures) if word == '{f}' else [word.replace('{f}', captures[0])]
    return words


def once(command, captures, cwd=None):
    """Seconds of CPU (user and system), peak MiB, exit code, seconds on the wall of one run."""
    null = open(os.devnull, 'r+b')
    begun = time.monotonic()
    child = subprocess.Popen(filled(command, captures), stdin=null, stdout=null, stderr=null, cwd=cwd)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, child.returncode, time.monotonic() - begun


class Cost:
    """Nanoseconds of CPU per packet of one program: median, least, most; and its peak memory."""

    def __init__(self, runs, count):
        per = [cpu / count * 1e9 for cpu, *_ in runs]
        self.ns, self.least, self.most = statistics.median(per), min(per), max(per)
        self.peak, self.code = max(run[1] for run in runs), max(run[2] for run in runs)


def compare(table, captures, rounds=ROUNDS, count=None, cwd=None):
    """Interleaved rounds of all commands, after one that warms the page cache; a Cost of each."""
    count = count or packets(*captures)
    runs = {name: [] for name in table}
    for turn in range(rounds + 1):
        for name, command in table.items():
            run = once(command, captures, cwd)
            if turn or rounds == 1:
                runs[name].append(run)
    return {name: Cost(of, count) for name, of in runs.items()}


def show(title, costs, base):
    say(f'\n{title}')
    say(f'{"":42}{"ns/packet":>10}{"least":>9}{"most":>9}{"x " + base.split()[0]:>10}{"peak MiB":>10}')
    for name, cost in costs.items():
        say(f'{name:42}{cost.ns:10.0f}{cost.least:9.0f}{cost.most:9.0f}{cost.ns / costs[base].ns:10.2f}{cost.peak:10.0f}'
            + (f'  exit {cost.code}' if cost.code else ''))


class Verdicts:
    """What must hold; the exit code says whether all did."""

    def __init__(self):
        self.lines, self.missed = [], 0

    def most(self, what, value, limit, unit=' x'):
        self.add(what, value <= limit, f'{value:,.2f}{unit}, at most {limit:g}')

    def least(self, what, value, limit, unit=' x'):
        self.add(what, value >= limit, f'{value:,.2f}{unit}, at least {limit:g}')

    def add(self, what, holds, told):
        self.missed += not holds
        self.lines.append(f'{"met   " if holds else "MISSED"}  {what:64} {told}')

    def end(self):
        say('\n' + '\n'.join(self.lines))
        sys.exit(1 if self.missed else 0)


def instructions(command, captures=()):
    """Instructions that a command executes, in all its threads; captures take the place of {f}."""
    if not installed('valgrind'):
        sys.exit('valgrind is not installed, so instructions cannot be counted: apt-get install valgrind')
    words = filled(command, list(captures)) if captures else command.split()
    run = subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null', *words],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors='replace', cwd=ROOT)
    return collected(' '.join(words), run.stderr, run.returncode)


def collected(command, said, code):
    """The count that callgrind tells at the end."""
    told = re.search(r'Collected : (\d+)', said)
    if code or not told:
        sys.exit(f'{command} ended with {code} under callgrind:\n{said[-2000:]}')
    return int(told.group(1))


def instructions_on(command, capture):
    """Instructions that a replay executes from the moment on when it opens its capture: what it built before
    runs under valgrind uncounted, some ten times as fast. The capture goes in through a named pipe."""
    pipe = WORK / 'capture.fifo'
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    said = tempfile.TemporaryFile('w+', errors='replace')  # A pipe that nobody empties meanwhile could fill.
    child = subprocess.Popen(['valgrind', '--tool=callgrind', '--instr-atstart=no', '--callgrind-out-file=/dev/null',
                              *filled(command, [str(pipe)])],
                             stdout=subprocess.DEVNULL, stderr=said, cwd=ROOT)
    while child.poll() is None:
        try:
            end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # Nobody reads it yet.
            time.sleep(0.05)
            continue
        os.set_blocking(end, True)
        subprocess.run(['callgrind_control', '-i', 'on', str(child.pid)], check=True, capture_output=True)
        with open(capture, 'rb') as octets, open(end, 'wb') as to:
            shutil.copyfileobj(octets, to, 1 << 20)
        break
    code = child.wait()
    said.seek(0)
    return collected(command, said.read(), code)


def plain(name):
    return name.lower().rstrip('.').rsplit(':', 1)[0]


def truth(capture):
    """(transport, name) to count, as the generator wrote it; a first line with headings or none."""
    names = collections.Counter()
    with open(f'{capture}.names.tsv') as rows:
        for row in rows:
            transport, name, count = row.rstrip('\n').split('\t')
            if count != 'count':
                names[transport, plain(name)] += int(count)
    return names


SAYS = {
    'dns-query': ('dns', lambda r: r['dns']['question']['name']),
    'tls-client-hello': ('tls', lambda r: r.get('tls', {}).get('client', {}).get('server_name')),
    'quic-client-hello': ('quic', lambda r: r.get('tls', {}).get('client', {}).get('server_name')),
    'http-request': ('http', lambda r: r.get('url', {}).get('domain')),
}


def seen(lines):
    """(transport, name) to count, from lines of observations."""
    names = collections.Counter()
    for line in lines:
        kind = re.search(rb'"action":"([a-z-]+)"', line)
        transport, read = SAYS.get(kind.group(1).decode() if kind else '', (None, None))
        name = read(json.loads(line)) if read else None
        if name:
            names[transport, plain(name)] += 1
    return names


def replayed_names(capture):
    command = filled(replay(observations='-'), [capture])
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    names = seen(child.stdout)
    child.wait()
    return names


def recall(told, found):
    """Distinct names, those missed, times said, those missed."""
    return (len(told), sum(name not in found for name in told), sum(told.values()),
            sum(max(0, count - found[name]) for name, count in told.items()))
