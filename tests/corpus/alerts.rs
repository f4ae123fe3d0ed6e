//! Every alert that the sensor tells of real captures under no policy, each looked at by a person:
//! `alerts.tsv`. What is told anew, or no longer, fails until someone has looked at it.
//!
//! `BLESS=1` writes the table anew, with the reviews that still fit.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use model::{Alert, SignSource};

use super::{corpus, sensor, walk};

const TABLE: &str = "tests/corpus/alerts.tsv";
const HEAD: &str = "capture\thost\trule\toperator\tseverity\tstages\tsigns\treview\n";

/// Nobody has looked at it yet.
const NOT_REVIEWED: &str = "-";

#[test]
fn every_alert_of_real_captures_was_looked_at() {
    let Some(captures) = corpus() else { return };
    let root = captures.join("files");
    let known = std::fs::read_to_string(table()).unwrap_or_default();
    let reviews: BTreeMap<&str, &str> =
        known.lines().filter_map(|line| line.rsplit_once('\t')).collect();
    let mut lines = Vec::new();
    for capture in walk(&root) {
        let alerts = sensor::told_of(&capture);
        let shown = capture.strip_prefix(&root).unwrap_or(&capture).display().to_string();
        assert_promises(&shown, &alerts);
        for records in sensor::by_id(&alerts).values() {
            let row = row(&shown, records);
            let review = reviews.get(row.as_str()).copied().unwrap_or(NOT_REVIEWED);
            lines.push(format!("{row}\t{review}\n"));
        }
    }
    lines.sort();
    let told = format!("{HEAD}{}", lines.concat());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(table(), &told).expect("the table is written");
    }
    let fresh: Vec<&String> =
        lines.iter().filter(|line| line.ends_with(&format!("\t{NOT_REVIEWED}\n"))).collect();
    assert!(fresh.is_empty(), "{} alerts nobody has looked at:\n{fresh:#?}", fresh.len());
    let gone: Vec<&str> =
        known.lines().filter(|line| !told.contains(&format!("{line}\n"))).collect();
    assert!(gone.is_empty(), "{} reviewed alerts are no longer told: {gone:#?}", gone.len());
}

/// What holds for every alert, whoever looks at it.
fn assert_promises(capture: &str, alerts: &[Alert]) {
    let mut told: BTreeMap<(IpAddr, String, Option<String>), model::AlertId> = BTreeMap::new();
    for alert in alerts {
        let generic = alert
            .evidence
            .iter()
            .all(|sign| matches!(sign.source, SignSource::Port | SignSource::Address));
        assert!(!generic, "{capture}: only what is generic speaks for {alert:?}");
        let (Some((tool, _)), None) = (&alert.tool, &alert.chain) else { continue };
        let operator = alert.operator.as_ref().map(ToString::to_string);
        let first = told.entry((alert.host, tool.to_string(), operator)).or_insert(alert.id);
        assert_eq!(*first, alert.id, "{capture}: a second alert of one host, tool and operator");
    }
}

/// One alert as it was last told.
fn row(capture: &str, records: &[&Alert]) -> String {
    let last = records.last().expect("an alert has a record");
    let stages = sensor::stages(records).join(" ");
    let mut signs: Vec<String> =
        last.evidence.iter().map(|sign| format!("{:?} {}", sign.source, sign.pattern)).collect();
    signs.sort();
    signs.dedup();
    let signs: Vec<&str> = signs.iter().map(String::as_str).take(4).collect();
    let plain = |text: &str| text.replace(['\t', '\n'], " ");
    format!(
        "{capture}\t{}\t{}\t{}\t{}\t{}\t{}",
        last.host,
        last.rule_id,
        plain(last.operator.as_deref().unwrap_or("-")),
        sensor::worst(records),
        if stages.is_empty() { "-" } else { &stages },
        plain(&signs.join(", ")),
    )
}

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE)
}
