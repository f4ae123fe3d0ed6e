"""Syslog messages from standard input, read by syslog-rfc5424-parser."""
import sys

from syslog_rfc5424_parser import SyslogMessage

wrong = 0
lines = sys.stdin.read().split("\n")
for number, line in enumerate(lines, 1):
    try:
        message = SyslogMessage.parse(line).as_dict()
        sent = message["sd"]["rmmwatch@32473"]
        if not (message["appname"] and message["msg"] and sent["eventId"] and sent["dataset"]):
            raise ValueError(str(message))
    except Exception as why:
        wrong += 1
        print(f"{number}: {why!r}"[:400])
print(f"checked {len(lines)} wrong {wrong}")
