//! Webhooks: how a batch becomes requests.

use deliver::sinks::{Auth, HttpPlan, Join, Kind, Secret, WebhookPlan};
use serde_json::Value;

use crate::peers::{carrier, carry, entries, entry, http};
use crate::stub::{Reply, Stub};

fn plan(port: u16, join: Join) -> Kind {
    let auth = Auth::Basic("soc".to_owned(), Secret::new("hunter22"));
    let headers = vec![("X-Tenant".to_owned(), "blue".to_owned())];
    let http = HttpPlan { auth, headers, ..http(port, "/in?source=rmm") };
    Kind::Webhook(WebhookPlan { http, content_type: "application/json".to_owned(), join })
}

#[test]
fn each_way_of_joining_has_its_requests() {
    for (join, requests) in [(Join::Each, 5), (Join::Lines, 1), (Join::Array, 1)] {
        let stub = Stub::start(|_| Reply::Say(202, &[], "thanks".to_owned()));
        let batch = entries(0, 5);
        let mut sink = carrier(plan(stub.port, join));
        carry(&mut *sink, &batch).expect("carried");
        let asked = stub.asked();
        assert_eq!(asked.len(), requests, "{join:?}");
        for (at, one) in asked.iter().enumerate() {
            assert_eq!(one.path, "/in?source=rmm");
            assert_eq!(one.connection, 1);
            assert_eq!(one.headers["authorization"], "Basic c29jOmh1bnRlcjIy");
            assert_eq!(one.headers["x-tenant"], "blue");
            assert!(one.headers["user-agent"].starts_with("rmmwatch/"));
            let key = one.headers.get("idempotency-key").cloned();
            assert_eq!(key, (join == Join::Each).then(|| format!("\"id-{at}\"")));
        }
        let all: String = asked.iter().map(|one| one.body.clone()).collect();
        let bodies: Vec<Vec<u8>> = match join {
            Join::Each => asked.iter().map(|one| one.body.clone().into_bytes()).collect(),
            Join::Lines => all.lines().map(|line| line.as_bytes().to_vec()).collect(),
            Join::Array => {
                let array: Vec<Value> = serde_json::from_str(&all).expect("an array");
                assert_eq!(array.len(), 5);
                continue;
            }
        };
        assert!(bodies.iter().eq(batch.iter().map(|entry| &entry.body)), "{join:?}");
    }
}

#[test]
fn a_body_may_be_anything_and_a_header_not() {
    let stub = Stub::start(|_| Reply::ok(""));
    let mut sink = carrier(plan(stub.port, Join::Each));
    carry(&mut *sink, &[entry(0, "a", "no JSON, \"<\u{1f980}>\"")]).expect("carried");
    let Kind::Webhook(mut bad) = plan(stub.port, Join::Each) else { unreachable!() };
    bad.http.headers[0].1 = "hunter22\r\nX-Other: 1".to_owned();
    let setback = carry(&mut *carrier(Kind::Webhook(bad)), &entries(0, 1)).expect_err("a header");
    assert!(setback.why.contains("X-Tenant") && !setback.why.contains("hunter22"));
}
