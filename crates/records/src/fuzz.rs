//! Bodies for fuzzing: they take any octets and assert what must hold for all of them.

use serde_json::{Value, json};

use crate::limits::{COMPLAINTS_MAX, TEMPLATE_BYTES_MAX};
use crate::read::{Told, read};
use crate::{Format, FormatOptions, Native, Template, shape};

/// Records of any octets are read the same twice, and every line is in one count. The first octets
/// stand before what a record of ours has behind them, so that a body gets past the opening brace.
pub fn records(octets: &[u8]) {
    let told = whole(octets);
    assert_eq!(told, whole(octets));
    let mut prefixed = BEGINNING.as_bytes().to_vec();
    prefixed.extend_from_slice(octets);
    whole(&prefixed);
}

const BEGINNING: &str = "{\"@timestamp\":\"2026-11-21T20:15:42.123456Z\",\"event\":{\"id\":\"000000\
    a1000000000000000000000000\",\"dataset\":\"rmmwatch.inventory\",\"start\":";

fn whole(octets: &[u8]) -> Told {
    let told = match read("records.jsonl", octets) {
        Ok(told) => told,
        Err(error) => panic!("octets in memory never fail: {error}"),
    };
    assert!(told.passed_over + told.refused + told.observations <= told.lines);
    let kept = told.usages.len() + told.alerts.len() + told.health.len();
    // An observation may show several uses.
    assert!(kept as u64 <= told.lines + octets.len() as u64 / 8);
    assert_eq!(told.complaints.len() as u64, told.refused.min(COMPLAINTS_MAX as u64));
    for complaint in &told.complaints {
        assert!(complaint.line >= 1 && complaint.column >= 1 && !complaint.why.is_empty());
        assert!(!complaint.to_string().contains(|c: char| c.is_control()), "{complaint}");
    }
    for usage in &told.usages {
        assert!(usage.signs > 0 || usage.sessions > 0, "{usage:?}");
    }
    for alert in &told.alerts {
        assert!(alert.confidence_pct <= 100, "{alert:?}");
    }
    told
}

/// A template with something of everything, to be mutated.
pub const TEMPLATE_SAMPLE: &str = "{\n \"text\": {{ message }}, \"host\": {{ rmm.host|default('?') }},\n\
    {%- if rmm.tool is defined and rmm.count > 1 %} \"tool\": {{ rmm.tool|upper }},{% endif %}\n\
    \"signs\": [{% for sign in rmm.evidence %}{{ sign.value }}{% if not loop.last %},{% endif %}{% endfor %}],\n\
    {%- set id = id %} \"id\": {{ id }}, \"all\": {{ record|tojson }}, \"n\": {{ 'ab' * 3 }} }";

/// A template of any octets is refused with a place, or makes one line of a record, or says why not,
/// the same twice.
pub fn template(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let line = everywhere("alert", "a \"text\"\nof two lines").to_string();
    let record = Native::parse(line.as_bytes()).ok();
    for file in ["a.txt", "a.json"] {
        let Ok(template) = Template::parse(file, &text) else { continue };
        let made = |record: &Native<'_>| {
            let mut out = Vec::new();
            let done = template.render(record, &mut out).is_ok();
            assert_eq!(done, !out.is_empty(), "{text}");
            assert!(!out.iter().any(|octet| matches!(octet, b'\n' | b'\r')), "{text}");
            assert!(out.len() <= TEMPLATE_BYTES_MAX);
            out
        };
        if let Some(record) = &record {
            assert_eq!(made(record), made(record), "{text}");
        }
    }
}

/// Every format makes of any record one line, the same each time, or nothing. The octets are a
/// record as they are, the fields of one, and the text in every field of one.
pub fn shapes(octets: &[u8]) {
    all_formats(octets);
    let mut fields = BEGINNING_OF_AN_ALERT.as_bytes().to_vec();
    fields.extend_from_slice(octets);
    all_formats(&fields);
    let text = String::from_utf8_lossy(octets);
    let text: &str = text.get(..text.floor_char_boundary(512)).unwrap_or_default();
    for dataset in ["alert", "observation", "inventory", "health", "summary", "header"] {
        all_formats(everywhere(dataset, text).to_string().as_bytes());
    }
}

const BEGINNING_OF_AN_ALERT: &str = "{\"@timestamp\":\"2026-11-21T20:15:42.123456Z\",\"event\":{\
    \"id\":\"0a\",\"kind\":\"alert\",\"dataset\":\"rmmwatch.alert\"},\"rmm\":{\"schema\":1},";

/// A record that has `text` wherever a text may stand.
fn everywhere(dataset: &str, text: &str) -> Value {
    let sign = json!({"source": text, "value": text, "pattern": text, "list": text});
    let stage = json!({"stage": text, "name": text, "why": text, "event_id": text});
    let names = json!({"id": [text, text], "name": [text]});
    json!({
        "@timestamp": "2026-11-21T20:15:42.123456Z",
        "event": {"id": text, "kind": text, "dataset": format!("rmmwatch.{dataset}"), "severity": 50,
            "action": text, "reason": text},
        "message": text,
        "rule": {"id": text, "name": text},
        "threat": {"technique": names, "tactic": names, "software": {"name": text}},
        "observer": {"name": text, "vendor": text, "product": text, "version": text},
        "source": {"ip": text, "port": 1, "domain": text},
        "destination": {"ip": "192.0.2.1", "port": 2, "domain": text},
        "network": {"transport": text, "protocol": text, "community_id": text, "type": text},
        "dns": {"type": text, "question": {"name": text, "type": text}, "resolved_ip": [text],
            "answers": [{"name": text, "type": text, "data": text, "ttl": 1}]},
        "tls": {"client": {"server_name": text, "ja3": text}, "version": text},
        "url": {"full": text, "domain": text, "path": text}, "user_agent": {"original": text},
        "http": {"request": {"method": text}}, "file": {"name": text, "mime_type": text},
        "related": {"ip": [text], "hosts": [text, text]},
        "rmm": {"schema": 1, "host": text, "tool": text, "operator": text, "detection": text,
            "identity": {"mac": text, "name": text}, "policy": {"zone": text, "rule": text},
            "ja4": text, "evidence": [sign, sign], "chain": {"id": text, "stages": [stage]},
            "lure": {"kind": text, "brand": text, "registrable": text}, "occasion": text},
    })
}

fn all_formats(line: &[u8]) {
    let Ok(record) = Native::parse(line) else { return };
    let inner = [Format::Ecs, Format::Cef, Format::Notice, Format::Hec, Format::Syslog];
    let inner = inner.map(|inner| (Format::Syslog, Some(inner)));
    for (format, inner) in Format::ALL.map(|format| (format, None)).into_iter().chain(inner) {
        let options = FormatOptions { index: None, inner };
        let mut out = Vec::new();
        let has_form = shape(format, &record, &options, &mut out);
        assert_eq!(has_form, !out.is_empty(), "{format:?}");
        assert!(!out.iter().any(|octet| matches!(octet, b'\n' | b'\r')), "{format:?}");
        let lines = matches!(format, Format::Cef | Format::Leef | Format::Syslog);
        if has_form && !lines {
            let read: Result<Value, _> = serde_json::from_slice(&out);
            assert!(read.is_ok(), "{format:?}: {read:?}");
        }
        assert!(std::str::from_utf8(&out).is_ok(), "{format:?}");
        let mut again = Vec::new();
        assert_eq!(shape(format, &record, &options, &mut again), has_form);
        assert_eq!(out, again, "{format:?}");
    }
}
