//! Elasticsearch's bulk interface, by a stub that behaves as documented: `create` of what is there
//! is a conflict, each item has a status of its own, the request as a whole is answered with 200.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use deliver::sinks::{Carrier, ElasticPlan, Kind};
use serde_json::{Value, json};

use crate::peers::{carrier, carry, carry_all, entries, entry, http};
use crate::stub::{Asked, Reply, Stub};

/// The documents of an index, by id, and how often each was written.
#[derive(Default)]
struct Index {
    documents: BTreeMap<String, String>,
    /// Ids that are answered with 429, so many times each.
    busy: BTreeMap<String, usize>,
    /// What the mapping does not take.
    unmapped: BTreeSet<String>,
}

impl Index {
    fn bulk(&mut self, body: &str) -> String {
        let (mut items, mut errors) = (Vec::new(), false);
        let lines: Vec<&str> = body.lines().collect();
        assert!(body.ends_with('\n'), "the last line of a bulk ends too");
        for pair in lines.chunks(2) {
            let action: Value = serde_json::from_str(pair[0]).expect("an action");
            let id = action["create"]["_id"].as_str().expect("an id").to_owned();
            assert_eq!(action["create"]["_index"], "rmm-\"alerts\"");
            let error = |kind: &str| json!({ "type": kind, "reason": format!("of {id}") });
            let (status, error) = if self.busy.get(&id).is_some_and(|left| *left > 0) {
                *self.busy.get_mut(&id).expect("busy") -= 1;
                (429, Some(error("es_rejected_execution_exception")))
            } else if self.unmapped.contains(&id) {
                (400, Some(error("document_parsing_exception")))
            } else if self.documents.contains_key(&id) {
                (409, Some(error("version_conflict_engine_exception")))
            } else {
                self.documents.insert(id.clone(), pair[1].to_owned());
                (201, None)
            };
            errors |= error.is_some();
            items.push(json!({ "create": { "_id": id, "status": status, "error": error } }));
        }
        json!({ "took": 1, "errors": errors, "items": items }).to_string()
    }
}

fn sink(stub: &Stub) -> Box<dyn Carrier> {
    let plan = ElasticPlan { http: http(stub.port, "/_bulk"), index: "rmm-\"alerts\"".to_owned() };
    carrier(Kind::Elastic(plan))
}

fn stub(index: &Arc<Mutex<Index>>) -> Stub {
    let index = Arc::clone(index);
    Stub::start(move |asked: &Asked| {
        assert_eq!(asked.headers["content-type"], "application/x-ndjson");
        Reply::ok(index.lock().expect("an index").bulk(&asked.body))
    })
}

#[test]
fn each_record_stands_there_once_however_often_it_is_sent() {
    let index = Arc::<Mutex<Index>>::default();
    let stub = stub(&index);
    let mut sink = sink(&stub);
    let batch = entries(0, 500);
    for _ in 0..3 {
        assert_eq!(carry(&mut *sink, &batch).expect("carried").refused, []);
    }
    let index = index.lock().expect("an index");
    assert_eq!(index.documents.len(), 500);
    for entry in &batch {
        assert_eq!(index.documents[&entry.id].as_bytes(), entry.body);
    }
    let asked = stub.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|one| one.connection == 1), "the connection is kept");
    assert!(asked[0].path.starts_with("/_bulk?filter_path="), "{}", asked[0].path);
}

#[test]
fn only_items_that_were_not_taken_are_sent_again() {
    let index = Arc::<Mutex<Index>>::default();
    {
        let mut index = index.lock().expect("an index");
        index.busy = BTreeMap::from([("id-2".to_owned(), 2), ("id-6".to_owned(), 1)]);
        index.unmapped = BTreeSet::from(["id-1".to_owned(), "id-7".to_owned()]);
    }
    let stub = stub(&index);
    let mut sink = sink(&stub);
    let batch = entries(0, 10);
    let setback = carry(&mut *sink, &batch).expect_err("two are busy");
    assert_eq!(setback.carried, 2, "before the first that was not taken");
    assert_eq!(setback.refused.iter().map(|one| one.at).collect::<Vec<_>>(), [1]);
    assert!(setback.why.contains("2 of 10") && setback.why.contains("429"), "{}", setback.why);
    // What the runner does next: the rest.
    let refused = carry_all(&mut *sink, &batch[2..]);
    assert_eq!(refused, ["id-7"]);
    let sent = |asked: &Asked| asked.body.lines().count() / 2;
    let counts: Vec<usize> = stub.asked().iter().map(sent).collect();
    assert_eq!(counts, [10, 2, 1]);
    let index = index.lock().expect("an index");
    let all: BTreeSet<&str> = index.documents.keys().map(String::as_str).collect();
    let expected = ["id-0", "id-2", "id-3", "id-4", "id-5", "id-6", "id-8", "id-9"];
    assert_eq!(all, BTreeSet::from(expected));
}

#[test]
fn what_would_break_the_lines_of_a_bulk_is_refused_here() {
    let index = Arc::<Mutex<Index>>::default();
    let stub = stub(&index);
    let mut sink = sink(&stub);
    let torn = "{}\n{\"delete\":{\"_index\":\"other\",\"_id\":\"1\"}}";
    let batch = [entry(0, "a", "{}"), entry(1, "b", torn), entry(2, "c\"}}", "{}")];
    let carried = carry(&mut *sink, &batch).expect("carried");
    assert_eq!(carried.refused.iter().map(|one| one.at).collect::<Vec<_>>(), [1]);
    assert_eq!(index.lock().expect("an index").documents.len(), 2);
}

#[test]
fn a_200_that_does_not_speak_of_every_item_is_none() {
    for body in [
        "",
        "\n",
        "OK",
        "<html>signed in</html>",
        "{}",
        r#"{"took":1,"errors":false}"#,
        r#"{"took":1,"errors":false,"items":[]}"#,
        r#"{"items":[{"create":{"_id":"another","status":201}},{"create":{"_id":"id-1","status":201}}]}"#,
    ] {
        let index = Arc::<Mutex<Index>>::default();
        let behind = Arc::clone(&index);
        let stub = Stub::start(move |asked| {
            let good = behind.lock().expect("an index").bulk(&asked.body);
            Reply::ok(if asked.number == 1 { body.to_owned() } else { good })
        });
        let mut sink = sink(&stub);
        let batch = entries(0, 2);
        let setback = carry(&mut *sink, &batch).expect_err(body);
        assert_eq!((setback.carried, setback.refused), (0, Vec::new()), "{body}");
        assert_eq!(carry_all(&mut *sink, &batch), Vec::<String>::new());
        assert_eq!(index.lock().expect("an index").documents.len(), 2);
    }
}
