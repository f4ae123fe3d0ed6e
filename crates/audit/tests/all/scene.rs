//! Small worlds of records: an office with one incident, a hostile one, and a crowd.

use std::net::IpAddr;
use std::sync::Arc;

use audit::{
    Alarm, Audit, Count, Entry, Fared, Format, InputRead, Lines, Question, Report, Rule, RuleCount,
    Stage, Style,
};
use model::{AlertId, ChainStage, Detection, Identity, Mac, Severity, Timestamp, ToolId, Usage};

/// 2026-11-20T08:00:00Z.
const START: u64 = 1_795_161_600;

/// A moment, in seconds after the first.
pub(crate) fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(START + secs, 250_000_000)
}

/// A row of one session.
pub(crate) fn usage(host: &str, tool: &str, rule: &str, first: u64, last: u64) -> Usage {
    let id = tool.to_lowercase().replace(' ', "-");
    Usage {
        host: host.parse().expect("an address"),
        zone: None,
        identity: Identity::default(),
        tool: (ToolId::parse(&id).expect("an id"), tool.into()),
        operator: None,
        inbound: false,
        authorised: rule.starts_with("allow"),
        rule: rule.into(),
        first: at(first),
        last: at(last),
        signs: 3,
        sessions: 1,
        bytes_sent: 1_500,
        bytes_received: 48_000,
        new: None,
    }
}

/// An alert without stages.
pub(crate) fn alarm(id: u128, host: &str, severity: u8, reason: &str) -> Alarm {
    Alarm {
        id: AlertId(id),
        at: at(50_000),
        detection: Detection::Relay,
        rule_id: "rmm.relay.acme-remote".into(),
        rule_name: "Remote-access relay contacted: Acme Remote".into(),
        severity: Severity::new(severity),
        confidence_pct: 90,
        reason: reason.into(),
        host: host.parse().expect("an address"),
        identity: Identity::default(),
        hosts: Vec::new(),
        tool: None,
        operator: None,
        zone: None,
        authorised: false,
        policy_rule: "deny-by-default".into(),
        count: 2,
        more: 0,
        start: at(45_480),
        end: at(50_000),
        stages: Vec::new(),
    }
}

/// A stage of the office's incident.
pub(crate) fn stage(stage: ChainStage, secs: u64, event: u128, name: &str, why: &str) -> Stage {
    Stage {
        stage,
        at: at(secs),
        event: AlertId(event),
        name: name.into(),
        host: "10.20.4.17".parse::<IpAddr>().expect("an address"),
        why: why.into(),
    }
}

pub(crate) fn tool(id: &str, name: &str) -> Option<(ToolId, Arc<str>)> {
    Some((ToolId::parse(id).expect("an id"), name.into()))
}

/// An office: a robbery at a till, a help desk that may, an open door, and a developer's tunnel.
pub(crate) fn office(question: Question) -> Audit {
    let mut audit = Audit::new(question);
    audit.input(InputRead { name: "edge.jsonl".into(), kind: "records" });
    audit.lines(Lines { read: 1_204, passed_over: 2, refused: 3, left_out: 0 });
    audit.refused("edge.jsonl:17:1", "this is no JSON: the line ends in the middle of a text");
    let named = |name: &str| Identity { mac: None, name: Some(name.into()) };
    let mut rows = Vec::new();
    rows.push(Usage {
        zone: Some("tills".into()),
        identity: named("till-4"),
        operator: Some("help-desk.example".into()),
        sessions: 2,
        bytes_sent: 48_211_004,
        bytes_received: 1_204_551,
        new: Some(true),
        ..usage("10.20.4.17", "Acme Remote", "deny-by-default", 45_480, 50_100)
    });
    rows.push(Usage {
        zone: Some("tills".into()),
        identity: named("till-4"),
        new: Some(true),
        ..usage("10.20.4.17", "Bright Desk", "deny-by-default", 45_990, 49_000)
    });
    for (host, name, last) in [("10.20.1.5", "help-desk-1", 61_000), ("10.20.1.6", "hd-2", 40_000)]
    {
        rows.push(Usage {
            zone: Some("office".into()),
            identity: named(name),
            operator: Some("acme-msp.example".into()),
            sessions: 14,
            bytes_sent: 9_120_400,
            bytes_received: 88_031_120,
            new: Some(false),
            ..usage(host, "Acme Remote", "allow[0] acme-remote", 1_200, last)
        });
    }
    rows.push(Usage {
        identity: Identity { mac: Some(Mac([0, 0, 0x5E, 0, 0x53, 0x23])), name: None },
        inbound: true,
        ..usage("10.20.9.3", "Window Share", "deny-by-default", 20_000, 20_030)
    });
    rows.push(Usage {
        zone: Some("lab".into()),
        operator: Some("192.0.2.77".into()),
        new: Some(false),
        ..usage("2001:db8:20:4::17", "Tunnel Mole", "deny-by-default", 3_000, 70_000)
    });
    for row in rows {
        audit.take(Entry::Usage(Box::new(row)));
    }
    for alarm in alarms() {
        audit.take(Entry::Alarm(Box::new(alarm)));
    }
    audit.take(Entry::Fared(Box::new(health())));
    audit.policy([
        Rule {
            id: "allow[0] acme-remote".into(),
            owner: Some("Help desk".into()),
            reason: Some("remote support".into()),
            until: None,
        },
        Rule {
            id: "allow[1] far-control".into(),
            owner: Some("Facilities".into()),
            reason: Some("building control, project of 2025".into()),
            until: Some(at(0)),
        },
    ]);
    audit
}

