//! What several formats ask of a native record: its story's times, its hosts, its signs, its words.

use std::fmt;

use model::Timestamp;
use serde_json::Value;

use super::Native;
use crate::limits::MEMBERS_SHAPED_MAX;
use crate::stamp;

/// The word of an `event.severity`; docs/records.md has the borders.
pub(super) fn severity(record: &Native<'_>) -> &'static str {
    match record.number(&["event", "severity"]).unwrap_or(0) {
        0..20 => "informational",
        20..40 => "low",
        40..70 => "medium",
        70..90 => "high",
        _ => "critical",
    }
}

/// `rmm.confidence` in hundredths, 0 to 100.
pub(super) fn confidence_pct(record: &Native<'_>) -> Option<u64> {
    let share = record.get(&["rmm", "confidence"]).and_then(Value::as_f64)?;
    // Within 0 to 100, so the cast loses nothing but decimals.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
    Some((share * 100.0).round().clamp(0.0, 100.0) as u64)
}

/// The first and the last moment that the record speaks of, in order; its own where it has none.
pub(super) fn span(record: &Native<'_>) -> (Timestamp, Timestamp) {
    let of = |name| record.text(&["event", name]).and_then(stamp::parse);
    let start = of("start").unwrap_or(record.at());
    (start, of("end").unwrap_or(record.at()).max(start))
}

/// Whether it is an alert that was told before.
pub(super) fn is_update(record: &Native<'_>) -> bool {
    record.get(&["rmm", "update"]).and_then(Value::as_bool) == Some(true)
}

/// Whether it is the alert of an incident, a story of several stages.
pub(super) fn is_incident(record: &Native<'_>) -> bool {
    record.get(&["rmm", "chain"]).is_some_and(Value::is_object)
}

/// The host that the record is about.
pub(super) fn host<'r>(record: &'r Native<'_>) -> Option<&'r str> {
    record.text(&["rmm", "host"])
}

/// The further hosts that an alert is about, each once: those that it names, and those of an
/// incident's stages.
pub(super) fn hosts<'r>(record: &'r Native<'_>) -> Vec<&'r str> {
    let mut all: Vec<&str> = Vec::new();
    let named = record.texts(&["rmm", "hosts"]).take(MEMBERS_SHAPED_MAX);
    for next in named.chain(stages(record).map(|stage| stage.host)) {
        let own = next.is_empty() || Some(next) == host(record);
        if !own && all.len() < MEMBERS_SHAPED_MAX && !all.contains(&next) {
            all.push(next);
        }
    }
    all
}

/// The hardware address of the host, its octets parted by `between`; `None` for anything else.
pub(super) fn mac(record: &Native<'_>, between: &str) -> Option<String> {
    let text = record.text(&["rmm", "identity", "mac"])?;
    let octet = |part: &str| part.len() == 2 && part.bytes().all(|one| one.is_ascii_hexdigit());
    // Not more parts than tell that there are too many: it is anyone's text.
    let parts: Vec<&str> = text.split(['-', ':']).take(7).collect();
    (parts.len() == 6 && parts.iter().all(|part| octet(part))).then(|| parts.join(between))
}

/// The sensor that wrote it.
pub(super) fn sensor<'r>(record: &'r Native<'_>) -> Option<&'r str> {
    record.text(&["observer", "name"])
}

/// A port, where it is one.
pub(super) fn port(record: &Native<'_>, path: &[&str]) -> Option<u16> {
    record.number(path).and_then(|number| u16::try_from(number).ok())
}

/// One of `rmm.evidence`.
pub(super) struct Sign<'r> {
    pub(super) source: &'r str,
    pub(super) value: &'r str,
    pub(super) pattern: &'r str,
    pub(super) list: &'r str,
    pub(super) version: &'r str,
    pub(super) role: &'r str,
    /// What the list's entries are, where they are not attackers'; empty otherwise.
    pub(super) kind: &'r str,
    pub(super) expired: bool,
}

impl Sign<'_> {
    /// Whether the entry is of a list of attackers' things, and counted: not what a tool's own
    /// servers or a sweep show, nor what the sensor itself remembers (`memory`: a name that is new
    /// to the site may be anybody's).
    pub(super) fn is_attackers(&self) -> bool {
        let counts = self.kind.is_empty() && self.role.is_empty() && !self.expired;
        counts && !matches!(self.list, "" | "catalogue" | "memory")
    }
}

