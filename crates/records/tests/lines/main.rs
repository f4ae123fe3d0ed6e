//! Formats of one line against their golden lines, and read back by parsers of their own.

#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a test reads its files, and may fail"
)]

mod parsers;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use records::{Format, FormatOptions, Native, shape};
use serde_json::{Value, json};

use crate::parsers::{Syslog, cef, leef, syslog};

const FORMATS: [Format; 4] = [Format::Cef, Format::Leef, Format::Syslog, Format::Notice];

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Every golden native line, by its name.
fn natives() -> BTreeMap<String, Vec<u8>> {
    let folder = fs::read_dir(tests().join("golden")).expect("the golden folder");
    let files = folder.map(|entry| entry.expect("a file").path());
    let read = files.map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, fs::read(&path).expect("a golden line"))
    });
    read.collect()
}

fn native(name: &str) -> Value {
    let line = natives().remove(name).expect("a golden line");
    serde_json::from_slice(&line).expect("JSON")
}

fn shaped(format: Format, line: &[u8], inner: Option<Format>) -> Option<String> {
    let record = Native::parse(line).expect("a record");
    let mut out = b"before".to_vec();
    let options = FormatOptions { index: None, inner };
    let has_form = shape(format, &record, &options, &mut out);
    let text = String::from_utf8(out).expect("UTF-8");
    let text = text.strip_prefix("before").expect("what was there stays").to_owned();
    assert_eq!(has_form, !text.is_empty(), "{format:?}");
    assert!(!text.contains(['\n', '\r']), "{format:?}: one line: {text}");
    has_form.then_some(text)
}

fn of(format: Format, record: &Value) -> String {
    shaped(format, record.to_string().as_bytes(), None).expect("a form")
}

#[test]
fn every_record_has_its_golden_line() {
    let blessing = std::env::var_os("BLESS").is_some();
    for format in FORMATS {
        let path = tests().join(format!("lines/golden/{}.txt", format.word()));
        let mut lines = String::new();
        for (name, line) in natives() {
            let Some(text) = shaped(format, &line, None) else { continue };
            assert!(text.len() < 4 << 10, "{name}: a line that collectors take whole");
            lines.push_str(&format!("{text}\n"));
        }
        if blessing {
            fs::write(&path, &lines).expect("golden lines are written");
        }
        let want = fs::read_to_string(&path).unwrap_or_default();
        assert!(lines == want, "{}; BLESS=1 rewrites it", path.display());
    }
}

#[test]
fn the_page_shows_golden_lines() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let page = fs::read_to_string(&path).expect("the page");
    let mut shown = String::new();
    let mut rest = page.as_str();
    while let Some((before, after)) = rest.split_once("<!-- golden: ") {
        let (mark, after) = after.split_once(" -->\n```text\n").expect("a block after its mark");
        let (_, after) = after.split_once("\n```\n").expect("the block's end");
        let (word, name) = mark.split_once(' ').expect("a format and a name");
        let format = Format::parse(word).expect("a format");
        let line = of(format, &native(name)).replace('\t', "\u{21e5}");
        shown.push_str(&format!("{before}<!-- golden: {mark} -->\n```text\n{line}\n```\n"));
        rest = after;
    }
    shown.push_str(rest);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &shown).expect("the page is written");
    } else {
        assert!(shown == page, "docs/formats.md is not up to date; BLESS=1 rewrites it");
    }
}

#[test]
fn what_has_a_form_where() {
    let all = "alert header health inventory observation summary";
    let table =
        [(Format::Cef, all), (Format::Leef, all), (Format::Syslog, all), (Format::Notice, "alert")];
    for (format, want) in table {
        let shaped = natives().into_values().filter(|line| shaped(format, line, None).is_some());
        let kinds: BTreeSet<_> = shaped
            .map(|line| Native::parse(&line).expect("a record").dataset().to_owned())
            .collect();
        assert_eq!(kinds.into_iter().collect::<Vec<_>>().join(" "), want, "{format:?}");
    }
    let first = native("alert_relay").to_string();
    let mut header = Vec::new();
    records::header(&Native::parse(first.as_bytes()).expect("it"), "a.cef", &mut header);
    let header = shaped(Format::Cef, &header, None).expect("a form");
    assert_eq!(cef(&header).values["msg"], "a.cef begins");
    assert_eq!(cef(&header).header[3], "rmm.header");

    let mut other = native("alert_relay");
    other["event"]["dataset"] = "rmmwatch.other".into();
    for format in FORMATS {
        assert_eq!(shaped(format, other.to_string().as_bytes(), None), None, "{format:?}");
    }
}