fn alarms() -> Vec<Alarm> {
    let incident = Alarm {
        detection: Detection::Campaign,
        rule_id: "rmm.campaign.chain".into(),
        rule_name: "Several stages of one incident".into(),
        tool: tool("acme-remote", "Acme Remote"),
        operator: Some("help-desk.example".into()),
        zone: Some("tills".into()),
        identity: Identity { mac: None, name: Some("till-4".into()) },
        confidence_pct: 97,
        count: 9,
        start: at(45_010),
        end: at(50_100),
        stages: vec![
            stage(
                ChainStage::Lure,
                45_010,
                2,
                "my-help-care.example",
                "the name speaks like a help desk",
            ),
            stage(
                ChainStage::Download,
                45_062,
                1,
                "setup.exe",
                "an executable came from that name",
            ),
            stage(
                ChainStage::SecondName,
                45_400,
                1,
                "win-refund.example",
                "nobody here asked for it before",
            ),
            stage(
                ChainStage::Relay,
                45_480,
                3,
                "instance-f3k2-relay.help-desk.example",
                "no rule allows this operator",
            ),
            stage(
                ChainStage::SecondTool,
                45_990,
                1,
                "Bright Desk",
                "a second tool within the window",
            ),
            stage(
                ChainStage::Session,
                46_200,
                1,
                "1 h 5 min, 46.0 MiB sent",
                "it lasted, and octets went out",
            ),
        ],
        ..alarm(
            1,
            "10.20.4.17",
            99,
            "10.20.4.17 was led from my-help-care.example to Acme Remote of help-desk.example, \
             which no rule allows; isolate it and ask its user.",
        )
    };
    let absorbed = Alarm {
        tool: tool("acme-remote", "Acme Remote"),
        operator: Some("help-desk.example".into()),
        ..alarm(
            3,
            "10.20.4.17",
            55,
            "10.20.4.17 uses Acme Remote, which no rule allows in the zone tills.",
        )
    };
    let lure = Alarm {
        detection: Detection::Lure,
        rule_id: "rmm.lure.help-desk".into(),
        more: 412,
        ..alarm(
            4,
            "10.20.4.31",
            45,
            "10.20.4.31 asked for support-refund.example, which speaks like a help desk.",
        )
    };
    let inbound = Alarm {
        detection: Detection::Inbound,
        rule_id: "rmm.inbound.window-share".into(),
        tool: tool("window-share", "Window Share"),
        ..alarm(5, "10.20.9.3", 72, "198.51.100.9 reached Window Share on 10.20.9.3 from outside.")
    };
    vec![incident, absorbed, lure, inbound]
}

