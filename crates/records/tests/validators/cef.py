"""Lines of CEF from standard input: read by pycef, each field then set in cefevent's strict event,
which holds keys, lengths and types to the standard's dictionary."""
import re
import sys

import pycef
from cefevent.event import CEFEvent

HEADER = {
    "DeviceVendor": "deviceVendor",
    "DeviceProduct": "deviceProduct",
    "DeviceVersion": "deviceVersion",
    "DeviceEventClassID": "signatureId",
    "DeviceName": "name",
    "DeviceSeverity": "severity",
}
CUSTOM = re.compile(r"(?:^| )((?:cs|cn|c6a|flexString)\d)Label=(\S+(?: IPv6 Address)?)")
# A field of the standard that cefevent's older dictionary lacks: 0 to 3.
TYPE = ("type", "0123")
wrong = 0
lines = sys.stdin.read().split("\n")
for number, line in enumerate(lines, 1):
    try:
        fields = pycef.parse(line)
        # pycef names a custom field by its label.
        keys = {label: key for key, label in CUSTOM.findall(line)}
        event = CEFEvent(strict=True)
        for name, value in fields.items():
            if name in ("CEFVersion", "Name", "Severity"):
                continue
            key = HEADER.get(name) or keys.get(name) or name
            if key == TYPE[0] and value in TYPE[1]:
                continue
            value = re.sub(r"\\([=\\])", r"\1", value)
            about = event._extension_dictionary.get(key)
            if about and "String" not in about["data_type"] and value.isdigit():
                value = int(value)
            # By its short name, it takes a zero for a mistake.
            event.set_field(about["full_name"] if about else key, value)
    except Exception as why:
        wrong += 1
        print(f"{number}: {why!r}"[:400])
print(f"checked {len(lines)} wrong {wrong}")
