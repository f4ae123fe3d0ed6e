"""The store's schema and queries in ClickHouse itself (chDB, in this process), over native lines.

usage: check.py PROJECT FILE...   Says what is wrong, a line each, then `checked N wrong M`.
"""
import collections
import datetime
import json
import re
import sys

from chdb import session

project, files = sys.argv[1], sys.argv[2:]
wrong = checked = 0


def expect(what, got, want):
    global wrong, checked
    checked += 1
    if got != want:
        wrong += 1
        print(f"{what}: got {got!r:.600}, want {want!r:.600}")


def statements(path):
    text = re.sub(r"^\s*--.*$", "", open(path).read(), flags=re.M)
    return [part.strip() for part in text.split(";\n") if part.strip()]


def queries():
    named = {}
    for part in open(f"{project}/packaging/clickhouse/queries.sql").read().split("-- name: ")[1:]:
        name, text = part.split("\n", 1)
        named[name.strip()] = text.strip().rstrip(";")
    return named


# Captures are years old, and the store forgets what is old: whole days are added to all times.
text = "".join(open(path).read() for path in files)
newest = max(re.findall(r'"@timestamp":"(\d{4}-\d\d-\d\d)T', text))
today = datetime.datetime.now(datetime.timezone.utc).date()
shift = datetime.timedelta(days=(today - datetime.date.fromisoformat(newest)).days - 1)


def later(found):
    return (datetime.date.fromisoformat(found.group(1)) + shift).isoformat() + "T"


text = re.sub(r"(20\d\d-\d\d-\d\d)T(?=\d\d:)", later, text)
lines = text.splitlines()
records = [json.loads(line) for line in lines]
of = collections.defaultdict(list)
for record in records:
    of[record["event"]["dataset"].removeprefix("rmmwatch.")].append(record)

store = session.Session()
for statement in statements(f"{project}/packaging/clickhouse/schema.sql"):
    store.query(statement)
for statement in statements(f"{project}/packaging/clickhouse/schema.sql"):
    store.query(statement)  # again: nothing is made twice


def rows(query, **params):
    return json.loads(str(store.query(query, "JSON", params=params)) or '{"data":[]}')["data"]


def insert(body):
    store.query("INSERT INTO rmmwatch.lines FORMAT JSONAsString\n" + body)