/// Severity of the record, and what each format makes of it.
#[test]
fn severities() {
    let table = [
        (0, "0", "1", 133, "informational"),
        (19, "1", "1", 133, "informational"),
        (20, "2", "2", 133, "low"),
        (40, "4", "4", 132, "medium"),
        (69, "6", "6", 132, "medium"),
        (70, "7", "7", 131, "high"),
        (89, "8", "8", 131, "high"),
        (90, "9", "9", 130, "critical"),
        (100, "10", "10", 130, "critical"),
        (7_000, "10", "10", 130, "critical"),
    ];
    let mut record = native("alert_relay");
    for (severity, in_cef, in_leef, priority, word) in table {
        record["event"]["severity"] = severity.into();
        assert_eq!(cef(&of(Format::Cef, &record)).header[5], in_cef, "{severity}");
        assert_eq!(leef(&of(Format::Leef, &record)).values["sev"], in_leef, "{severity}");
        assert_eq!(syslog(&of(Format::Syslog, &record)).priority, priority, "{severity}");
        let notice: Value = serde_json::from_str(&of(Format::Notice, &record)).expect("JSON");
        assert_eq!(notice["rmm_severity"], word, "{severity}");
    }
}

/// A record's text, and how CEF, LEEF, and syslog's parameters give it back.
#[test]
fn what_a_text_may_hold() {
    let table = [
        ("plain", "plain", "plain", "plain"),
        ("a=b c=d", "a=b c=d", "a=b c=d", "a=b c=d"),
        ("a|b\\c", "a|b\\c", "a|b\\c", "a|b\\c"),
        ("\"]", "\"]", "\"]", "\"]"),
        ("two\nlines\r", "two\nlines", "two lines ", "two lines "),
        ("tab\tby=tab", "tab by=tab", "tab by=tab", "tab by=tab"),
        ("\u{7}\u{85}é\u{2028}", "  é", "  é\u{2028}", "  é\u{2028}"),
        ("trailing\\", "trailing\\", "trailing\\", "trailing\\"),
    ];
    for (text, in_cef, in_leef, in_syslog) in table {
        let mut record = native("alert_relay");
        record["rmm"]["operator"] = text.into();
        let line = cef(&of(Format::Cef, &record));
        assert_eq!(line.values["cs3"], in_cef, "{text:?}");
        assert_eq!(line.values["cs4"], "office-lan", "{text:?} ends where it ends");
        assert_eq!(leef(&of(Format::Leef, &record)).values["rmmOperator"], in_leef, "{text:?}");
        let params = syslog(&of(Format::Syslog, &record)).params;
        assert_eq!(params["operator"], in_syslog, "{text:?}");
        record["rule"]["id"] = text.into();
        record["observer"]["vendor"] = text.into();
        let header = cef(&of(Format::Cef, &record)).header;
        let spaced = |c: char| if c.is_control() { ' ' } else { c };
        let want: String = text.chars().map(spaced).collect();
        assert_eq!((&header[0], &header[3]), (&want, &want), "{text:?}");
        assert_eq!(leef(&of(Format::Leef, &record)).header[1], "rmmwatch", "{text:?}");
    }
}

/// A long name ends before an escape that it has no room for.
#[test]
fn cuts_leave_no_half_of_an_escape() {
    let mut record = native("dns_query");
    for begin in 0..5 {
        let name = format!("{}{}", "x".repeat(begin), r"\xd2".repeat(400));
        record["dns"]["question"]["name"] = name.as_str().into();
        let read = syslog(&of(Format::Syslog, &record)).params.remove("question");
        let read = read.expect("the name");
        assert!(name.starts_with(&read) && read.ends_with(r"\xd2"), "{begin}: {read}");
        assert!(read.len() > 255 - 4, "{begin}: {read}");
    }
}

#[test]
fn a_relay_in_cef() {
    let line = cef(&of(Format::Cef, &native("alert_relay")));
    let rule = "Remote-access relay contacted: AnyDesk";
    let want = ["rmmwatch", "rmmwatch", "0.1.0", "rmm.relay.anydesk", rule, "5"];
    assert_eq!(line.header, want);
    let table = [
        ("rt", "1795292142123"),
        ("externalId", "a3f1c0de5b7e4d210011223344556677"),
        ("dvchost", "span-1"),
        ("cat", "relay"),
        ("act", "alert"),
        ("src", "10.20.4.17"),
        ("spt", "49811"),
        ("dst", "195.181.174.176"),
        ("dpt", "443"),
        ("dhost", "relay-3185a847.net.anydesk.com"),
        ("proto", "TCP"),
        ("app", "tls"),
        ("deviceDirection", "1"),
        ("cs1Label", "rmmTool"),
        ("cs1", "anydesk"),
        ("cs2", "1:/zZUljvZBfbVIh7YL4Y6xwqxOwc="),
        ("cs5", "T1219.002"),
        ("cn3Label", "authorised"),
        ("cn3", "0"),
    ];
    for (key, want) in table {
        assert_eq!(line.values[key], want, "{key}");
    }
    assert!(!line.values.contains_key("type"), "a single event");
}

