//! A story put into words: the alert, its id, and a sentence that a person can act on.

use std::hash::Hasher;
use std::net::IpAddr;
use std::sync::Arc;

use model::{
    Alert, AlertId, Detection, Identity, ListKind, Lure, LureKind, Match, Meaning, Occasion,
    Timestamp,
};
use siphasher::sip128::{Hasher128, SipHasher24};

use super::case::Case;
use super::story::{Key, Subject};

/// The id of a story that began at `start`: the same for the same evidence, on any machine.
pub(crate) fn alert_id(key: &Key, start: Timestamp) -> AlertId {
    let (four, six);
    let host: &[u8] = match key.host {
        IpAddr::V4(ip) => {
            four = ip.octets();
            &four
        }
        IpAddr::V6(ip) => {
            six = ip.octets();
            &six
        }
    };
    let start = start.nanos().to_le_bytes();
    match &key.subject {
        Subject::Tool { tool, inbound, operator } => {
            let way: &[u8] = if *inbound { b"inbound" } else { b"tool" };
            let operator = operator.as_ref().map_or(&[] as &[u8], |operator| operator.as_bytes());
            id_of(&[host, way, tool.as_str().as_bytes(), operator, &start])
        }
        Subject::Indicator { list, pattern } => {
            id_of(&[host, b"indicator", list.as_bytes(), pattern.as_bytes(), &start])
        }
        Subject::Lure { registrable } => id_of(&[host, b"lure", registrable.as_bytes(), &start]),
    }
}

/// The id that some fields make: the same for the same fields, on any machine.
pub(crate) fn id_of(fields: &[&[u8]]) -> AlertId {
    // The key is fixed: an id must come out the same anywhere. Nobody gains by a collision of 128
    // bits that would merge two stories of their own.
    let mut hasher = SipHasher24::new_with_keys(0x726d_6d77_6174_6368, 0x616c_6572_742d_6964);
    for octets in fields {
        hasher.write(&(octets.len() as u64).to_le_bytes());
        hasher.write(octets);
    }
    AlertId(hasher.finish128().as_u128())
}

/// The alert that tells a story as it stands.
pub(crate) fn tell(
    case: &Case,
    operator: Option<&Arc<str>>,
    occasion: Occasion,
    at: Timestamp,
) -> Alert {
    let detection = case.finding.weight.detection;
    Alert {
        id: case.id,
        at,
        update: case.was_told(),
        severity_before: case.told_severity(),
        occasion,
        rule_id: rule_id(detection, &rule_word(case)),
        rule_name: fill(case.finding.words.title, case, operator).into(),
        detection,
        severity: case.severity(),
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
        lure: pretence(case),
        chain: None,
        identity: Identity::default(),
        hosts: Vec::new(),
        more: 0,
        evidence: case.evidence.clone(),
        count: case.count,
        start: case.start,
        end: case.end,
    }
}

/// `rmm.relay.<tool>`, `rmm.indicator.<list>`, `rmm.lure.imitation`: the kind of detection, and
/// the tool, the list or the kind of lie.
pub(crate) fn rule_id(detection: Detection, word: &str) -> Arc<str> {
    format!("rmm.{}.{word}", detection.word()).into()
}

/// The last word of a rule's id for a sign that tells a story.
pub(crate) fn rule_word_of(sign: &Match) -> String {
    match &sign.meaning {
        Meaning::Tool { tool, .. } => tool.to_string(),
        Meaning::Indicator { .. } => plain(&sign.list),
        Meaning::Lure(lure) => lie(lure).to_owned(),
    }
}

fn rule_word(case: &Case) -> String {
    match (&case.tool, &case.list, &case.lure) {
        (Some((tool, _)), ..) => tool.to_string(),
        (None, Some((list, _)), _) => plain(list),
        (None, None, Some(lure)) => lie(lure).to_owned(),
        (None, None, None) => String::new(),
    }
}

/// A kind of lie as it stands in a rule's id.
const fn lie(lure: &Lure) -> &'static str {
    match lure.kind {
        LureKind::Imitation => "imitation",
        LureKind::Lure => "helpdesk",
    }
}

/// What the worst name of the story pretends; in a story about it with how its severity came about.
fn pretence(case: &Case) -> Option<Arc<Lure>> {
    let (lure, Some(held)) = (case.lure.as_ref()?, &case.circumstances) else {
        return case.lure.clone();
    };
    let mut told = Lure::clone(lure);
    told.steps.extend(held.steps(case.finding.weight, case.finding.severity));
    Some(Arc::new(told))
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
    match (&case.circumstances, &case.lure) {
        (Some(held), _) => held.clauses().for_each(|clause| {
            text.push_str(", and ");
            text.push_str(clause);
        }),
        (None, Some(lure)) => {
            let of = if case.list.is_some() { "and which" } else { "under a name that" };
            text.push_str(&format!(", {of} {}", what_it_does(lure)));
        }
        (None, None) => {}
    }
    // The operator is worth a word where the target does not name it.
    if let Some(operator) = operator.filter(|name| !case.spot.target.contains(&***name)) {
        text.push_str(&format!(", run by {operator}"));
    }
    if !case.spot.why.is_empty() {
        text.push_str(&format!(", and {}", case.spot.why));
    }
    if case.tool.is_some() {
        case.made.clauses().for_each(|clause| text.push_str(&format!(", and {clause}")));
    }
    text.push_str(&listed_beside(case));
    format!("{text}; {}.", fill(words.advice, case, operator))
}

/// `imitates Acme Pay (homoglyph)`, for people.
fn what_it_does(lure: &Lure) -> String {
    match lure.kind {
        LureKind::Imitation => format!("imitates {} ({})", brand(Some(lure)), method(Some(lure))),
        LureKind::Lure => format!("speaks like a help desk ({})", method(Some(lure))),
    }
}

fn brand(lure: Option<&Lure>) -> &str {
    let brand = lure.and_then(|lure| lure.brand.as_ref());
    brand.map_or("a known name", |(_, name)| &**name)
}

fn method(lure: Option<&Lure>) -> String {
    match lure {
        Some(Lure { method, distance: 0, .. }) => (*method).to_owned(),
        Some(Lure { method, distance: 1, .. }) => format!("{method}, 1 edit"),
        Some(Lure { method, distance, .. }) => format!("{method}, {distance} edits"),
        None => String::new(),
    }
}

/// Which list says something of it too, where the story is about something else.
fn listed_beside(case: &Case) -> String {
    let own = case.list.as_ref().map(|(list, _)| list);
    let beside = case.evidence.iter().find(|sign| {
        // Youth has a clause of its own where it counts.
        let told = sign.kind.is_some_and(|kind| kind != ListKind::Young);
        told && Some(&sign.list) != own
    });
    match beside {
        Some(sign) if sign.expired => {
            format!(", and the list {} reported it once (expired)", sign.list)
        }
        Some(sign) => match sign.kind {
            Some(ListKind::Vendor) => format!(", and the list {} has it as a vendor's", sign.list),
            _ => format!(", and the list {} reports it", sign.list),
        },
        None => String::new(),
    }
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
            "brand" => filled.push_str(brand(case.lure.as_deref())),
            "method" => filled.push_str(&method(case.lure.as_deref())),
            "list" => filled.push_str(list),
            "operator" => filled.push_str(operator.map_or("nobody known", |name| name)),
            _ => {}
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}
