//! Streams and datagrams tried with a protocol made for it.

mod datagrams;
#[path = "../../tests/script/mod.rs"]
mod script;
mod steps;
mod streams;
mod toy;

use model::Tally;

use crate::dissector::{Dissector, Seed};
use crate::limits::Limits;
use crate::shard::Shards;
use script::Script;

fn dissector(limits: &Limits) -> Dissector {
    Dissector::with_protocols(limits, Seed([1, 2]), Shards::all(), toy::TOYS)
}

/// What is told of a script, without when flows open and close.
fn told_within(script: &Script, limits: &Limits) -> (Vec<String>, Tally) {
    let (facts, tally) = script::run(&script.frames(), 64, &mut dissector(limits));
    let (single, _) = script::run(&script.frames(), 1, &mut dissector(limits));
    assert_eq!(facts, single, "batches of one give the same facts");
    let mut words = script::all_words(&facts);
    words.retain(|words| words != "open" && !words.starts_with("close"));
    (words, tally)
}

fn told(script: &Script) -> Vec<String> {
    told_within(script, &Limits { flows_max: 1024, ..Limits::default() }).0
}
