//! Flows end: by their own word, by silence, by want of room, or with the capture.

use model::{CloseReason, Fact, Flow, FlowClose, Timestamp};

use super::{Conversations, secs_of};
use crate::desk::{Desk, Talk};
use crate::flows::{Entry, Meta, Slot};
use crate::rest::Rest;

/// Nanoseconds of a second.
const NANOS: u64 = 1_000_000_000;

/// A flow that is to be closed.
pub(crate) struct Due {
    pub(crate) slot: Slot,
    /// It holds octets, of which there may be something to tell.
    pub(crate) speaks: bool,
}

impl Conversations {
    /// Turn the wheel to the second `now` and tell which flows were silent for too long.
    pub(crate) fn expire(&mut self, now: u32, desk: &Desk<'_>, due: &mut dyn FnMut(Due)) {
        let mut slots = std::mem::take(&mut self.due);
        self.wheel.turn(now, &mut slots);
        for slot in slots.drain(..) {
            let Some(Entry { row, last, opening, .. }) = self.table.entry(slot) else { continue };
            // After a leap back in time a flow from the future would never be silent.
            let latest = now.saturating_add(1);
            if secs_of(*last) > latest {
                *last = u64::from(latest) * NANOS + *last % NANOS;
            }
            let (meta, last, number) = (row.meta, secs_of(*last), *opening);
            let patience = self.patience(meta, number, desk);
            if now.saturating_sub(last) > patience {
                due(Due { slot, speaks: number != 0 });
            } else {
                let next = last.saturating_add(patience).saturating_add(1);
                self.wheel.link(slot, next);
            }
        }
        self.due = slots;
    }

    /// Tell every flow.
    pub(crate) fn all(&mut self, due: &mut dyn FnMut(Due)) {
        let mut slots = std::mem::take(&mut self.due);
        slots.extend(self.table.taken());
        for slot in slots.drain(..) {
            if let Some(entry) = self.table.entry(slot) {
                due(Due { slot, speaks: *entry.opening != 0 });
            }
        }
        self.due = slots;
    }

    /// The flow in a slot.
    pub(crate) fn flow(&mut self, slot: Slot) -> Option<Flow> {
        self.table.entry(slot).map(|entry| entry.row.flow())
    }

    /// Close a flow. `reason` is why unless it ended by its own word.
    pub(crate) fn close(&mut self, slot: Slot, reason: CloseReason, desk: &mut Desk<'_>) {
        let Some(entry) = self.table.entry(slot) else { return };
        let row = *entry.row;
        let (last, number) = (Timestamp::from_nanos(*entry.last), *entry.opening);
        let opened = Timestamp::from_nanos(self.table.opened(slot));
        let ingress = self.ingress.of(slot);
        let mut talk = Talk { flow: row.flow(), meta: row.meta, ingress, open_due: false, desk };
        if let Some((opening, budget)) = self.openings.get_mut(number) {
            opening.finish(budget, &mut talk);
            self.openings.end(number);
        }
        let one_way = !talk.meta.has(Meta::OPEN);
        if one_way {
            talk.desk.counts.flows_one_way += 1;
        }
        if !one_way || !self.heard_both_ways {
            let client = talk.meta.client();
            let reason = if talk.meta.finished() {
                CloseReason::Fin
            } else if talk.meta.closing() {
                CloseReason::Reset
            } else {
                reason
            };
            talk.tell(Fact::FlowClose(Box::new(FlowClose {
                reason,
                opened,
                last: last.max(opened),
                from_client: row.volume(client),
                from_server: row.volume(client.other()),
                protocol: talk.meta.protocol(),
            })));
        }
        if talk.desk.rests.wanted() && talk.meta.all_done() {
            talk.desk.rests.tell(Rest::Over(talk.flow));
        }
        self.ingress.end(slot);
        self.table.free(slot);
    }
}
