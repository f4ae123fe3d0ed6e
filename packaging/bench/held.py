"""Part of make bench: what a packet costs while millions of flows are open, and what a flow takes.

Connections are opened, three frames each, and none ends; then acknowledgements come, each of a connection that is
drawn by lot, so that hardly any row is in a cache. What is kept of first octets is held to 1 MiB, so that nearly all
flows are rows alone, few or many. CPU is read while the sensor reads from a pipe: so the opening,
the acknowledgements and the end, where each flow is told, are apart. Turns are interleaved, medians."""
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import measure
from measure import say

FRAME = 16 + 64  # Octets of a frame in the capture, of which each has as many.
HEADER = 24
TICK = os.sysconf('SC_CLK_TCK')
# Places in the table, flows at once.
ROWS = ((4 << 20, 40_000), (4 << 20, 4_000_000), (8 << 20, 4_000_000))
PACKETS = 8_000_000
# Octets that a place may take: 96, as the settings say, and what an allocator keeps beside them.
PLACE = 106


def spent(pid):
    """Seconds of CPU of all its threads so far."""
    with open(f'/proc/{pid}/stat') as stat:
        fields = stat.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def idle(pid):
    """Seconds of CPU once it has read all that is there: when it rose no more for so long that it was not just
    kept from a core."""
    same, before = 0, -1
    while same < 4:
        time.sleep(0.1)
        now = spent(pid)
        same, before = (same + 1 if now == before else 0), now
    return before


def peak(pid):
    with open(f'/proc/{pid}/status') as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith('VmHWM:'))


def pour(octets, source, to):
    """Hand over so many octets, or what there is."""
    while octets and (some := source.read(min(octets, 1 << 20))):
        to.write(some)
        octets -= len(some)
    to.flush()


def turn(slots, flows, packets, folder):
    """ns a frame while flows open, ns a packet after that, peak MiB, flows that lost their place to others."""
    settings, health = folder / f'{slots}.toml', folder / 'health'
    settings.write_text(f'[flows]\nflows_max = {slots}\nopenings_mib = 1\n')
    made = [measure.GENERATOR, 'held', '--flows', str(flows), '--packets', str(packets), '-o', '/dev/stdout']
    source = subprocess.Popen(made, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    command = measure.filled(measure.replay(f'--lanes 1 --config {settings} --health {health}'), ['-'])
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pour(HEADER, source.stdout, child.stdin)
    begun = idle(child.pid)
    pour(3 * flows * FRAME, source.stdout, child.stdin)
    opened = idle(child.pid)
    pour(packets * FRAME, source.stdout, child.stdin)
    done, most = idle(child.pid), peak(child.pid)
    child.stdin.close()
    source.stdout.close()
    for process, words in ((source, made), (child, command)):
        if process.wait():
            raise SystemExit(f'{" ".join(words)} ended with {process.returncode}')
    last = json.loads([line for line in health.read_text().splitlines() if '"health":' in line][-1])
    evicted = last['rmm']['health']['flows']['evicted']
    return (opened - begun) / (3 * flows) * 1e9, (done - opened) / packets * 1e9, most, evicted


def held(verdicts):
    scale = min(1, measure.SCALE)
    rows = [(slots, int(flows * scale)) for slots, flows in ROWS]
    packets = int(PACKETS * scale)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        turns = {row: [] for row in rows}
        for _ in range(min(3, measure.ROUNDS)):
            for row, of in turns.items():
                of.append(turn(*row, packets, folder))
    say(f'\n{"flows that stay open, alerts alone":34}{"places":>11}{"ns/frame":>10}{"ns/packet":>11}{"least":>7}'
        f'{"most":>7}{"peak MiB":>10}{"displaced":>11}')
    say(f'{"":34}{"":>11}{"opening":>10}{"after it":>11}')
    medians = {}
    for (slots, flows), of in turns.items():
        opening, each, most, evicted = medians[slots, flows] = [statistics.median(column) for column in zip(*of)]
        say(f'{flows:<34,}{slots:11,}{opening:10.0f}{each:11.0f}{min(run[1] for run in of):7.0f}'
            f'{max(run[1] for run in of):7.0f}{most:10.0f}{evicted:11,.0f}')
    (few, many, wide) = (medians[row] for row in rows)
    say(f'a packet with {rows[1][1]:,} flows / with {rows[0][1]:,}: {many[1] / few[1]:.2f} x; '
        f'in a table of twice the places {wide[1] / few[1]:.2f} x')
    start = measure.once(measure.replay('--lanes 1'), [measure.empty()])[1]
    for (slots, flows), of in ((rows[1], many), (rows[2], wide)):
        octets = (of[2] - start) * (1 << 20)
        say(f'memory without what a start takes ({start:.0f} MiB): {octets / flows:.0f} octets a flow')
        verdicts.most(f'{flows:,} flows: memory / place of {slots:,}', octets / slots, PLACE, ' octets')
