//! A flow begins: which row it gets, and who its client is.

use model::CloseReason;

use super::{Conversations, Found, secs_of};
use crate::desk::{Desk, is_group};
use crate::flows::{Meta, Place, Row, Slot};
use crate::layers::{Packet, Segment};

/// Ports below are given out to services alone (RFC 6335 §6).
const SYSTEM_PORTS_END: u16 = 1024;

/// Ports from here on are what hosts take for their own end (Linux takes 32768 to 60999, the rest
/// 49152 to 65535 as RFC 6335 §6 has it).
const EPHEMERAL_PORTS_BEGIN: u16 = 32768;

impl Conversations {
    /// Whether the flow in `slot` is over as of this packet, so that another one begins with the
    /// same ends: it was silent for too long, or a SYN comes that is not its own again. It is
    /// closed then, and its slot free.
    #[inline(never)]
    pub(super) fn superseded(
        &mut self,
        slot: Slot,
        found: &Found<'_, '_>,
        secs: u32,
        desk: &mut Desk<'_>,
    ) -> bool {
        let Some(entry) = self.table.entry(slot) else { return true };
        let meta = entry.row.meta;
        let (last, number) = (secs_of(*entry.last), *entry.opening);
        let mut over = secs > last && secs - last > self.patience(meta, number, desk);
        if let Segment::Tcp { sequence, .. } = found.packet.segment
            && found.packet.segment.begins()
        {
            let opening = self.openings.get(number);
            let stream = opening.map(|opening| opening.stream(found.packet.way));
            let again = stream.is_some_and(|s| s.began_with(sequence.wrapping_add(1)));
            // No one who has said half a message begins anew at once; a SYN that the server never
            // gets to see must not tear what is read in two.
            let amid = stream.is_some_and(|stream| !stream.buffer.is_empty());
            over |= meta.closing() || (meta.has(Meta::ESTABLISHED) && !again && !amid);
        }
        if over {
            self.close(slot, CloseReason::Timeout, desk);
        }
        over
    }

    /// Begin a flow.
    #[inline(never)]
    pub(super) fn open(&mut self, found: &Found<'_, '_>, secs: u32, desk: &mut Desk<'_>) -> Slot {
        let slot = match self.table.place(found.hash) {
            Place::Free(slot) => slot,
            Place::Taken(slot) => {
                desk.counts.flows_evicted += 1;
                self.close(slot, CloseReason::Evicted, desk);
                slot
            }
        };
        desk.counts.flows += 1;
        let mut row = Row::new(&found.packet.key, found.packet.vlan);
        roles(&mut row, found.packet);
        self.wheel.link(slot, secs.saturating_add(desk.bounds.patience(row.meta)));
        self.table.put(slot, found.hash, row, desk.at.nanos());
        if let Some(tunnel) = found.tunnel {
            self.ingress.begin(slot, tunnel);
        }
        slot
    }
}

/// Say who the client is, as far as its first packet tells.
///
/// - TCP: a SYN tells. Without one the capture did not show who opened the connection
///   (`guessed`), and ports tell: a system port is a server's, and an ephemeral port is a
///   client's where the other is none.
/// - UDP: whoever speaks first is the client, and that counts as seen; but a first word from a
///   system port to another is an answer whose question was missed: turned, and `guessed`.
///
/// What a protocol reader recognises may still turn a flow that no SYN told of.
fn roles(row: &mut Row, packet: &Packet<'_>) {
    let way = packet.way;
    let (from, to) = (packet.key.port(way), packet.key.port(way.other()));
    let system = from < SYSTEM_PORTS_END && to >= SYSTEM_PORTS_END;
    match packet.segment {
        Segment::Tcp { flags, .. } if flags.syn() => {
            row.meta.set(Meta::SURE);
            row.meta.set_client(if flags.ack() { way.other() } else { way });
        }
        Segment::Tcp { .. } => {
            row.meta.set(Meta::GUESSED);
            let called = to < SYSTEM_PORTS_END;
            let ephemeral = to >= EPHEMERAL_PORTS_BEGIN && from < EPHEMERAL_PORTS_BEGIN;
            let answers = system || (ephemeral && !called);
            row.meta.set_client(if answers { way.other() } else { way });
        }
        Segment::Udp => {
            let answers = system && !is_group(row.end(way.other()).ip);
            row.meta.set_client(if answers { way.other() } else { way });
            if answers {
                row.meta.set(Meta::GUESSED);
            }
        }
    }
}
