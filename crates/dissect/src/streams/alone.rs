//! Octets read on their own, by readers that know nothing of the stream: what another way to
//! understand a flight would have told.

use model::{Fact, Opening, Side};

use super::flight::Reading;
use crate::desk::Talk;
use crate::protocols::reader::{Next, Out, Probe, StreamReader};

/// The facts in a reading of what `side` said. Where no protocol claims it, its first octets are
/// one, if `openings` are wanted.
pub(super) fn facts(
    reading: &Reading,
    side: Side,
    openings: bool,
    talk: &mut Talk<'_, '_>,
) -> Vec<Fact> {
    let octets = &*reading.octets;
    talk.desk.counts.look(octets.len());
    for entry in talk.desk.protocols {
        let (Some(probe), Some(start)) = (entry.probe, entry.start) else { continue };
        if let Probe::Mine(sender) = probe(&talk.flow, side, octets) {
            let side = if talk.flow.guessed { sender } else { side };
            return read(start(), side, octets, talk);
        }
    }
    if !openings || octets.is_empty() {
        return Vec::new();
    }
    let octets = octets.get(..Opening::LEN_MAX).unwrap_or(octets).into();
    vec![Fact::Opening(Box::new(Opening { side, first_len: reading.first_len, octets }))]
}

fn read(
    mut reader: Box<dyn StreamReader>,
    side: Side,
    octets: &[u8],
    talk: &mut Talk<'_, '_>,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    // What is wrong with octets that the server may never have seen is of no interest.
    let out =
        &mut Out { flow: &talk.flow, fact: &mut |fact| facts.push(fact), anomaly: &mut |_| {} };
    let mut rest = octets;
    loop {
        let step = reader.read(side, rest, out);
        let used = usize::try_from(step.consumed).unwrap_or(usize::MAX);
        rest = rest.get(used..).unwrap_or_default();
        if step.next != Next::More || rest.is_empty() {
            return facts;
        }
        if used == 0 {
            reader.cut(side, rest, out);
            return facts;
        }
    }
}