/// The signs of a record.
pub(super) fn signs<'r>(record: &'r Native<'_>) -> impl Iterator<Item = Sign<'r>> {
    members(record, &["rmm", "evidence"]).map(|row| {
        let text = |name| row.get(name).and_then(Value::as_str).unwrap_or_default();
        Sign {
            source: text("source"),
            value: text("value"),
            pattern: text("pattern"),
            list: text("list"),
            version: text("list_version"),
            role: text("role"),
            kind: text("kind"),
            expired: row.get("expired").and_then(Value::as_bool) == Some(true),
        }
    })
}

/// One of `rmm.chain.stages`.
pub(super) struct Stage<'r> {
    pub(super) word: &'r str,
    pub(super) event_id: &'r str,
    pub(super) name: &'r str,
    pub(super) why: &'r str,
    /// Where it is another than the record's own; empty otherwise.
    pub(super) host: &'r str,
    pub(super) at: Option<Timestamp>,
}

/// `relay: AnyDesk`, with the host behind it where it is another.
impl fmt::Display for Stage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stage { word, name, host, .. } = self;
        write!(f, "{word}: {name}")?;
        if host.is_empty() { Ok(()) } else { write!(f, " ({host})") }
    }
}

/// The stages of an incident.
pub(super) fn stages<'r>(record: &'r Native<'_>) -> impl Iterator<Item = Stage<'r>> {
    members(record, &["rmm", "chain", "stages"]).map(|row| {
        let text = |name| row.get(name).and_then(Value::as_str).unwrap_or_default();
        Stage {
            word: text("stage"),
            event_id: text("event_id"),
            name: text("name"),
            why: text("why"),
            host: text("host"),
            at: stamp::parse(text("at")),
        }
    })
}

fn members<'r>(record: &'r Native<'_>, path: &[&str]) -> impl Iterator<Item = &'r Value> {
    let all = record.get(path).and_then(Value::as_array).into_iter().flatten();
    all.take(MEMBERS_SHAPED_MAX)
}

/// A technique of ATT&CK that an alert points to.
pub(super) struct Technique<'r> {
    /// `T1219`, or `T1219.002`.
    pub(super) id: &'r str,
    pub(super) name: &'r str,
}

/// The techniques of an alert, and its sub-techniques: ids with their names.
pub(super) fn techniques<'r>(record: &'r Native<'_>, sub: bool) -> Vec<Technique<'r>> {
    let path = |name| match sub {
        true => vec!["threat", "technique", "subtechnique", name],
        false => vec!["threat", "technique", name],
    };
    pairs(record, &path("id"), &path("name"))
}

/// The most exact techniques of an alert: a technique that a part of it tells (T1219 by T1219.002)
/// does not stand beside that.
pub(super) fn exact_techniques<'r>(record: &'r Native<'_>) -> Vec<Technique<'r>> {
    let parts = techniques(record, true);
    let mut all = techniques(record, false);
    let whole = |id: &'r str| id.split_once('.').map_or(id, |(whole, _)| whole);
    all.retain(|one| !parts.iter().any(|part| whole(part.id) == one.id));
    all.extend(parts);
    // Ours tell each once; anyone's may not.
    let mut known: Vec<&str> = Vec::new();
    all.retain(|one| {
        let new = !known.contains(&one.id);
        if new {
            known.push(one.id);
        }
        new
    });
    all
}

/// The tactics of an alert: ids with their names.
pub(super) fn tactics<'r>(record: &'r Native<'_>) -> Vec<Technique<'r>> {
    pairs(record, &["threat", "tactic", "id"], &["threat", "tactic", "name"])
}

fn pairs<'r>(record: &'r Native<'_>, ids: &[&str], names: &[&str]) -> Vec<Technique<'r>> {
    let names: Vec<&str> = record.texts(names).take(MEMBERS_SHAPED_MAX).collect();
    let ids = record.texts(ids).take(MEMBERS_SHAPED_MAX).enumerate();
    ids.map(|(place, id)| Technique { id, name: names.get(place).copied().unwrap_or(id) }).collect()
}
