//! Whose a stream is: its first octets are shown to the protocols until one claims it.

use model::Side;

use super::opening::Opening;
use super::stream::Stream;
use crate::desk::Talk;
use crate::ends::Way;
use crate::limits::{OPENING_LEN_ENOUGH, OPENING_SEGMENTS_ENOUGH, PROBED_LEN_MAX};
use crate::protocols::reader::{Probe, StreamReader};

impl Opening {
    /// Probe a side from its next octet on; of one that was done, that is the next one to come.
    pub(super) fn reopen(&mut self, way: Way, candidates: u16, talk: &mut Talk<'_, '_>) {
        let stream = self.streams.of_mut(way);
        if talk.meta.done(way) {
            debug_assert!(stream.buffer.is_empty(), "a side that is done holds nothing");
            *stream = Stream::new(candidates);
        } else {
            stream.probe_anew(candidates);
        }
        talk.meta.set_done(way, false);
    }

    /// Ask the protocols; true when one claimed the flow.
    pub(super) fn probe(&mut self, way: Way, octets: &[u8], talk: &mut Talk<'_, '_>) -> bool {
        let protocols = talk.desk.protocols;
        let side = talk.meta.side(way);
        let stream = self.streams.of_mut(way);
        for (place, entry) in protocols.iter().take(16).enumerate() {
            let bit = 1u16 << place;
            if stream.candidates & bit == 0 {
                continue;
            }
            let (Some(probe), Some(start)) = (entry.probe, entry.start) else { continue };
            talk.desk.counts.look(octets.len());
            match probe(&talk.flow, side, octets) {
                Probe::More => {}
                Probe::NotMine => stream.candidates &= !bit,
                Probe::Mine(side) => {
                    self.claim(way, side, start(), talk);
                    return true;
                }
            }
        }
        if octets.len() >= PROBED_LEN_MAX {
            stream.candidates = 0;
        }
        let enough =
            octets.len() >= OPENING_LEN_ENOUGH || stream.segments >= OPENING_SEGMENTS_ENOUGH;
        if stream.candidates == 0 && enough && !stream.may_begin_earlier() {
            let first_len = stream.first_len;
            talk.tell_opening(way, first_len, octets);
            talk.meta.set_done(way, true);
        }
        false
    }

    /// A protocol claimed the flow.
    fn claim(
        &mut self,
        way: Way,
        side: Side,
        reader: Box<dyn StreamReader>,
        talk: &mut Talk<'_, '_>,
    ) {
        talk.turn(way, side);
        talk.claim(reader.protocol());
        self.reader = Some(reader);
        self.advanced = false;
        let other = way.other();
        if talk.meta.done(other) {
            self.reopen(other, 0, talk);
        }
    }
}
