//! The fuzz body of this crate: whatever text an entry holds, no format lets it act.

use std::sync::Arc;

use model::{AlertId, ChainStage, Detection, Identity, Severity, Timestamp, ToolId, Usage};

use crate::{Alarm, Audit, Entry, Format, Question, Stage, Style};

/// A report whose every foreign text is `octets`, in every format.
///
/// # Panics
/// When a text got out of its place: an element of its own in HTML, a row of its own in CSV, a
/// control character on the terminal, or JSON that cannot be read.
pub fn fuzz_report(octets: &[u8]) {
    let text: Arc<str> = String::from_utf8_lossy(octets).into();
    let number = octets.iter().fold(7u64, |sum, octet| sum.wrapping_mul(31) ^ u64::from(*octet));
    let report = |text: &Arc<str>| {
        let mut audit = Audit::new(Question::default());
        audit.refused(text, text);
        audit.take(Entry::Usage(Box::new(usage(text, number))));
        audit.take(Entry::Alarm(Box::new(alarm(text, number))));
        audit.finish()
    };
    let (hostile, tame) = (report(&text), report(&"x".into()));
    for format in Format::ALL {
        let print = |report: &crate::Report| {
            let mut out = Vec::new();
            let style = Style { width: Some(100), colour: false };
            assert!(report.write(format, style, &mut out).is_ok(), "memory does not fail");
            String::from_utf8(out).unwrap_or_default()
        };
        let (hostile, tame) = (print(&hostile), print(&tame));
        let count = |text: &str, c: char| text.matches(c).count();
        match format {
            // Columns of dashes are left out, and a text may be a dash: rows stay.
            Format::Html => {
                assert_eq!(
                    count(&hostile, '<') - cells(&hostile),
                    count(&tame, '<') - cells(&tame)
                );
            }
            Format::Csv => assert_eq!(count(&hostile, '\n'), count(&tame, '\n')),
            Format::Json => {
                assert!(serde_json::from_str::<serde_json::Value>(&hostile).is_ok());
            }
            Format::Text | Format::Markdown => {
                assert!(!hostile.chars().any(|c| c.is_control() && c != '\n'));
            }
        }
    }
}

/// Opening marks that belong to cells and their isolation.
fn cells(page: &str) -> usize {
    ["<td", "</td", "<th ", "</th>", "<bdi", "</bdi"]
        .iter()
        .map(|tag| page.matches(tag).count())
        .sum()
}

fn usage(text: &Arc<str>, number: u64) -> Usage {
    Usage {
        host: std::net::Ipv4Addr::from(number as u32).into(),
        zone: Some(Arc::clone(text)),
        identity: Identity { mac: None, name: Some(Arc::clone(text)) },
        tool: (tool(), Arc::clone(text)),
        operator: Some(Arc::clone(text)),
        inbound: false,
        authorised: false,
        rule: Arc::clone(text),
        first: Timestamp::from_nanos(number),
        last: Timestamp::from_nanos(number.saturating_mul(3)),
        signs: number,
        sessions: number,
        bytes_sent: number,
        bytes_received: number,
        new: Some(true),
    }
}

fn alarm(text: &Arc<str>, number: u64) -> Alarm {
    let usage = usage(text, number);
    let stage = |at| Stage {
        stage: ChainStage::Relay,
        at: Timestamp::from_nanos(at),
        event: AlertId(1),
        name: Arc::clone(text),
        host: usage.host,
        why: Arc::clone(text),
    };
    Alarm {
        id: AlertId(2),
        at: usage.last,
        detection: Detection::Campaign,
        rule_id: Arc::clone(text),
        rule_name: Arc::clone(text),
        severity: Severity::new(95),
        confidence_pct: 90,
        reason: Arc::clone(text),
        host: usage.host,
        hosts: vec![usage.host],
        tool: Some(usage.tool.clone()),
        operator: usage.operator.clone(),
        zone: usage.zone.clone(),
        authorised: false,
        policy_rule: Arc::clone(text),
        count: number,
        more: number,
        start: usage.first,
        end: usage.last,
        stages: vec![stage(number), stage(number.saturating_add(1_000_000_000))],
        identity: usage.identity,
    }
}

fn tool() -> ToolId {
    ToolId::parse("tool").expect("the id is right")
}