# All of it, and a batch of it once more, as after an answer that was lost.
insert("\n".join(lines) + "\n")
insert("\n".join(lines[: len(lines) // 2 * 2]) + "\n")


def field(record, *path):
    for name in path:
        record = record.get(name, {})
    return record if record != {} else None


def count(table):
    return int(rows(f"SELECT count() AS n FROM rmmwatch.{table} FINAL")[0]["n"])


unique = {kind: {json.dumps(r, sort_keys=True): r for r in rs}.values() for kind, rs in of.items()}
expect("alerts, each telling once", count("alerts"), len(unique["alert"]))
facts = {(r["rmm"]["host"], r["@timestamp"], r["event"]["id"]): r for r in of["observation"]}
expect("observations, each once", count("observations"), len(facts))
usages = {}
for record in sorted(of["inventory"], key=lambda r: r["@timestamp"]):
    key = (record["rmm"]["tool"], record["rmm"]["host"], field(record, "observer", "name"), record["event"]["id"])
    usages[key] = record
expect("inventory, the last word each", count("inventory"), len(usages))
said = {r["event"]["id"] for r in of["health"] + of["summary"]}
expect("health and summary", count("health"), len(said))

# Columns say what the lines say.
for row in rows("SELECT * FROM rmmwatch.alerts FINAL"):
    line = json.loads(row["line"])
    pairs = [
        ("event_id", ("event", "id")), ("host", ("rmm", "host")), ("tool", ("rmm", "tool")),
        ("operator", ("rmm", "operator")), ("rule_id", ("rule", "id")),
        ("severity", ("event", "severity")), ("domain", ("destination", "domain")),
        ("source_port", ("source", "port")), ("zone", ("rmm", "policy", "zone")),
        ("community_id", ("network", "community_id")), ("names", ("related", "hosts")),
        ("techniques", ("threat", "technique", "id")), ("authorised", ("rmm", "authorised")),
        ("lure_domain", ("rmm", "lure", "registrable")),
    ]
    for column, path in pairs:
        want = field(line, *path)
        expect(column, row[column], want if want is not None else type(row[column])())
    expect("at", row["at"].replace(" ", "T") + "Z", line["@timestamp"])
    stages = [s["name"] for s in field(line, "rmm", "chain", "stages") or []]
    expect("stages", [s["name"] if isinstance(s, dict) else s[3] for s in row["stages"]], stages)

asked = queries()
month = {"days": 300}

# Who uses what, worked out here from the lines.
uses = collections.defaultdict(set)
for record in usages.values():
    key = (record["rmm"]["tool"], record["rmm"].get("operator", ""), record["rmm"]["authorised"])
    uses[key].add(record["rmm"]["host"])
got = rows(asked.pop("who_uses_what"), **month)
expect("who_uses_what", {(r["tool"], r["operator"], r["authorised"]): int(r["hosts"]) for r in got},
       {key: len(hosts) for key, hosts in uses.items()})

zones = collections.defaultdict(set)
for record in usages.values():
    if not record["rmm"]["authorised"]:
        zones[record["rmm"]["policy"].get("zone", ""), record["rmm"]["tool"]].add(record["rmm"]["host"])
got = rows(asked.pop("unauthorised_by_zone"), **month)
expect("unauthorised_by_zone", {(r["zone"], r["tool"]): set(r["some_hosts"]) for r in got}, dict(zones))

got = rows(asked.pop("new_tools"), **month)
expect("new_tools", {r["tool"] for r in got}, {r["rmm"]["tool"] for r in usages.values()})

last = {}
for record in sorted(unique["alert"], key=lambda r: (r["@timestamp"], r["rmm"]["count"], r["rmm"]["occasion"] == "ended")):
    last[record["event"]["id"]] = record
chains = {i: r for i, r in last.items() if field(r, "rmm", "chain", "stages")}
got = rows(asked.pop("chains"), **month)
expect("chains", {r["event_id"]: r["story"] for r in got},
       {i: " > ".join(s["stage"] + " " + s["name"] for s in r["rmm"]["chain"]["stages"]) for i, r in chains.items()})
expect("there are chains", len(chains) > 0, True)

got = rows(asked.pop("alerts_by_day"), **month)
expect("alerts_by_day", sum(int(r["alerts"]) for r in got), len(last))


def name_of(record):
    return (field(record, "dns", "question", "name") or field(record, "tls", "client", "server_name")
            or field(record, "destination", "domain"))


names = collections.defaultdict(lambda: collections.defaultdict(set))
for record in facts.values():
    if record["event"]["action"] in ("dns-query", "tls-client-hello", "quic-client-hello", "http-request") and name_of(record):
        names[name_of(record)][record["rmm"]["host"]].add(record["event"]["id"])
got = rows(asked.pop("new_names"), **month)
expect("new_names", {r["name"]: (int(r["hosts"]), int(r["observations"])) for r in got},
       {n: (len(hosts), len(set().union(*hosts.values()))) for n, hosts in names.items()})
some = sorted(names)[len(names) // 2]
above = some.split(".", 1)[1]
got = rows(asked["who_asked"], name=above.upper())
expect("who_asked", {(r["name"], r["host"]) for r in got},
       {(n, h) for n, hosts in names.items() for h in hosts if n == above or n.endswith("." + above)})
expect("who_asked for nothing", rows(asked.pop("who_asked"), name="no.such.example"), [])

victim = next(iter(chains.values()))["rmm"]["host"]
got = rows(asked.pop("host"), host=victim)
expect("host", len(got), sum(1 for r in last.values() if r["rmm"]["host"] == victim or victim in r["related"]["ip"]))

expect("allowed_and_unused", rows(asked["allowed_and_unused"], **month), [])
rules = {r["rmm"]["policy"]["rule"] for r in usages.values() if r["rmm"]["authorised"]}
got = rows(asked.pop("allowed_and_unused"), days=0)
expect("allowed_and_unused of today", {r["policy_rule"] for r in got}, rules)

got = rows(asked.pop("sensors"), **month)
expect("sensors", {r["sensor"] for r in got}, {field(r, "observer", "name") or "" for r in of["health"] + of["summary"]})
expect("every query was asked", list(asked), [])

# What is old goes: an alert and an observation of two years ago, seen off by the next merge.
old = re.sub(r'("@timestamp":")(\d{4})', lambda found: found.group(1) + str(int(found.group(2)) - 2),
             json.dumps(next(iter(unique["alert"])), separators=(",", ":")) + "\n"
             + json.dumps(next(iter(facts.values())), separators=(",", ":")) + "\n")
before = count("alerts"), count("observations")
insert(old)
for table in ("alerts", "observations"):
    store.query(f"OPTIMIZE TABLE rmmwatch.{table} FINAL")
expect("retention", (count("alerts"), count("observations")), before)

# What is no record of ours is let in nowhere, and what is odd breaks nothing. The odd line has no
# time, so it is older than what is kept: no merge may take it away before it is counted.
for table in ("alerts", "observations"):
    store.query(f"SYSTEM STOP MERGES rmmwatch.{table}")
insert('{"event":{"dataset":"other"}}\n{}\n{"event":{"dataset":"rmmwatch.alert","severity":"x"},"rmm":7}\n')
expect("odd lines", count("alerts"), before[0] + 1)
print(f"checked {checked} wrong {wrong}")
