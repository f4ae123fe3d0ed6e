//! A story put into words: the alert, its id, and a sentence that a person can act on.

use std::hash::Hasher;
use std::net::IpAddr;
use std::sync::Arc;

use model::{Alert, AlertId, Detection, Timestamp, ToolId};
use siphasher::sip128::{Hasher128, SipHasher24};

use super::case::Case;
use super::story::{Key, Subject};

/// The id of a story that began at `start`: the same for the same evidence, on any machine.
pub(crate) fn alert_id(key: &Key, start: Timestamp) -> AlertId {
    // The key is fixed: an id must come out the same anywhere. Nobody gains by a collision of 128
    // bits that would merge two stories of their own.
    let mut hasher = SipHasher24::new_with_keys(0x726d_6d77_6174_6368, 0x616c_6572_742d_6964);
    let mut field = |octets: &[u8]| {
        hasher.write(&(octets.len() as u64).to_le_bytes());
        hasher.write(octets);
    };
    match key.host {
        IpAddr::V4(ip) => field(&ip.octets()),
        IpAddr::V6(ip) => field(&ip.octets()),
    }
    match &key.subject {
        Subject::Tool { tool, inbound, operator } => {
            field(if *inbound { b"inbound" } else { b"tool" });
            field(tool.as_str().as_bytes());
            match operator {
                Some(operator) => field(operator.as_bytes()),
                None => field(&[]),
            }
        }
        Subject::Indicator { list, pattern } => {
            field(b"indicator");
            field(list.as_bytes());
            field(pattern.as_bytes());
        }
    }
    field(&start.nanos().to_le_bytes());
    AlertId(hasher.finish128().as_u128())
}

/// The alert that tells a story as it stands.
pub(crate) fn tell(case: &Case, operator: Option<&Arc<str>>, at: Timestamp) -> Alert {
    let detection = case.finding.weight.detection;
    Alert {
        id: case.id,
        at,
        update: case.was_told(),
        rule_id: rule_id(
            detection,
            case.tool.as_ref().map(|(tool, _)| tool),
            case.list.as_ref().map_or("", |(list, _)| list),
        ),
        rule_name: fill(case.finding.words.title, case, operator).into(),
        detection,
        severity: case.finding.severity,
        confidence_pct: case.confidence_pct(),
        reason: reason(case, operator),
        techniques: case.techniques.clone(),
        flow: case.spot.flow,
        ingress: case.spot.ingress.clone(),
        protocol: case.spot.protocol,
        server_name: case.spot.server_name.clone(),
        host: case.host,
        direction: case.spot.direction,
        tool: case.tool.clone(),
        operator: operator.cloned(),
        policy: case.spot.policy.clone(),
        lure: None,
        evidence: case.evidence.clone(),
        count: case.count,
        start: case.start,
        end: case.end,
    }
}

/// `rmm.relay.<tool>`, `rmm.indicator.<list>`: the kind of detection, and the tool or list.
pub(crate) fn rule_id(detection: Detection, tool: Option<&ToolId>, list: &str) -> Arc<str> {
    let word = detection.word();
    match tool {
        Some(tool) => format!("rmm.{word}.{tool}").into(),
        None => format!("rmm.{word}.{}", plain(list)).into(),
    }
}

/// A list's id as it stands in a rule's id: lower case, digits, hyphens. A user's list may be
/// called after its file.
fn plain(list: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    list.chars().map(letter).collect::<String>().trim_matches('-').to_owned()
}

fn reason(case: &Case, operator: Option<&Arc<str>>) -> String {
    let words = case.finding.words;
    let deed = if case.spot.reached { words.reached } else { words.asked };
    let mut text = match &case.spot.policy.zone {
        // The host's zone once, where it is named first.
        Some(zone) => deed.replacen("{host}", &format!("{{host}} (zone {zone})"), 1),
        None => deed.to_owned(),
    };
    text = fill(&text, case, operator);
    if let Some((list, description)) = &case.list {
        text.push_str(&format!(", which the list {list} reports"));
        if !description.is_empty() {
            text.push_str(&format!(" ({})", description.trim_end_matches('.')));
        }
    }
    // The operator is worth a word where the target does not name it.
    if let Some(operator) = operator.filter(|name| !case.spot.target.contains(&***name)) {
        text.push_str(&format!(", run by {operator}"));
    }
    if !case.spot.why.is_empty() {
        text.push_str(&format!(", and {}", case.spot.why));
    }
    format!("{text}; {}.", fill(words.advice, case, operator))
}

fn fill(text: &str, case: &Case, operator: Option<&Arc<str>>) -> String {
    let tool = case.tool.as_ref().map_or("", |(_, name)| name);
    let list = case.list.as_ref().map_or("", |(list, _)| list);
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    // One pass: what is filled in comes from the wire, and is not looked through again.
    while let Some((before, after)) = rest.split_once('{') {
        let Some((word, tail)) = after.split_once('}') else { break };
        filled.push_str(before);
        match word {
            "host" => filled.push_str(&case.host.to_string()),
            "peer" => filled.push_str(&case.spot.flow.client.ip.to_string()),
            "tool" => filled.push_str(tool),
            "target" => filled.push_str(&case.spot.target),
            "list" => filled.push_str(list),
            "operator" => filled.push_str(operator.map_or("nobody known", |name| name)),
            _ => {}
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}
