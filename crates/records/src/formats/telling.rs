//! What formats of one line say in words: a record's class, its title, its sentence, its signs.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use super::Native;
use super::facts::{self, signs, stages};

/// What the record is an event of, the same for all of its kind: an alert's `rule.id`, an
/// observation's `event.action`, else a word of ours. `None` for a record of a kind that is unknown
/// here.
pub(super) fn class<'r>(record: &'r Native<'_>) -> Option<&'r str> {
    match record.dataset() {
        "alert" => Some(record.text(&["rule", "id"]).unwrap_or("rmm.alert")),
        "observation" => Some(record.text(&["event", "action"]).unwrap_or("rmm.observation")),
        "inventory" => Some("rmm.inventory"),
        "health" => Some("rmm.health"),
        "summary" => Some("rmm.summary"),
        "header" => Some("rmm.header"),
        _ => None,
    }
}

/// The class for people; it names no host.
pub(super) fn title<'r>(record: &'r Native<'_>) -> Cow<'r, str> {
    match record.dataset() {
        "alert" => Cow::Borrowed(record.text(&["rule", "name"]).unwrap_or("Alert")),
        "observation" => {
            let action = record.text(&["event", "action"]).unwrap_or("observation");
            Cow::Owned(format!("Seen: {}", action.replace('-', " ")))
        }
        "inventory" => Cow::Borrowed("Use of a remote-access tool"),
        "health" => Cow::Borrowed("Health of the sensor"),
        "header" => Cow::Borrowed("Beginning of a file"),
        _ => Cow::Borrowed("End of a run"),
    }
}

/// The kind within the class: what was detected, what was seen.
pub(super) fn category<'r>(record: &'r Native<'_>) -> &'r str {
    match record.dataset() {
        "alert" => record.text(&["rmm", "detection"]).unwrap_or("alert"),
        "observation" => record.text(&["network", "protocol"]).unwrap_or("flow"),
        dataset => dataset,
    }
}

/// One or two sentences about this very record.
pub(super) fn sentence(record: &Native<'_>) -> String {
    match record.dataset() {
        "alert" => alert(record),
        "observation" => observation(record),
        "inventory" => inventory(record),
        "header" => format!("{} begins", record.text(&["file", "name"]).unwrap_or("a file")),
        _ => health(record),
    }
}

fn alert(record: &Native<'_>) -> String {
    let reason = record.text(&["event", "reason"]);
    reason.or(record.text(&["message"])).unwrap_or("an alert without words").to_owned()
}

fn observation(record: &Native<'_>) -> String {
    let mut text = title(record).into_owned();
    let end = |side| record.text(&[side, "ip"]);
    if let (Some(source), Some(destination)) = (end("source"), end("destination")) {
        let port = record.number(&["destination", "port"]).unwrap_or(0);
        let _ = match destination.contains(':') {
            true => write!(text, ": {source} to [{destination}]:{port}"),
            false => write!(text, ": {source} to {destination}:{port}"),
        };
    }
    if let Some(subject) = subject(record) {
        let _ = write!(text, ", {subject}");
    }
    text
}

/// What an observation is about: the name that was asked for, the address of a page.
fn subject<'r>(record: &'r Native<'_>) -> Option<&'r str> {
    let places: [&[&str]; 5] = [
        &["dns", "question", "name"],
        &["file", "name"],
        &["url", "full"],
        &["tls", "client", "server_name"],
        &["destination", "domain"],
    ];
    places.into_iter().find_map(|path| record.text(path))
}

fn inventory(record: &Native<'_>) -> String {
    let host = facts::host(record).unwrap_or("a host");
    let name = record.text(&["rmm", "inventory", "name"]).or(record.text(&["rmm", "tool"]));
    let whether = if authorised(record) == Some(true) { "as allowed" } else { "unauthorised" };
    format!("{host} uses {}, {whether}", name.unwrap_or("a tool"))
}

fn health(record: &Native<'_>) -> String {
    let count = |path: &[&str]| record.number(path).unwrap_or(0);
    format!(
        "{} packets, {} lost by the kernel, {} alerts",
        count(&["network", "packets"]),
        count(&["rmm", "health", "kernel", "dropped"]),
        count(&["rmm", "health", "alerts", "total"]),
    )
}

/// Whether a policy allows it.
pub(super) fn authorised(record: &Native<'_>) -> Option<bool> {
    record.get(&["rmm", "authorised"]).and_then(Value::as_bool)
}

/// An incident's stages, or else the signs: what was seen, where, and by which list.
pub(super) fn evidence(record: &Native<'_>) -> String {
    let mut text = String::new();
    let mut add = |parts: std::fmt::Arguments<'_>| {
        if !text.is_empty() {
            text.push_str("; ");
        }
        let _ = text.write_fmt(parts);
    };
    if facts::is_incident(record) {
        stages(record).for_each(|stage| add(format_args!("{stage}")));
    } else {
        for sign in signs(record) {
            add(format_args!("{} {} ({})", sign.source, sign.value, sign.list));
        }
    }
    text
}

/// The most exact ATT&CK ids of an alert, parted by commas.
pub(super) fn attack(record: &Native<'_>) -> String {
    let ids: Vec<&str> = facts::exact_techniques(record).iter().map(|one| one.id).collect();
    ids.join(",")
}

/// The further hosts of an alert, parted by commas.
pub(super) fn hosts(record: &Native<'_>) -> String {
    facts::hosts(record).join(",")
}

/// Addresses that a name was answered with, parted by commas.
pub(super) fn resolved(record: &Native<'_>) -> String {
    let most = crate::limits::MEMBERS_SHAPED_MAX;
    record.texts(&["dns", "resolved_ip"]).take(most).collect::<Vec<_>>().join(",")
}

/// The product that made the record: vendor, product, version.
pub(super) fn product<'r>(record: &'r Native<'_>) -> [&'r str; 3] {
    [("vendor", "rmmwatch"), ("product", "rmmwatch"), ("version", "0")]
        .map(|(name, default)| record.text(&["observer", name]).unwrap_or(default))
}

/// At most so many octets of a text, whole characters. No part of an escape (`\xNN`, as names have
/// them) stays at the end of what was cut: a backslash there would hide the mark behind it from
/// readers that know half of the escapes.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let Some(short) = text.get(..text.floor_char_boundary(most)) else { return text };
    if short.len() == text.len() {
        return text;
    }
    let whole = match short.rfind('\\') {
        Some(at) if short.len() - at < 4 => at,
        _ => short.len(),
    };
    short.get(..whole).unwrap_or(short)
}
