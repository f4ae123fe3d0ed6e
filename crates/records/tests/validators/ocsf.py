"""OCSF lines from standard input against the published schema of 1.8.0 (ocsf-json-schema)."""
import json
import sys

import jsonschema
from ocsf_json_schema import OcsfJsonSchemaEmbedded
from ocsf_json_schema.loader import get_ocsf_schema

schema = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0"))
validators = {}
wrong = 0
lines = sys.stdin.read().splitlines()
for number, line in enumerate(lines, 1):
    event = json.loads(line)
    profiles = tuple(event["metadata"].get("profiles", []))
    key = (event["class_uid"], profiles)
    if key not in validators:
        name = schema.lookup_class_name_from_uid(event["class_uid"])
        validators[key] = jsonschema.Draft202012Validator(
            schema.get_class_schema(name, list(profiles)),
            format_checker=jsonschema.FormatChecker(),
        )
    for error in validators[key].iter_errors(event):
        wrong += 1
        print(f"{number}: {list(error.absolute_path)}: {error.message[:300]}")
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        wrong += 1
        print(f"{number}: type_uid {event['type_uid']}")
print(f"checked {len(lines)} wrong {wrong}")
