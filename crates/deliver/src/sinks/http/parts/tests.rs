//! A batch in parts, with a way that answers by a table.

use super::*;
use crate::Stream;

/// Takes what it is told to, in memory.
#[derive(Default)]
struct Way {
    /// More octets in one request are too much.
    bytes_max: usize,
    /// Bodies that the server does not want.
    unwanted: Vec<&'static str>,
    /// After so many requests, a setback.
    requests_left: usize,
    requests: Vec<Vec<String>>,
    taken: Vec<String>,
}

impl Post for Way {
    async fn post(&mut self, entries: &[Entry]) -> Result<Verdict, Setback> {
        let texts: Vec<String> = entries
            .iter()
            .map(|entry| String::from_utf8(entry.body.clone()).expect("text"))
            .collect();
        self.requests.push(texts.clone());
        self.requests_left = self.requests_left.checked_sub(1).ok_or(Setback::new("tired"))?;
        if bytes(entries) > self.bytes_max {
            return Ok(Verdict::TooMuch("too much".to_owned()));
        }
        if texts.iter().any(|text| self.unwanted.contains(&text.as_str())) {
            return Ok(Verdict::Unfit("no".to_owned()));
        }
        self.taken.extend(texts);
        Ok(Verdict::Taken(Vec::new()))
    }
}

fn batch(texts: &[&str]) -> Vec<Entry> {
    let entry = |(seq, text): (usize, &&str)| Entry {
        seq: seq as u64,
        stream: Stream::Alerts,
        id: format!("id-{seq}"),
        line: Vec::new(),
        body: text.as_bytes().to_vec(),
    };
    texts.iter().enumerate().map(entry).collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

fn way(bytes_max: usize, unwanted: &[&'static str], requests_left: usize) -> InParts<Way> {
    InParts::new(Way { bytes_max, unwanted: unwanted.to_vec(), requests_left, ..Way::default() })
}

#[test]
fn a_batch_is_one_request_when_the_server_takes_it() {
    let mut sink = way(100, &[], 10);
    let carried = run(sink.carry(&batch(&["a", "b", "c"]))).expect("carried");
    assert_eq!(carried, Carried::default());
    assert_eq!(sink.way.requests.len(), 1);
}

#[test]
fn one_bad_entry_is_found_and_the_others_are_through() {
    let texts = ["a", "b", "c", "d", "e", "f", "g"];
    for bad in texts {
        let mut sink = way(100, &[bad], 100);
        let carried = run(sink.carry(&batch(&texts))).expect("carried");
        let at = texts.iter().position(|text| *text == bad).expect("there");
        assert_eq!(carried.refused, [Refused { at, why: "no".to_owned() }]);
        let others: Vec<&str> = texts.into_iter().filter(|text| *text != bad).collect();
        assert_eq!(sink.way.taken, others, "in order, each once");
        assert!(sink.way.requests.len() <= 9, "{:?}", sink.way.requests);
    }
}

#[test]
fn what_is_too_much_goes_in_parts_and_the_next_batch_knows() {
    let mut sink = way(2, &[], 100);
    let carried = run(sink.carry(&batch(&["a", "b", "long", "c", "d", "e"]))).expect("carried");
    assert_eq!(carried.refused, [Refused { at: 2, why: "too much".to_owned() }]);
    assert_eq!(sink.way.taken, ["a", "b", "c", "d", "e"]);
    let so_far = sink.way.requests.len();
    run(sink.carry(&batch(&["a", "b", "c", "d"]))).expect("carried");
    assert!(sink.way.requests.len() - so_far <= 4, "{:?}", sink.way.requests);
}

#[test]
fn a_setback_tells_what_is_through() {
    // The first request whole, then halves: [a b] taken, [c d] split, c refused, then no more.
    let mut sink = way(100, &["c"], 4);
    let setback = run(sink.carry(&batch(&["a", "b", "c", "d"]))).expect_err("tired");
    assert_eq!(setback.carried, 3);
    assert_eq!(setback.refused, [Refused { at: 2, why: "no".to_owned() }]);
    assert_eq!(sink.way.taken, ["a", "b"]);
}
