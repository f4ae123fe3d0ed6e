//! The real Alertmanager.

use std::process::Command;

use deliver::sinks::{AlertmanagerPlan, Kind};
use serde_json::{Value, json};

use crate::peers::{
    Server, carrier, carry, carry_all, entry, free_port, get, http, program, wait_until,
};

/// An alert that is on, of that host.
fn alert(host: &str) -> String {
    json!({
        "labels": { "alertname": "Relay contacted", "severity": "high", "rmm_host": host },
        "annotations": { "summary": "a tool \"reaches\" its relay" },
        "startsAt": "2026-01-01T00:00:00.000000000Z",
        "endsAt": "2199-01-01T00:00:00Z",
    })
    .to_string()
}

#[test]
fn the_real_alertmanager_has_our_alerts_once_each() {
    let Some(program) = program("prometheus-alertmanager") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("alertmanager.yml");
    std::fs::write(&config, "route:\n  receiver: none\nreceivers:\n  - name: none\n")
        .expect("written");
    let port = free_port();
    let _server = Server::start(
        Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address="),
    );
    wait_until("Alertmanager is ready", || get(port, "/-/ready").is_some());
    let active = || -> Vec<Value> {
        let alerts = get(port, "/api/v2/alerts").expect("its alerts");
        serde_json::from_str(&alerts).expect("JSON")
    };
    let mut sink =
        carrier(Kind::Alertmanager(AlertmanagerPlan { http: http(port, "/api/v2/alerts") }));
    let batch: Vec<_> = (0..20)
        .map(|seq| entry(seq, &format!("id-{seq}"), &alert(&format!("10.0.0.{seq}"))))
        .collect();
    // Three times the same: as after setbacks.
    for _ in 0..3 {
        assert_eq!(carry(&mut *sink, &batch).expect("taken").refused, []);
    }
    let found = active();
    assert_eq!(found.len(), 20);
    assert_eq!(found[0]["labels"]["alertname"], "Relay contacted");
    assert_eq!(found[0]["annotations"]["summary"], "a tool \"reaches\" its relay");
    assert_eq!(found[0]["status"]["state"], "active");

    // An alert that it does not take is found among those that it takes.
    let mut mixed: Vec<_> = (20..30)
        .map(|seq| entry(seq, &format!("id-{seq}"), &alert(&format!("10.0.0.{seq}"))))
        .collect();
    mixed[4].body = json!({ "labels": {} }).to_string().into_bytes();
    mixed[6].body =
        json!({ "labels": { "alertname": "x" }, "startsAt": "yesterday" }).to_string().into_bytes();
    assert_eq!(carry_all(&mut *sink, &mixed), ["id-24", "id-26"]);
    assert_eq!(active().len(), 28);
}
