#!/usr/bin/env python3
"""make bench-live: a sender on one core, a sensor on another, a veth pair between two network namespaces.

For each sensor the highest rate at which it loses nothing, and what the capture process costs per packet
(user and system time from /proc, at that rate). Loss is judged by the names that were seen, against the
generator's truth; for tcpdump, which sees no names, by what it counted. Needs root; nothing leaves the two
namespaces. Arguments: loads (mix dns small)."""
import collections
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import measure
from measure import say

sys.path.insert(0, str(measure.ROOT / 'packaging/peers'))
import programs  # noqa: E402

TICK = os.sysconf('SC_CLK_TCK')
CORES = sorted(os.sched_getaffinity(0))
# Shares of the sender's top speed that are tried, until one is not too fast.
SHARES = (1, 0.8, 0.6, 0.4, 0.2, 0.1)
LOADS = {'mix': 1e9, 'dns': 6e5, 'small': 1e6}
# What is missing of the names when nothing was lost.
NONE = 0.0


class Wire:
    """Two namespaces and the pair between them."""

    def __init__(self):
        self.names = [f'rmmb{end}{os.getpid()}' for end in ('a', 'b')]
        for name in self.names:
            self.ip('netns', 'add', name)
        self.ip('-n', self.names[0], 'link', 'add', 'tap0', 'mtu', '9000', 'numtxqueues', '1', 'numrxqueues', '1', 'type',
                'veth', 'peer', 'name', 'tap1', 'netns', self.names[1], 'mtu', '9000', 'numtxqueues', '1', 'numrxqueues', '1')
        for name, tap in zip(self.names, ('tap0', 'tap1')):
            # Silence: no neighbour discovery of their own.
            subprocess.run(self.inside(name, f'sysctl -qw net.ipv6.conf.{tap}.disable_ipv6=1'), stderr=subprocess.DEVNULL)
            self.ip('-n', name, 'link', 'set', tap, 'arp', 'off', 'multicast', 'off', 'promisc', 'on', 'up')

    @staticmethod
    def ip(*words):
        subprocess.run(['ip', *words], check=True)

    @staticmethod
    def inside(name, command):
        return ['ip', 'netns', 'exec', name, *command.split()]

    def send(self, capture, rate):
        """Packets sent, and packets a second."""
        command = f'{measure.compiled("send")} {capture} tap0 {CORES[0]} {rate} 1'
        told = subprocess.run(self.inside(self.names[0], command), check=True, capture_output=True, text=True)
        sent, seconds = told.stdout.split()
        return int(sent), int(sent) / float(seconds)

    def down(self):
        for name in self.names:
            subprocess.run(['ip', 'netns', 'del', name])


class Sensor:
    """A program on the other end: its command, what it says when it listens, and what it saw."""

    def __init__(self, name, command, ready, told, lost):
        self.name, self.command, self.ready, self.told, self.lost = name, command, ready, told, lost

    def run(self, wire, capture, rate):
        """Packets sent, packets a second, share lost, CPU nanoseconds a packet."""
        log = os.path.join(self.told, 'log')
        with open(log, 'wb') as out:
            child = subprocess.Popen(['taskset', '-c', str(CORES[-1])] + wire.inside(wire.names[1], self.command),
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=out, cwd=self.told)
        try:
            since = time.monotonic()
            while not re.search(self.ready, open(log, errors='replace').read()) and time.monotonic() - since < 60:
                if child.poll() is not None:
                    sys.exit(f'{self.command} ended: {open(log).read()[-1000:]}')
                time.sleep(0.05)
            time.sleep(0.5)
            before = cpu(child.pid)
            sent, speed = wire.send(capture, rate)
            settle(child.pid)
            spent = cpu(child.pid) - before
            child.send_signal(signal.SIGINT)
            child.wait(60)
        finally:
            child.kill()
            child.wait()
        return sent, speed, self.lost(self, capture, sent, log), spent / sent * 1e9


def cpu(pid):
    """Seconds of CPU of a process so far (`ip netns exec` and taskset become the program itself)."""
    fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def settle(pid):
    """Wait until what was sent is worked off."""
    last = -1.0
    while cpu(pid) - last > 0.02:
        last = cpu(pid)
        time.sleep(1)