#[test]
fn addresses_and_hosts() {
    let six = cef(&of(Format::Cef, &native("alert_inbound")));
    assert_eq!(six.values["c6a2"], "2001:db8::7");
    assert_eq!(six.values["c6a3Label"], "Destination IPv6 Address");
    assert!(!six.values.contains_key("src") && !six.values.contains_key("dst"));
    assert_eq!(leef(&of(Format::Leef, &native("alert_inbound"))).values["src"], "2001:db8::7");

    let chain = native("alert_chain");
    let known = cef(&of(Format::Cef, &chain));
    assert_eq!((&*known.values["shost"], &*known.values["smac"]), ("desk-7", "00:00:5E:00:53:23"));
    assert_eq!(known.values["type"], "2");
    let known = leef(&of(Format::Leef, &chain));
    assert_eq!(known.values["identSrc"], "10.20.4.17");
    assert_eq!(known.values["identHostName"], "desk-7");
    assert_eq!(known.values["srcMAC"], "00:00:5E:00:53:23");

    let row = cef(&of(Format::Cef, &native("inventory")));
    assert_eq!((&*row.values["src"], &*row.values["in"]), ("10.20.4.17", "1234567"));
}

/// An alert of several hosts names each of them, wherever it is told.
#[test]
fn further_hosts() {
    let table = [
        ("alert_chain", "10.20.4.18", "session: AnyDesk (10.20.4.18)"),
        ("alert_more", "10.20.4.18,10.20.4.19,fd00::2", ""),
        ("alert_relay", "", ""),
    ];
    for (name, want, stage) in table {
        let record = native(name);
        let notice: Value = serde_json::from_str(&of(Format::Notice, &record)).expect("JSON");
        let named = notice["rmm_hosts"].as_array().into_iter().flatten();
        let named: Vec<_> = named.map(|host| host.as_str().expect("a text")).collect();
        assert_eq!(named.join(","), want, "{name}");
        let line = leef(&of(Format::Leef, &record));
        assert_eq!(line.values.get("rmmHosts").map_or("", |text| text), want, "{name}");
        let line = syslog(&of(Format::Syslog, &record));
        assert_eq!(line.params.get("hosts").map_or("", |text| text), want, "{name}");
        let line = cef(&of(Format::Cef, &record));
        assert!(line.values["cs6"].contains(stage), "{name}: {}", line.values["cs6"]);
        assert_eq!(line.values.get("flexString1").map_or("", |text| text), want, "{name}");
    }
}

/// Moments, and the attributes by which QRadar finds them.
#[test]
fn times_in_leef() {
    let table = [
        ("2026-11-21T20:15:42.123456Z", "1795292142123", None),
        ("1970-01-01T00:00:01.500000Z", "1970-01-01T00:00:01.500+0000", Some(())),
        ("2400-01-01T00:00:00.000000Z", "13569465600000", Some(())),
    ];
    for (at, want, format) in table {
        let mut record = native("alert_relay");
        record["@timestamp"] = at.into();
        let values = leef(&of(Format::Leef, &record)).values;
        let format_given = values.contains_key("devTimeFormat");
        assert_eq!(format_given, format.is_some(), "{at}");
        if at.starts_with("24") {
            assert_eq!(values["devTime"], "2400-01-01T00:00:00.000+0000");
        } else {
            assert_eq!(values["devTime"], want);
        }
    }
}

#[test]
fn a_relay_in_syslog() {
    let read = syslog(&of(Format::Syslog, &native("alert_relay")));
    let Syslog { priority, header, params, message } = read;
    assert_eq!(priority, 132);
    let want = ["2026-11-21T20:15:42.123456Z", "span-1", "rmmwatch", "-", "rmm-relay-contacted"];
    assert_eq!(header, want);
    for (name, want) in [
        ("software", "rmmwatch"),
        ("swVersion", "0.1.0"),
        ("eventId", "a3f1c0de5b7e4d210011223344556677"),
        ("rule", "rmm.relay.anydesk"),
        ("tool", "anydesk"),
        ("authorised", "false"),
        ("dpt", "443"),
        ("severity", "50"),
    ] {
        assert_eq!(params[name], want, "{name}");
    }
    assert!(message.starts_with("Remote-access relay contacted: AnyDesk: 10.20.4.17 uses"));
}

