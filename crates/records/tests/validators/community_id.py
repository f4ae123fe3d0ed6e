"""Native records from standard input: their Community IDs as communityid computes them."""
import json
import sys

import communityid

computer = communityid.CommunityID()
wrong = checked = 0
for number, line in enumerate(sys.stdin.read().splitlines(), 1):
    record = json.loads(line)
    source, destination = record["source"], record["destination"]
    make = {
        "tcp": communityid.FlowTuple.make_tcp,
        "udp": communityid.FlowTuple.make_udp,
    }[record["network"]["transport"]]
    flow = make(source["ip"], destination["ip"], source["port"], destination["port"])
    checked += 1
    if computer.calc(flow) != record["network"]["community_id"]:
        wrong += 1
        print(f"{number}: {computer.calc(flow)}, not {record['network']['community_id']}")
print(f"checked {checked} wrong {wrong}")
