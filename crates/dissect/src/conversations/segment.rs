//! TCP: segments go to their flow's opening while anything is wanted of it.

use super::Found;
use crate::desk::Talk;
use crate::ends::Way;
use crate::flows::{Meta, Slot};
use crate::layers::TcpFlags;
use crate::limits::LATE_MAX;
use crate::streams::{Marks, Openings, OverBudget, Said, urgent};

/// What matters of a TCP header here.
pub(super) struct Header {
    pub(super) sequence: u32,
    pub(super) acknowledged: u32,
    pub(super) flags: TcpFlags,
    /// Where the sender's octets begin, if an earlier segment told and the other end was silent.
    pub(super) began: Option<u32>,
    /// Where the other end's octets begin, as its SYN said that this segment answers.
    pub(super) asked: Option<u32>,
}

/// Read a segment. `number` is that of the flow's opening, 0 while there is none: a flow gets one
/// when both ends greeted each other or when one has something to say, so that a flood of SYNs
/// costs rows alone.
pub(super) fn read(
    found: &Found<'_, '_>,
    header: &Header,
    slot: Slot,
    number: &mut u16,
    openings: &mut Openings,
    talk: &mut Talk<'_, '_>,
) {
    if talk.meta.all_done() {
        return;
    }
    let (way, flags) = (found.packet.way, header.flags);
    // RFC 9293 §3.5.2 has no data in a RST; some put a reason there.
    let payload = if flags.rst() { &[] } else { found.packet.payload };
    let greeted = flags.syn() && flags.ack() && talk.meta.has(Meta::OPEN);
    let speaks = !payload.is_empty() && !talk.meta.done(way);
    if *number == 0 {
        if !greeted && !speaks {
            return;
        }
        match openings.begin(slot, talk.desk.candidates()) {
            Some(begun) => *number = begun,
            None => return give_up(number, openings, talk),
        }
    }
    let Some((opening, budget)) = openings.get_mut(*number) else { return };
    let mut result = Ok(());
    let first = if flags.syn() { header.sequence.wrapping_add(1) } else { header.sequence };
    if flags.syn() {
        opening.stream_mut(way).start(first);
    } else if let Some(began) = header.began.filter(|began| first.wrapping_sub(*began) < LATE_MAX) {
        opening.stream_mut(way).start(began);
    }
    if greeted {
        // Where SYN and answer contradict each other, one is a lie (RFC 9293 §3.10.7.3 has the
        // client refuse it): the first octets will tell.
        if header.asked.is_none_or(|asked| asked == header.acknowledged) {
            opening.stream_mut(way.other()).greeted(header.acknowledged);
        }
    } else if flags.ack() && !flags.rst() && !talk.meta.done(way.other()) {
        opening.acknowledged(way.other(), header.acknowledged, budget, talk);
    }
    if !payload.is_empty() {
        opening.answer(way.other(), budget, talk);
        opening.end_flight(way.other(), budget, talk);
        if opening.notes(way, talk) {
            let marks = Marks::of(found.packet);
            let said =
                Said { sequence: first, octets: payload, marks, urgent: urgent(found.packet) };
            opening.note(way, &said, budget, talk);
        }
    }
    if speaks && !talk.meta.done(way) && !opening.lingers() {
        let wire_len = found.packet.payload_len;
        result = opening.arrive(way, first, payload, wire_len, budget, talk);
    }
    if let Err(OverBudget) = result {
        give_up(number, openings, talk);
    } else if talk.meta.all_done() {
        openings.end(*number);
        *number = 0;
    }
}

/// The octet budget is spent: nothing more is read of this flow.
fn give_up(number: &mut u16, openings: &mut Openings, talk: &mut Talk<'_, '_>) {
    talk.desk.counts.openings_over_budget += 1;
    for way in Way::BOTH {
        talk.meta.set_done(way, true);
    }
    openings.end(*number);
    *number = 0;
}
