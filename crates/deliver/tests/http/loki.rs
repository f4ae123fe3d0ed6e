//! Grafana Loki's push interface, by a stub that behaves as documented: 204 for a push, 400 for one
//! with a line too old in it, after it took the others.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use deliver::sinks::{Kind, LokiPlan};
use serde_json::Value;

use crate::peers::{carrier, carry, carry_all, entries, http};
use crate::stub::{Reply, Stub};

#[test]
fn lines_of_the_same_labels_are_one_stream_and_old_ones_are_found() {
    let kept = Arc::new(Mutex::new(BTreeSet::<(String, String)>::new()));
    let behind = Arc::clone(&kept);
    let stub = Stub::start(move |asked| {
        assert_eq!(asked.path, "/loki/api/v1/push");
        assert_eq!(asked.headers["x-scope-orgid"], "blue");
        let push: Value = serde_json::from_str(&asked.body).expect("a push");
        let mut old = 0;
        for stream in push["streams"].as_array().expect("streams") {
            assert_eq!(stream["stream"]["job"], "rmmwatch");
            for value in stream["values"].as_array().expect("values") {
                let text = |at: usize| value[at].as_str().expect("text").to_owned();
                if text(0).ends_with("07") {
                    old += 1;
                } else {
                    behind.lock().expect("a store").insert((text(0), text(1)));
                }
            }
        }
        match old {
            0 => Reply::Say(204, &[], String::new()),
            _ => Reply::Say(400, &[], format!("entry too far behind, total ignored: {old}")),
        }
    });
    let plan = LokiPlan { http: http(stub.port, "/loki/api/v1/push"), tenant: Some("blue".into()) };
    let mut sink = carrier(Kind::Loki(plan));
    carry(&mut *sink, &entries(10, 60)).expect("carried");
    assert_eq!(stub.asked().len(), 1);
    let push: Value = serde_json::from_str(&stub.asked()[0].body).expect("a push");
    assert_eq!(push["streams"].as_array().map(Vec::len), Some(1));
    let refused = carry_all(&mut *sink, &entries(0, 10));
    assert_eq!(refused, ["id-7"]);
    assert_eq!(kept.lock().expect("a store").len(), 59, "each line once");
}

#[test]
fn a_200_is_not_lokis_word() {
    let stub = Stub::start(|_| Reply::ok(""));
    let plan = LokiPlan { http: http(stub.port, "/loki/api/v1/push"), tenant: None };
    let setback = carry(&mut *carrier(Kind::Loki(plan)), &entries(0, 2)).expect_err("a 200");
    assert!(setback.why.contains("204"), "{}", setback.why);
}