def by_names(read, *transports):
    def lost(sensor, capture, _sent, _log):
        truth = {key: count for key, count in measure.truth(capture).items() if key[0] in transports}
        told = measure.recall(truth, read(sensor))
        return told[3] / max(told[2], 1)
    return lost


def by_flows(sensor, _capture, sent, _log):
    """The `small` load says no names: each packet is a flow that nobody answers, of which the end is told."""
    with open(os.path.join(sensor.told, 'seen'), 'rb') as lines:
        return 1 - sum(b'"action":"flow-close"' in line for line in lines) / sent


def by_count(_sensor, _capture, sent, log):
    return 1 - int(re.search(r'(\d+) packets captured', open(log).read()).group(1)) / sent


def ours(sensor):
    with open(os.path.join(sensor.told, 'seen'), 'rb') as lines:
        return measure.seen(lines)


def suricata(sensor):
    names = collections.Counter()
    with open(os.path.join(sensor.told, 'eve.json'), errors='replace') as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            kind = record.get('event_type')
            name = {'dns': record.get('dns', {}).get('rrname') if record.get('dns', {}).get('type') == 'query' else None,
                    'tls': record.get('tls', {}).get('sni'), 'quic': record.get('quic', {}).get('sni'),
                    'http': record.get('http', {}).get('hostname')}.get(kind)
            if name:
                names[kind, measure.plain(name)] += 1
    return names


def sensors(folder, load):
    seen = os.path.join(folder, 'seen')
    yield Sensor('rmmwatch run, with observations', f'{measure.OURS} run -i tap1 --summary none --alerts /dev/null '
                 f'--observations {seen}', 'watching', folder, by_flows if load == 'small' else by_names(ours, 'dns', 'tls', 'quic', 'http'))
    yield Sensor('tcpdump -w /dev/null', 'tcpdump -i tap1 -n -s 0 -B 65536 -w /dev/null', 'listening on', folder, by_count)
    if measure.installed('suricata') and load != 'small':
        command = programs.suricata(folder, 'eve.json').replace('-r {f}', '--af-packet=tap1')
        yield Sensor('suricata, names as JSON', command.replace('--runmode single', '--runmode autofp'),
                     'Engine started|engine started', folder, by_names(suricata, 'dns', 'tls', 'http'))


def main():
    if os.geteuid():
        sys.exit('make bench-live makes network namespaces, which needs root')
    loads = sys.argv[1:] or list(LOADS)
    measure.built()
    if len(CORES) < 2:
        sys.exit('make bench-live needs two cores')
    # So that a kill takes the namespaces down too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wire, verdicts, best = Wire(), measure.Verdicts(), {}
    try:
        for load in loads:
            capture = measure.load(load, LOADS[load] * measure.SCALE)
            say(f'\n{load}: {measure.packets(capture):,} packets\n{"":34}{"asked/s":>10}{"sent/s":>10}{"lost":>9}{"ns/packet":>11}')
            with tempfile.TemporaryDirectory(dir='/dev/shm' if os.path.isdir('/dev/shm') else None) as folder:
                for sensor in sensors(folder, load):
                    top = None
                    for share in SHARES:
                        for left in {'seen', 'eve.json'} & set(os.listdir(folder)):
                            os.unlink(os.path.join(folder, left))
                        rate = 0 if top is None else int(top * share)
                        _, speed, lost, spent = sensor.run(wire, capture, rate)
                        top = top or speed
                        say(f'{sensor.name:34}{rate or "most":>10}{speed:10,.0f}{lost:9.2%}{spent:11.0f}')
                        best[load, sensor.name] = (speed, spent, rate, lost)
                        if lost <= NONE:
                            break
        for load in loads:
            mine, theirs = best[load, 'rmmwatch run, with observations'], best[load, 'tcpdump -w /dev/null']
            verdicts.add(f'{load}: nothing lost at the highest rate of the sender', mine[2] == 0 and mine[3] <= NONE,
                         f'{mine[0]:,.0f} packets/s, {mine[3]:.2%} lost')
            if load == 'mix':
                verdicts.most('mix: CPU of the capture process / tcpdump -w /dev/null', mine[1] / theirs[1], 1.0)
    finally:
        wire.down()
    verdicts.end()


main()
