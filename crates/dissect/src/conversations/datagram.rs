//! UDP: each datagram is shown to the protocols until the flow is given up.

use super::Found;
use crate::desk::Talk;
use crate::ends::Way;
use crate::flows::{Meta, Slot};
use crate::limits::{UNCLAIMED_AFTER_CLAIM_MAX, UNCLAIMED_MAX};
use crate::protocols::reader::{Datagram, Entry};
use crate::streams::{Openings, OverBudget};

/// Read a datagram. A flow that no protocol claims tells the first datagram of each side; "done"
/// means that a side has. `number` is that of the flow's opening, while a reader holds the flow.
pub(super) fn read(
    found: &Found<'_, '_>,
    slot: Slot,
    number: &mut u16,
    openings: &mut Openings,
    talk: &mut Talk<'_, '_>,
) {
    let (packet, way) = (found.packet, found.packet.way);
    if packet.payload.is_empty() {
        return;
    }
    if *number != 0 {
        return go_on(way, packet.payload, number, openings, talk);
    }
    if !talk.meta.has(Meta::GIVEN_UP) {
        let side = talk.meta.side(way);
        let mut leads = false;
        for entry in talk.desk.protocols {
            let Some(claim) = entry.claim else { continue };
            let claimed = claim(&talk.flow, side, packet.payload);
            leads |= claimed == Datagram::Leads;
            if let Datagram::Mine(protocol, side) = claimed {
                if talk.meta.protocol().is_none() {
                    talk.turn(way, side);
                }
                talk.claim(protocol);
                talk.meta.set_unclaimed(0);
                return begin(entry, found, slot, number, openings, talk);
            }
        }
        let unclaimed = talk.meta.unclaimed().saturating_add(u32::from(!leads));
        talk.meta.set_unclaimed(unclaimed);
        let claimed = talk.meta.protocol().is_some();
        let max = if claimed { UNCLAIMED_AFTER_CLAIM_MAX } else { UNCLAIMED_MAX };
        if unclaimed >= max {
            talk.meta.set(Meta::GIVEN_UP);
        }
    }
    if talk.meta.protocol().is_none() && !talk.meta.done(way) {
        talk.tell_opening(way, packet.payload_len, packet.payload);
    }
    talk.meta.set_done(way, true);
}

/// A protocol claimed a datagram: read it, or begin a reader of it and of what follows.
fn begin(
    entry: &Entry,
    found: &Found<'_, '_>,
    slot: Slot,
    number: &mut u16,
    openings: &mut Openings,
    talk: &mut Talk<'_, '_>,
) {
    let (way, payload) = (found.packet.way, found.packet.payload);
    if let Some(begin) = entry.begin {
        match openings.begin(slot, 0) {
            Some(begun) => *number = begun,
            None => return give_up(number, openings, talk),
        }
        if let Some((opening, _)) = openings.get_mut(*number) {
            opening.read_datagrams(begin());
        }
        go_on(way, payload, number, openings, talk);
    } else if let Some(datagram) = entry.datagram {
        let side = talk.meta.side(way);
        talk.lend(|out| datagram(side, payload, out));
    }
}

/// The flow's reader gets a datagram.
fn go_on(
    way: Way,
    payload: &[u8],
    number: &mut u16,
    openings: &mut Openings,
    talk: &mut Talk<'_, '_>,
) {
    let Some((opening, budget)) = openings.get_mut(*number) else { return };
    match opening.datagram(way, payload, budget, talk) {
        Ok(true) => {}
        Ok(false) => end(number, openings, talk),
        Err(OverBudget) => give_up(number, openings, talk),
    }
}

/// The octet budget is spent: nothing more is read of this flow.
fn give_up(number: &mut u16, openings: &mut Openings, talk: &mut Talk<'_, '_>) {
    talk.desk.counts.openings_over_budget += 1;
    end(number, openings, talk);
}

fn end(number: &mut u16, openings: &mut Openings, talk: &mut Talk<'_, '_>) {
    talk.meta.set(Meta::GIVEN_UP);
    for way in Way::BOTH {
        talk.meta.set_done(way, true);
    }
    openings.end(*number);
    *number = 0;
}