#[test]
fn messages_in_syslog() {
    let mut record = native("alert_relay");
    record["event"]["reason"] = "é".into();
    let message = syslog(&of(Format::Syslog, &record)).message;
    assert!(message.starts_with('\u{feff}') && message.ends_with('é'), "marked as UTF-8");

    let line = natives().remove("alert_relay").expect("it");
    let within = |inner| shaped(Format::Syslog, &line, Some(inner));
    let json = syslog(&within(Format::Ecs).expect("a form"));
    assert_eq!(json.params["tool"], "anydesk");
    let body: Value = serde_json::from_str(&json.message).expect("JSON without a mark");
    assert_eq!(body["rule"]["id"], "rmm.relay.anydesk");
    for (inner, begins) in [(Format::Cef, "CEF:0|"), (Format::Leef, "LEEF:2.0|")] {
        let message = syslog(&within(inner).expect("a form"));
        assert!(message.params.is_empty() && message.message.starts_with(begins), "{inner:?}");
    }
    for inner in [Format::Syslog, Format::Hec, Format::Loki] {
        assert_eq!(within(inner), None, "no envelope in an envelope");
    }
    let health = natives().remove("health_live").expect("it");
    assert_eq!(shaped(Format::Syslog, &health, Some(Format::Notice)), None);
}

#[test]
fn notices() {
    let table = [
        ("alert_relay", "RMM::Unauthorised_Relay"),
        ("alert_lure", "RMM::Lure"),
        ("alert_chain", "RMM::Campaign"),
        ("alert_inbound", "RMM::Unauthorised_Inbound"),
        ("alert_indicator", "RMM::Indicator"),
    ];
    for (name, want) in table {
        let text = of(Format::Notice, &native(name));
        let notice: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(notice["note"], want, "{name}");
        assert_eq!(notice["actions"], json!(["Notice::ACTION_LOG"]));
    }
    let text = of(Format::Notice, &native("alert_relay"));
    assert!(text.starts_with("{\"ts\":1795292142.123456,\"id.orig_h\":\"10.20.4.17\","), "{text}");
    let mut odd = native("alert_relay");
    odd["rmm"]["detection"] = "::x\" {}\n".into();
    odd["source"]["port"] = 70_000.into();
    odd["destination"]["ip"] = "a name".into();
    let notice: Value = serde_json::from_str(&of(Format::Notice, &odd)).expect("JSON");
    assert_eq!(notice["note"], "RMM::Unauthorised_X");
    assert!(notice.get("id.orig_h").is_none(), "a connection is whole or not there");
    assert_eq!(notice["src"], "10.20.4.17");
    assert!(notice.get("dst").is_none(), "no address");
}

/// Each field of each record replaced by something odd: still a line that can be read back.
#[test]
fn odd_fields_make_lines_all_the_same() {
    let long = "\u{1f}=|]\\\"\u{e9}".repeat(700);
    let odd = [json!([{"a": -1}]), json!(1e300), json!(long)];
    for (name, line) in natives() {
        let record: Value = serde_json::from_slice(&line).expect("JSON");
        let mut places = Vec::new();
        pointers(&record, "", &mut places);
        for (place, value) in places.iter().flat_map(|p| odd.iter().map(move |v| (p, v))) {
            let mut record = record.clone();
            *record.pointer_mut(place).expect("a place") = value.clone();
            let line = record.to_string();
            if Native::parse(line.as_bytes()).is_err() {
                continue;
            }
            let lines = FORMATS.map(|format| shaped(format, line.as_bytes(), None));
            for text in lines.iter().flatten() {
                assert!(text.len() < 32 << 10, "{name}{place}: {}", text.len());
            }
            if let [Some(in_cef), Some(in_leef), Some(in_syslog), _] = &lines {
                cef(in_cef);
                leef(in_leef);
                syslog(in_syslog);
            }
        }
    }
}

fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    if let Value::Object(fields) = value {
        for (name, value) in fields {
            let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            all.push(at.clone());
            pointers(value, &at, all);
        }
    }
}

/// The fuzz body over golden lines with a few octets changed; odd lengths and odd octets too.
#[test]
fn any_octets_make_lines_or_none() {
    records::fuzz::shapes(b"");
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % bound as u64).expect("below the bound")
    };
    for (name, line) in natives() {
        if !["alert_chain", "alert_lure", "dns_answer", "health_live", "inventory"]
            .contains(&&*name)
        {
            continue;
        }
        records::fuzz::shapes(&line);
        for _ in 0..5 {
            let mut octets = line.clone();
            for _ in 0..=next(4) {
                let place = next(octets.len());
                octets[place] = u8::try_from(next(256)).expect("an octet");
            }
            octets.truncate(octets.len() - next(3));
            records::fuzz::shapes(&octets);
        }
    }
}
