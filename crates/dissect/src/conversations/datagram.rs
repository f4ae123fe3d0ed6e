//! UDP: each datagram is shown to the protocols until the flow is given up.

use super::Found;
use crate::desk::Talk;
use crate::flows::Meta;
use crate::limits::{UNCLAIMED_AFTER_CLAIM_MAX, UNCLAIMED_MAX};
use crate::protocols::reader::Datagram;

/// Read a datagram. A flow that no protocol claims tells the first datagram of each side; "done"
/// means that a side has.
pub(super) fn read(found: &Found<'_, '_>, talk: &mut Talk<'_, '_>) {
    let (packet, way) = (found.packet, found.packet.way);
    if packet.payload.is_empty() {
        return;
    }
    if !talk.meta.has(Meta::GIVEN_UP) {
        let side = talk.meta.side(way);
        for entry in talk.desk.protocols {
            let (Some(claim), Some(datagram)) = (entry.claim, entry.datagram) else { continue };
            if let Datagram::Mine(protocol, side) = claim(&talk.flow, side, packet.payload) {
                if talk.meta.protocol().is_none() {
                    talk.turn(way, side);
                }
                talk.claim(protocol);
                talk.meta.set_unclaimed(0);
                let side = talk.meta.side(way);
                talk.lend(|out| datagram(side, packet.payload, out));
                return;
            }
        }
        let unclaimed = talk.meta.unclaimed().saturating_add(1);
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
