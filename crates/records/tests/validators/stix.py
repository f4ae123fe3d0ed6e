"""STIX bundles from standard input: parsed strictly by stix2, every reference inside the bundle,
and every observable's id the one that stix2 derives from its properties."""
import json
import sys

import stix2

wrong = 0
lines = sys.stdin.read().splitlines()


def say(number, what):
    global wrong
    wrong += 1
    print(f"{number}: {what}")


for number, line in enumerate(lines, 1):
    try:
        bundle = stix2.parse(line, allow_custom=False)
    except Exception as why:
        say(number, repr(why)[:400])
        continue
    present = [thing.id for thing in bundle.objects]
    if len(present) != len(set(present)):
        say(number, "an id stands twice")
    for thing in bundle.objects:
        fields = json.loads(thing.serialize())
        for name, value in fields.items():
            refs = [value] if name.endswith("_ref") else value if name.endswith("_refs") else []
            for ref in refs:
                if ref not in present:
                    say(number, f"{thing.id}: {name} {ref} is not in the bundle")
        if getattr(thing, "_id_contributing_properties", None):
            fields.pop("id")
            again = stix2.parse(fields, version="2.1").id
            if again != thing.id:
                say(number, f"{thing.id} is {again} for stix2")
    if not any(thing.type == "sighting" for thing in bundle.objects):
        say(number, "no sighting")
print(f"checked {len(lines)} wrong {wrong}")
