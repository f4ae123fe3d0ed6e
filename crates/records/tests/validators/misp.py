"""MISP events from standard input: loaded by pymisp, objects built anew from their templates in
strict mode, types and categories as MISP describes them."""
import json
import os
import sys

import pymisp

described = json.load(open(os.path.join(pymisp.__path__[0], "data", "describeTypes.json")))
categories = described["result"]["category_type_mappings"]
wrong = 0
lines = sys.stdin.read().splitlines()


def say(number, what):
    global wrong
    wrong += 1
    print(f"{number}: {what}")


for number, line in enumerate(lines, 1):
    event = pymisp.MISPEvent(strict_validation=True)
    try:
        event.load(json.loads(line))
    except Exception as why:
        say(number, repr(why)[:400])
        continue
    attributes = list(event.attributes) + [a for thing in event.objects for a in thing.attributes]
    ids = [event.uuid] + [a.uuid for a in attributes] + [thing.uuid for thing in event.objects]
    if len(ids) != len(set(ids)):
        say(number, "a UUID stands twice")
    for attribute in attributes:
        if attribute.type not in categories.get(attribute.category, []):
            say(number, f"{attribute.type} is no type of {attribute.category}")
    for thing in event.objects:
        again = pymisp.MISPObject(thing.name, strict=True)
        ours = (thing.template_uuid, str(thing.template_version))
        theirs = (again.template_uuid, str(again.template_version))
        if ours != theirs:
            say(number, f"{thing.name}: template {ours}, not {theirs}")
        for attribute in thing.attributes:
            try:
                made = again.add_attribute(attribute.object_relation, value=attribute.value)
            except Exception as why:
                say(number, repr(why)[:400])
                continue
            if made is None or (made.type, made.category) != (attribute.type, attribute.category):
                say(number, f"{attribute.object_relation}: {attribute.type} {attribute.category}")
        again.to_json()
print(f"checked {len(lines)} wrong {wrong}")
