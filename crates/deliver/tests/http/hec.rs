//! Splunk's event collector, by a stub that behaves as documented: events one after the other, codes
//! in its answers, acknowledgements by channel.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deliver::sinks::{Auth, Carrier, HecPlan, HttpPlan, Kind, Secret};
use serde_json::{Value, json};

use crate::peers::{carrier, carry, carry_all, carry_within, entries, http};
use crate::stub::{Asked, Reply, Stub};

#[derive(Default)]
struct Collector {
    events: Vec<Value>,
    /// By `ackId`: so many questions until the indexers have it.
    acks: BTreeMap<u64, usize>,
    channels: Vec<String>,
    /// Questions that each request needs.
    questions: usize,
}

const OK: &str = r#"{"text":"Success","code":0}"#;

impl Collector {
    fn answer(&mut self, asked: &Asked) -> Reply {
        if asked.headers.get("authorization").map(String::as_str) != Some("Splunk hunter22") {
            return Reply::Say(403, &[], r#"{"text":"Invalid token","code":4}"#.to_owned());
        }
        let channel = asked.headers.get("x-splunk-request-channel").cloned();
        if asked.path.starts_with("/services/collector/ack?channel=") {
            let question: Value = serde_json::from_str(&asked.body).expect("a question");
            let id = question["acks"][0].as_u64().expect("an id");
            let left = self.acks.get_mut(&id).expect("an id that was given");
            *left = left.saturating_sub(1);
            return Reply::ok(json!({ "acks": { id.to_string(): *left == 0 } }).to_string());
        }
        assert_eq!(asked.path, "/services/collector/event");
        let stream = serde_json::Deserializer::from_str(&asked.body).into_iter::<Value>();
        let events: Result<Vec<Value>, _> = stream.collect();
        let events = events.expect("events one after the other");
        if let Some(at) = events.iter().position(|event| event.get("bad").is_some()) {
            let said =
                json!({ "text": "Invalid data format", "code": 6, "invalid-event-number": at });
            return Reply::Say(400, &[], said.to_string());
        }
        self.events.extend(events);
        let Some(channel) = channel else { return Reply::ok(OK) };
        self.channels.push(channel);
        let id = self.channels.len() as u64;
        self.acks.insert(id, self.questions + 1);
        Reply::ok(json!({ "text": "Success", "code": 0, "ackId": id }).to_string())
    }
}

fn stub(collector: &Arc<Mutex<Collector>>) -> Stub {
    let collector = Arc::clone(collector);
    Stub::start(move |asked| collector.lock().expect("a collector").answer(asked))
}

fn sink(port: u16, ack: bool, token: &str) -> Box<dyn Carrier> {
    let auth = Auth::Scheme("Splunk".to_owned(), Secret::new(token));
    let http = HttpPlan { auth, ..http(port, "/services/collector/event") };
    carrier(Kind::Hec(HecPlan { http, ack }))
}

#[test]
fn events_arrive_one_after_the_other() {
    let collector = Arc::<Mutex<Collector>>::default();
    let stub = stub(&collector);
    let batch = entries(0, 100);
    carry(&mut *sink(stub.port, false, "hunter22\n"), &batch).expect("carried");
    assert_eq!(collector.lock().expect("a collector").events.len(), 100);
    assert_eq!(stub.asked().len(), 1);
}

#[test]
fn a_bad_event_is_found_and_a_bad_token_gives_nothing_up() {
    let collector = Arc::<Mutex<Collector>>::default();
    let stub = stub(&collector);
    let mut batch = entries(0, 20);
    batch[13].body = br#"{"bad":1}"#.to_vec();
    let setback = carry(&mut *sink(stub.port, false, "wrong"), &batch).expect_err("a wrong token");
    assert!(setback.why.contains("Invalid token"), "{}", setback.why);
    assert!(setback.refused.is_empty());
    let refused = carry_all(&mut *sink(stub.port, false, "hunter22"), &batch);
    assert_eq!(refused, ["id-13"]);
    assert_eq!(collector.lock().expect("a collector").events.len(), 19);
}

#[test]
fn the_indexers_word_is_waited_for() {
    let collector = Arc::new(Mutex::new(Collector { questions: 2, ..Collector::default() }));
    let stub = stub(&collector);
    let mut sink = sink(stub.port, true, "hunter22");
    carry(&mut *sink, &entries(0, 10)).expect("acknowledged");
    carry(&mut *sink, &entries(10, 20)).expect("acknowledged");
    let collector = collector.lock().expect("a collector");
    assert_eq!(collector.events.len(), 20);
    let paths: Vec<bool> = stub.asked().iter().map(|one| one.path.contains("/ack?")).collect();
    assert_eq!(paths, [false, true, true, true, false, true, true, true]);
    assert_eq!(collector.channels[0], collector.channels[1], "a channel of our own");
}

#[test]
fn an_attempt_that_ended_early_goes_on_asking_and_does_not_send_again() {
    let collector = Arc::new(Mutex::new(Collector { questions: 4, ..Collector::default() }));
    let stub = stub(&collector);
    let mut sink = sink(stub.port, true, "hunter22");
    let batch = entries(0, 10);
    carry_within(&mut *sink, &batch, Duration::from_millis(150)).expect_err("not yet");
    // Meanwhile more came: the batch is longer, and begins the same.
    let longer = entries(0, 15);
    assert_eq!(carry_all(&mut *sink, &longer), Vec::<String>::new());
    assert_eq!(collector.lock().expect("a collector").events.len(), 15, "none twice");
}

#[test]
fn what_is_not_set_up_for_this_is_said() {
    for (said, ack, expected) in [
        (Reply::ok(OK), true, "no ackId"),
        (
            Reply::Say(400, &[], r#"{"text":"ACK is disabled","code":14}"#.to_owned()),
            true,
            "not set up",
        ),
        (
            Reply::Say(400, &[], r#"{"text":"Incorrect index","code":7}"#.to_owned()),
            false,
            "not set up",
        ),
        (
            Reply::Say(
                503,
                &[("Retry-After", "3")],
                r#"{"text":"Server is busy","code":9}"#.to_owned(),
            ),
            false,
            "busy",
        ),
        (Reply::ok(""), false, "no word of success"),
        (Reply::ok(r#"{"text":"?","code":8}"#), false, "no word of success"),
    ] {
        let stub = Stub::start(move |_| said.clone());
        let mut sink = sink(stub.port, ack, "hunter22");
        let setback = carry(&mut *sink, &entries(0, 3)).expect_err(expected);
        assert!(setback.why.contains(expected), "{}", setback.why);
        assert_eq!((setback.carried, setback.refused.len()), (0, 0));
    }
}
