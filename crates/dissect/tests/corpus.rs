//! Every capture at hand: nothing panics, every frame is counted once, flows that open close, and
//! two lanes tell what one does.

use dissect::{Dissector, Limits, Seed, Shards, fuzz};
use model::{Fact, Observation};

mod captures;
mod script;

fn dissector(shards: Shards) -> Dissector {
    Dissector::new(&Limits { flows_max: 1 << 14, ..Limits::default() }, Seed([1, 2]), shards)
}

fn sorted(mut facts: Vec<Observation>) -> Vec<Observation> {
    facts.sort_by_key(|seen| (seen.order, seen.order.is_multiple_of(2).then_some(seen.flow)));
    facts
}

#[test]
fn captures_are_read_to_the_end() {
    let files = captures::corpus();
    if files.is_empty() {
        println!("skipped: RMMWATCH_CORPUS is not set, so there are no captures to read");
        return;
    }
    let mut sum = model::Tally::default();
    let mut facts_in_all = 0;
    for path in &files {
        let Some(capture) = captures::Capture::read(path) else { continue };
        let frames = capture.frames();
        let (facts, tally) = script::run(&frames, 64, &mut dissector(Shards::all()));
        let count = |what: fn(&Fact) -> bool| facts.iter().filter(|seen| what(&seen.fact)).count();
        let opened = count(|fact| matches!(fact, Fact::FlowOpen));
        let closed = count(|fact| matches!(fact, Fact::FlowClose(close) if !close.one_way()));
        assert_eq!(opened, closed, "{}", path.display());
        let lanes =
            [0, 1].map(|lane| script::run(&frames, 64, &mut dissector(Shards::nth(lane, 2))).0);
        facts_in_all += facts.len();
        assert!(sorted(lanes.concat()) == sorted(facts), "{}: two lanes", path.display());
        sum.add(&tally);
    }
    println!("{} files, {facts_in_all} facts, {sum:#?}", files.len());
    assert!(sum.closes());
}

#[test]
fn captures_as_fuzz_samples() {
    for path in captures::corpus().iter().step_by(17) {
        let Some(capture) = captures::Capture::read(path) else { continue };
        let frames = capture.frames();
        let lent: Vec<_> = frames.iter().take(100).map(|frame| (frame.link, frame.bytes)).collect();
        fuzz::frames(&fuzz::sample(&lent));
    }
}
