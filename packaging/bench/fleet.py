"""What fleet.sh measures.

usage: fleet.py FOLDER HOSTS
"""
import collections
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

work, hosts = pathlib.Path(sys.argv[1]), int(sys.argv[2])
program, generator = "target/release/rmmwatch", "target/release/rmmwatch-trafficgen"
day, policy = str(work / "day.pcap"), str(work / "day.policy.toml")
TICK = os.sysconf("SC_CLK_TCK")


def show(what, value, note=""):
    value = f"{value:,.0f}" if isinstance(value, (int, float)) and value >= 100 else f"{value:.3g}"
    print(f"{what:<58} {value:>16}  {note}", flush=True)


def head(text):
    print(f"\n{text}", flush=True)


class Run:
    """A run of the program: seconds, seconds of CPU, peak memory in MiB."""

    def __init__(self, *args, ok=(0,)):
        self.begin(args)
        self.end(ok)

    def begin(self, args):
        self.since = time.monotonic()
        self.child = subprocess.Popen([program, *map(str, args)], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def end(self, ok=(0,)):
        self.said = self.child.stderr.read().decode(errors="replace")
        _, status, used = os.wait4(self.child.pid, 0)
        self.seconds = time.monotonic() - self.since
        self.cpu, self.peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        code = os.waitstatus_to_exitcode(status)
        if code not in ok:
            sys.exit(f"{self.child.args} ended with {code}: {self.said[-2000:]}")


class Background(Run):
    def __init__(self, *args):
        self.begin(args)


def size(path):
    return sum(file.stat().st_blocks * 512 for file in path.rglob("*") if file.is_file())


def settings(name, url, drain, partitions):
    path = work / f"{name}.toml"
    path.write_text(f"""
[sensor]
name = "span-1"
site = "here"
[fleet]
partitions = {partitions}
[spool]
path = "{work}/spool"
mib_max = 1048576
hours_max = 0
drain_secs = {drain}
[[sink]]
name = "fleet"
kind = "nats"
to = "{url}"
records = ["facts"]
create = true
""")
    return path


class Nats:
    """A nats-server with JetStream on files, and its own counts."""

    def __init__(self):
        search = [pathlib.Path(sys.executable).parent, *map(pathlib.Path, os.get_exec_path())]
        binary = next((at / "nats-server" for at in search if (at / "nats-server").exists()), None)
        if binary is None:
            sys.exit("SKIPPED: nats-server is not installed (make deps-test)")
        self.store, ports = work / "nats", work / "ports"
        for folder in (self.store, ports):
            shutil.rmtree(folder, ignore_errors=True)
        ports.mkdir()
        conf = work / "nats.conf"
        sync = os.environ.get("RMMWATCH_BENCH_SYNC")
        conf.write_text(f"jetstream {{ sync_interval: {sync} }}\n" if sync else "")
        self.child = subprocess.Popen(
            [binary, "-c", conf, "-a", "127.0.0.1", "-p", "-1", "-m", "-1", "-js", "-sd", self.store,
             "--ports_file_dir", ports], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (found := list(ports.iterdir())) or not found[0].read_text().strip():
            time.sleep(0.05)
        told = json.loads(found[0].read_text())
        self.url, self.monitor = told["nats"][0], told["monitoring"][0]

    def ask(self, what):
        return json.load(urllib.request.urlopen(f"{self.monitor}/{what}"))

    def stream(self):
        found = self.ask("jsz?streams=true")["account_details"][0]["stream_detail"]
        return next(one["state"] for one in found if one["name"] == "RMM")

    def cpu(self):
        words = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / TICK

    def memory(self):
        text = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", text).group(1)) / 1024

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        self.child.wait()


def the_day():
    made = subprocess.run([generator, "day", "--hosts", str(hosts), "--tools", "40", "-o", day,
                           "--policy", policy], stderr=subprocess.PIPE, text=True, check=True)
    print(made.stderr.strip().replace(str(work), "…"))
    head("Records")
    plain = Run("replay", "--quiet", "--summary", "none", "--policy", policy, "--alerts",
                "/dev/null", day)
    show("replay with alerts alone, s", plain.seconds, f"{plain.cpu:.1f} s of CPU")
    files = {what: work / f"{what}.jsonl" for what in ("alerts", "observations", "health")}
    flags = [word for what, path in files.items() for word in (f"--{what}", path)]
    Run("replay", "--quiet", "--summary", "none", "--policy", policy, *flags, day)
    hours, counts = collections.Counter(), {}
    for what, path in files.items():
        counts[what] = 0
        with path.open("rb") as lines:
            for line in lines:
                counts[what] += 1
                if what == "observations":
                    hours[line[15:28]] += 1
        if counts[what]:
            show(f"{what}, lines a day", counts[what],
                 f"{path.stat().st_size / counts[what]:,.0f} octets each, "
                 f"{path.stat().st_size / 1e6:,.1f} MB")
    hours = {hour: count for hour, count in hours.items() if hour.startswith(b"20")}
    busiest = max(hours.values())
    facts = counts["observations"]
    show("observations per 1,000 hosts and hour, mean of the day", facts / hosts * 1000 / 24)
    show("… in the busiest hour", busiest / hosts * 1000, f"{busiest / (facts / 24):.2f} times the mean")
    alerts = {}
    for line in files["alerts"].open():
        record = json.loads(line)
        alerts[record["event"]["id"]] = record["event"]["severity"]
    show("alerts told a day (each once)", len(alerts),
         f"{sum(severity >= 40 for severity in alerts.values())} of medium or above")
    return files, facts


def outage(partitions):
    head(f"{partitions} partitions: a day without the broker")
    gone = settings("gone", "nats://127.0.0.1:1", 0, partitions)
    away = Run("replay", "--quiet", "--summary", "none", "--policy", policy, "--alerts",
               "/dev/null", "--sinks", "-c", gone, day, ok=(0, 4))
    spool = size(work / "spool")
    show("replay with facts into the spool, s", away.seconds, f"{away.cpu:.1f} s of CPU")
    show("octets of the spool", spool, f"{spool / hosts:,.0f} a host")


def into(nats, facts, partitions):
    head(f"{partitions} partitions: from the spool into nats-server (file storage)")
    small = "pcaps/aa23-025a-campaign.pcap"
    args = ["replay", "--quiet", "--summary", "none", "--alerts", "/dev/null", small]
    start = Run(*args).seconds
    before, busy = nats.ask("varz"), nats.cpu()
    sent = Run(*args, "--sinks", "-c", settings("there", nats.url, 600, partitions))
    seconds = sent.seconds - start
    after, state = nats.ask("varz"), nats.stream()
    messages = state["messages"]
    show("messages", messages, f"{state['bytes'] / messages:,.0f} octets each as stored")
    show("messages a second", messages / seconds, f"{seconds:.1f} s")
    show("facts a second", facts / seconds)
    show("facts a message", facts / messages)
    wire = after["in_bytes"] - before["in_bytes"]
    show("octets to the server per fact (before TLS and TCP)", wire / facts)
    show("octets on the server's disk per fact", size(nats.store) / facts,
         f"{size(nats.store) / 1e6:,.1f} MB")
    show("CPU of the sensor, s per million facts", sent.cpu / facts * 1e6)
    show("CPU of the server, s per million facts", (nats.cpu() - busy) / facts * 1e6)
    return messages


def out(nats, facts, messages, partitions):
    head(f"{partitions} partitions: out of it, analyse --drain")
    for analysts in (1, 2):
        path = work / f"group-{analysts}.toml"
        path.write_text(f'[fleet]\npartitions = {partitions}\ngroup = "group-{analysts}"\n')
        busy, sent = nats.cpu(), nats.ask("varz")["out_msgs"]
        runs = [Background("analyse", "--from", nats.url, "--create", "--drain", "--quiet",
                           "--policy", policy, "--alerts", work / f"told-{analysts}-{number}", "-c",
                           path) for number in range(analysts)]
        for run in runs:
            run.end()
        seconds = max(run.seconds for run in runs)
        cpu = sum(run.cpu for run in runs)
        who = "one analyst" if analysts == 1 else f"{analysts} analysts at once, together"
        show(f"{who}: facts a second", facts / seconds,
             f"{seconds:.1f} s, {messages / seconds:,.0f} messages a second")
        sent = nats.ask("varz")["out_msgs"] - sent
        show("  messages that the server handed out", sent,
             f"{sent / messages:.1f} of each, {sent / seconds:,.0f} a second")
        show("  seconds of CPU per million facts", cpu / facts * 1e6,
             f"peak {max(run.peak for run in runs):,.0f} MiB; "
             f"the server {(nats.cpu() - busy) / facts * 1e6:.1f}")
    show("peak memory of the server, MiB", nats.memory())


def store(files, rows_max=1_000_000):
    head("In ClickHouse (chDB), after merging")
    try:
        from chdb import session
    except ImportError:
        print("SKIPPED: chDB is not installed (make deps-test)")
        return
    database = session.Session(str(work / "store"))
    text = re.sub(r"^\s*--.*$", "", open("packaging/clickhouse/schema.sql").read(), flags=re.M)
    for statement in filter(None, map(str.strip, text.split(";\n"))):
        database.query(statement)
    # The store forgets what is old.
    yesterday = (datetime.date.today() - datetime.timedelta(days=1)).isoformat().encode()
    part = work / "part.jsonl"
    for what in ("alerts", "observations"):
        with files[what].open("rb") as lines, part.open("wb") as kept:
            for _, line in zip(range(rows_max), lines):
                kept.write(re.sub(rb"20\d\d-\d\d-\d\d(?=T\d\d:)", yesterday, line))
        database.query(f"INSERT INTO rmmwatch.lines SELECT * FROM file('{part}', 'JSONAsString')")
    for table in ("alerts", "observations", "names"):
        database.query(f"OPTIMIZE TABLE rmmwatch.{table} FINAL")
        told = database.query(
            "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND "
            f"database = 'rmmwatch' AND table = '{table}'", "JSONCompact")
        rows, octets = map(int, json.loads(str(told))["data"][0])
        show(f"{table}, rows", rows, f"{octets / max(rows, 1):,.1f} octets each, {octets / 1e6:,.1f} MB")


print(f"{hosts:,} hosts, one day; {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
files, facts = the_day()
for partitions in (32, 4):
    outage(partitions)
    os.sync()
    nats = Nats()
    try:
        messages = into(nats, facts, partitions)
        shutil.rmtree(work / "spool")
        out(nats, facts, messages, partitions)
    finally:
        nats.stop()
store(files)
