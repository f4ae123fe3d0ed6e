//! `alert`: what Suricata knows of an alert, and under `metadata` what it does not.

use serde_json::Value;

use super::{Room, signature};
use crate::formats::object::Object;
use crate::formats::{Native, facts};

/// The alert, and the names of its flow where EVE has them.
pub(super) fn write(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    // The sensor's word of itself is about no flow.
    if record.text(&["source", "ip"]).is_some() {
        o.number("tx_id", 0_u8);
        o.text("direction", "to_server");
    }
    let rule_id = record.text(&["rule", "id"]).unwrap_or_default();
    let rule = record.text(&["rule", "name"]).filter(|name| !name.is_empty());
    let detection = record.text(&["rmm", "detection"]);
    o.object("alert", |o| {
        o.text("action", "allowed");
        o.number("gid", 1_u8);
        o.number("signature_id", signature::sid(rule_id));
        o.number("rev", 1_u8);
        o.text("signature", room.cut(rule.unwrap_or(rule_id)));
        o.text("category", signature::category(detection));
        o.number("severity", severity(facts::severity(record)));
        o.object("metadata", |o| {
            attack(record, room, o);
            o.texts("signature_severity", [importance(facts::severity(record))]);
            o.texts("tag", ["RMM"]);
            ours(record, room, o);
        });
    });
    shown(record, room, o);
}

/// 1 is the worst.
fn severity(word: &str) -> u8 {
    match word {
        "critical" | "high" => 1,
        "medium" => 2,
        _ => 3,
    }
}

/// In the words of the rules that are published for Suricata.
fn importance(word: &str) -> &'static str {
    match word {
        "critical" => "Critical",
        "high" | "medium" => "Major",
        "low" => "Minor",
        _ => "Informational",
    }
}

/// ATT&CK, by the names of fields that Elastic's integration and Malcolm read; a technique whose
/// sub-technique is named does not stand beside it.
fn attack(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    let (techniques, tactics) = (facts::exact_techniques(record), facts::tactics(record));
    for (ids, names, all) in [
        ("mitre_tactic_id", "mitre_tactic_name", tactics),
        ("mitre_technique_id", "mitre_technique_name", techniques),
    ] {
        let all = || all.iter().take(room.members);
        o.texts(ids, all().map(|one| room.cut(one.id)));
        o.array(names, |array| {
            all().for_each(|one| array.text(&room.cut(one.name).replace(' ', "_")));
        });
    }
}

/// What only a record of ours has.
fn ours(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    let rmm = |name| record.text(&["rmm", name]);
    let truth = |name| record.get(&["rmm", name]).and_then(Value::as_bool);
    let word = |truth| if truth { "yes" } else { "no" };
    let mut one = |name: &str, text: Option<&str>| {
        let text = text.filter(|text| !text.is_empty());
        o.texts(name, text.map(|text| room.cut(text)));
    };
    one("rmm_rule", record.text(&["rule", "id"]));
    one("rmm_detection", rmm("detection"));
    one("rmm_tool", rmm("tool"));
    one("rmm_tool_name", record.text(&["threat", "software", "name"]));
    one("rmm_operator", rmm("operator"));
    one("rmm_authorised", truth("authorised").map(word));
    one("rmm_zone", record.text(&["rmm", "policy", "zone"]));
    one("rmm_policy_rule", record.text(&["rmm", "policy", "rule"]));
    one("rmm_host", rmm("host"));
    one("rmm_host_name", record.text(&["rmm", "identity", "name"]));
    one("rmm_host_mac", record.text(&["rmm", "identity", "mac"]));
    one("rmm_direction", record.text(&["network", "direction"]));
    one("rmm_server", record.text(&["destination", "domain"]));
    one("rmm_alert_id", Some(record.id()));
    one("rmm_update", truth("update").map(word));
    one("rmm_occasion", rmm("occasion"));
    one("rmm_reason", record.text(&["event", "reason"]));
    let number = |path: &[&str]| record.number(path).map(|number| number.to_string());
    one("rmm_severity", number(&["event", "severity"]).as_deref());
    one("rmm_confidence", facts::confidence_pct(record).map(|pct| pct.to_string()).as_deref());
    one("rmm_count", number(&["rmm", "count"]).as_deref());
    one("rmm_brand", record.text(&["rmm", "lure", "brand"]));
    one("rmm_method", record.text(&["rmm", "lure", "method"]));
    one("rmm_chain", record.text(&["rmm", "chain", "id"]));
    lists(record, room, o);
}

fn lists(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    // Addresses are short, and an alert of a wave names many.
    let hosts = facts::hosts(record);
    o.texts("rmm_hosts", hosts.iter().take(16 * room.members).map(|host| room.cut(host)));
    o.array("rmm_stages", |array| {
        for stage in facts::stages(record).take(room.members) {
            array.text(room.cut(&stage.to_string()));
        }
    });
    o.array("rmm_evidence", |array| {
        for sign in facts::signs(record).take(room.members) {
            array.text(room.cut(&format!("{}={}", sign.source, sign.value)));
        }
    });
    let mut known: Vec<(&str, &str)> = Vec::new();
    for sign in facts::signs(record).filter(|sign| !sign.list.is_empty()) {
        if known.len() < room.members && !known.contains(&(sign.list, sign.version)) {
            known.push((sign.list, sign.version));
        }
    }
    o.array("rmm_list", |array| {
        known.iter().for_each(|(list, version)| {
            array.text(room.cut(format!("{list} {version}").trim_end()));
        });
    });
}

/// The names that the alert repeats, where a search over all events looks for them.
fn shown(record: &Native<'_>, room: Room, o: &mut Object<'_>) {
    let first = |source: &str| {
        let value = facts::signs(record).find(|sign| sign.source == source).map(|sign| sign.value);
        value.filter(|value| !value.is_empty())
    };
    if let Some(name) = record.text(&["dns", "question", "name"]) {
        o.object("dns", |o| {
            o.number("version", 2_u8);
            o.array("query", |array| {
                array.object(|o| {
                    o.text("type", "query");
                    o.text("rrname", room.cut(name));
                });
            });
        });
    }
    o.object("tls", |o| {
        let name = record.text(&["tls", "client", "server_name"]);
        o.maybe("sni", name.map(|name| room.cut(name)));
        o.object("ja3", |o| o.maybe("hash", first("tls.ja3").map(|text| room.cut(text))));
        o.maybe("ja4", first("tls.ja4").map(|text| room.cut(text)));
    });
    o.object("http", |o| {
        o.maybe("hostname", record.text(&["url", "domain"]).map(|name| room.cut(name)));
        o.maybe("http_user_agent", first("http.user_agent").map(|text| room.cut(text)));
    });
}