fn health() -> Fared {
    let counts = [
        (Count::Frames, 8_120_331),
        (Count::Bytes, 6_201_442_118),
        (Count::Offered, 8_121_555),
        (Count::Lost, 1_224),
        (Count::Flows, 91_220),
        (Count::FlowsOneWay, 1_804),
        (Count::Hellos, 40_118),
        (Count::HellosNameless, 1_377),
        (Count::HellosEch, 4_020),
        (Count::DnsClear, 30_411),
        (Count::DnsEncrypted, 2_206),
    ];
    Fared {
        sensor: Some("span-1".into()),
        since: at(0),
        at: at(86_000),
        counts: counts.into(),
        refused: [("not_ip".into(), 9_221), ("truncated".into(), 31), ("malformed".into(), 4)]
            .into(),
        rules: Some(vec![
            RuleCount { rule: "allow[0] acme-remote".into(), uses: 2, last: Some(at(61_000)) },
            RuleCount { rule: "allow[1] far-control".into(), uses: 0, last: None },
        ]),
    }
}

/// Names that want to act: elements, formulas, marks that turn a line around, and sheer length.
pub(crate) const HOSTILE: [&str; 8] = [
    "<script>alert(document.domain)</script>",
    "\"><img src=x onerror=alert(1)>",
    "\u{202e}gpj.exe\u{2066}",
    "=HYPERLINK(\"http://evil.example/\",\"open\")",
    "a|b`c`<!-- x -->&amp;[d](http://evil.example/)",
    "\x1b[2J\x1b[31m\r\nnext,\"row\"",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "שלום.example",
];

/// Every foreign text hostile, and one of 253 octets without a place to break.
pub(crate) fn hostile() -> Audit {
    let mut audit = Audit::new(Question::default());
    let long = format!("{}.example", "x".repeat(245));
    for (n, text) in HOSTILE.iter().copied().chain([long.as_str()]).enumerate() {
        audit.input(InputRead { name: text.into(), kind: "records" });
        audit.refused(text, text);
        let host = format!("10.0.0.{}", n + 1);
        let row = Usage {
            zone: Some(text.into()),
            identity: Identity { mac: None, name: Some(text.into()) },
            tool: (ToolId::parse(&format!("tool-{n}")).expect("an id"), text.into()),
            operator: Some(text.into()),
            rule: text.into(),
            ..usage(&host, "x", "deny-by-default", 0, 600 * n as u64)
        };
        let mut chain = alarm(n as u128, &host, 95, text);
        chain.tool = Some(row.tool.clone());
        chain.operator = row.operator.clone();
        chain.identity = row.identity.clone();
        chain.stages = vec![
            stage(ChainStage::Lure, 0, 99, text, text),
            stage(ChainStage::Relay, 60 * n as u64, 99, text, text),
        ];
        audit.take(Entry::Usage(Box::new(row)));
        audit.take(Entry::Alarm(Box::new(chain)));
        let mut other = alarm(100 + n as u128, &host, 50, text);
        other.rule_id = text.into();
        audit.take(Entry::Alarm(Box::new(other)));
        audit.policy([Rule {
            id: text.into(),
            owner: Some(text.into()),
            reason: Some(text.into()),
            until: None,
        }]);
        audit.take(Entry::Fared(Box::new(Fared {
            sensor: Some(text.into()),
            since: at(1),
            at: at(2),
            ..Fared::default()
        })));
    }
    audit
}

/// Many hosts with some of many tools each.
pub(crate) fn crowd(hosts: u32, tools: u32) -> Audit {
    let mut audit = Audit::new(Question::default());
    for n in 0..hosts {
        for t in 0..=n % 4 {
            let tool = n.wrapping_mul(7).wrapping_add(t * 3) % tools;
            let rule =
                if (n + t).is_multiple_of(5) { "deny-by-default" } else { "allow[3] some-tool" };
            let host = std::net::Ipv4Addr::from(0x0a14_0000 + n).to_string();
            let first = u64::from(n.wrapping_mul(2_654_435_761) % 500_000);
            let last = first + u64::from(n.wrapping_mul(40_503) % 90_000);
            let row = Usage {
                operator: Some(format!("tenant-{}.example", tool).into()),
                zone: Some(format!("zone-{}", n % 7).into()),
                ..usage(&host, &format!("Tool number {tool}"), rule, first, last)
            };
            audit.take(Entry::Usage(Box::new(row)));
        }
    }
    audit
}

/// A report in one format.
pub(crate) fn printed(report: &Report, format: Format, width: Option<usize>) -> String {
    let mut out = Vec::new();
    let style = Style { width, colour: false };
    report.write(format, style, &mut out).expect("memory does not fail");
    String::from_utf8(out).expect("text")
}
