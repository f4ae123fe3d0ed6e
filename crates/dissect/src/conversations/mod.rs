//! One shard's conversations: a packet finds its flow, and the flow tells what it learnt.

mod close;
mod datagram;
mod ingress;
mod open;
mod segment;

pub(crate) use close::Due;

use ingress::Ingress;
use model::{Timestamp, Tunnel};

use crate::desk::{Bounds, Desk, Talk};
use crate::ends::{Key, Way};
use crate::flows::{Meta, Slot, Table, Wheel};
use crate::layers::{Packet, Segment, is_of_tunnels};
use crate::rest::{Credit, REST_EVERY, Rest};
use crate::streams::{Opening, Openings};
use crate::twins::Twins;

/// Everything that is remembered of one shard.
pub(crate) struct Conversations {
    table: Table,
    wheel: Wheel,
    openings: Openings,
    /// A conversation spoke both ways here. From then on those that do not are only counted.
    heard_both_ways: bool,
    /// The tunnels of flows that came in one.
    ingress: Ingress,
    /// The packets that came last.
    twins: Twins,
    /// Slots that come up in one turn of the wheel; kept for its memory.
    due: Vec<Slot>,
}

/// A packet, and where its flow is looked for.
pub(crate) struct Found<'p, 'a> {
    pub(crate) packet: &'p Packet<'a>,
    pub(crate) hash: u64,
    /// What a twin of it is known by.
    pub(crate) mark: u64,
    /// Way of the set where its tag was seen.
    pub(crate) likely: u8,
    /// The outermost tunnel that it came in.
    pub(crate) tunnel: Option<&'p Tunnel>,
}

/// A moment in whole seconds, up to the year 2106.
pub(crate) fn secs_of(nanos: u64) -> u32 {
    u32::try_from(Timestamp::from_nanos(nanos).secs()).unwrap_or(u32::MAX)
}

impl Conversations {
    /// None yet, in memory that suffices for all that there may be.
    pub(crate) fn new(bounds: &Bounds) -> Conversations {
        let table = Table::new(bounds.flows_max);
        let wheel = Wheel::new(table.slots());
        let openings = Openings::new(bounds.openings_bytes_max);
        Conversations {
            table,
            wheel,
            openings,
            heard_both_ways: false,
            ingress: Ingress::default(),
            twins: Twins::new(),
            due: Vec::new(),
        }
    }

    /// Read a word of the memory where the flow is looked for.
    #[inline]
    pub(crate) fn touch_head(&self, hash: u64) -> u64 {
        self.table.touch_head(hash)
    }

    /// Read the word where a packet's twin would be known.
    #[inline]
    pub(crate) fn touch_twin(&self, mark: u64) -> u64 {
        self.twins.touch(mark)
    }

    /// Read a word of the flow's row and of its opening, if it has them, and tell which way of its
    /// set it is.
    #[inline]
    pub(crate) fn touch_row(&self, hash: u64) -> (u64, u8) {
        let (word, way, opening) = self.table.touch_row(hash);
        (word ^ self.openings.get(opening).map_or(0, Opening::both_ends), way)
    }

    /// Take a packet in.
    #[inline(always)] // In the loop over a batch; the other place is a rare one.
    pub(crate) fn take(&mut self, found: &Found<'_, '_>, desk: &mut Desk<'_>) {
        let slot = self.table.find(&found.packet.key, found.hash, found.likely);
        if self.is_twin(slot, found, desk.at) {
            return self.twin(slot, found, desk);
        }
        self.put(slot, found, desk);
    }

    /// A packet came a moment before. Its octets may have been forged to look the same: of a stream
    /// that is still read, what came first has stood anyway, but what contradicts is to be seen.
    #[cold]
    fn twin(&mut self, slot: Option<Slot>, found: &Found<'_, '_>, desk: &mut Desk<'_>) {
        let packet = found.packet;
        desk.counts.take_back(packet.key.is_udp());
        let Some((slot, entry)) = slot.and_then(|slot| Some((slot, self.table.entry(slot)?)))
        else {
            return;
        };
        let wanted = packet.segment != Segment::Udp && !packet.payload.is_empty();
        if wanted && !entry.row.meta.all_done() {
            self.read(slot, found, false, None, desk);
        }
    }

    /// Take in what there is of a datagram that was never whole. No frame counts for it.
    pub(crate) fn take_part(&mut self, found: &Found<'_, '_>, desk: &mut Desk<'_>) {
        let slot = self.table.find(&found.packet.key, found.hash, found.likely);
        self.put(slot, found, desk);
    }

    #[inline]
    fn put(&mut self, slot: Option<Slot>, found: &Found<'_, '_>, desk: &mut Desk<'_>) {
        let secs = secs_of(desk.at.nanos());
        if let Some(slot) = slot
            && self.count(slot, found, secs, desk)
        {
            return;
        }
        let slot = self.open(found, secs, desk);
        self.count(slot, found, secs, desk);
    }

    /// Whether a packet came a moment before. A datagram that someone may read is looked at in full.
    #[inline]
    fn is_twin(&mut self, slot: Option<Slot>, found: &Found<'_, '_>, at: Timestamp) -> bool {
        let (packet, mark) = (found.packet, found.mark);
        if packet.segment == Segment::Udp && !packet.payload.is_empty() {
            let meta = slot.and_then(|slot| self.table.entry(slot)).map(|entry| entry.row.meta);
            if !meta.is_some_and(|meta| meta.has(Meta::GIVEN_UP) && meta.done(packet.way)) {
                return self.twins.same_again(mark, packet.payload, at);
            }
        }
        self.twins.again(mark, at)
    }

    /// Count a packet into a flow, and read it if anything is wanted of it. False when the flow
    /// turned out to be over; its place is free then.
    #[inline]
    fn count(&mut self, slot: Slot, found: &Found<'_, '_>, secs: u32, desk: &mut Desk<'_>) -> bool {
        let (packet, way) = (found.packet, found.packet.way);
        let Some(mut entry) = self.table.entry(slot) else { return false };
        if secs > secs_of(*entry.last) || packet.segment.greets() {
            if entry.row.begun() && self.superseded(slot, found, secs, desk) {
                return false;
            }
            match self.table.entry(slot) {
                Some(again) => entry = again,
                None => return false,
            }
        }
        let row = &mut *entry.row;
        let asked = if packet.segment.greets() { row.beginning(way.other()) } else { None };
        row.count(way, packet.ip_len);
        let goes_on = row.packets(way).is_multiple_of(REST_EVERY);
        *entry.last = desk.at.nanos().max(*entry.last);
        let mut meta = row.meta;
        let open_due = !meta.has(Meta::OPEN) && row.spoke(way.other());
        if open_due {
            meta.set(Meta::OPEN);
            self.heard_both_ways = true;
        }
        let was_closing = meta.closing();
        match packet.segment {
            Segment::Tcp { sequence, flags, .. } => {
                if flags.syn() {
                    row.note_beginning(way, sequence.wrapping_add(1));
                }
                if flags.rst() {
                    let opening = self.openings.get(*entry.opening);
                    // What its receiver can never take breaks nothing off (RFC 5961 §3.2).
                    if !opening.is_some_and(|opening| opening.is_far(way, sequence)) {
                        meta.set_reset(way);
                    }
                } else if flags.fin() {
                    meta.set_fin(way);
                } else if was_closing && !packet.payload.is_empty() {
                    meta.take_back_reset(way);
                }
                if way == meta.client() && !flags.syn() && !flags.rst() {
                    meta.set(Meta::ESTABLISHED);
                }
                row.meta = meta;
                let closing = meta.closing();
                if open_due || closing != was_closing {
                    entry.keep(meta.has(Meta::OPEN) && !closing);
                }
                if closing && !was_closing {
                    self.wheel.link(slot, secs.saturating_add(desk.bounds.patience(meta)));
                    // While it lingers, what was counted of it elsewhere can still be credited.
                    if meta.all_done() && desk.rests.wanted() {
                        desk.rests.tell(Rest::Over(entry.row.flow()));
                    }
                }
                if meta.all_done() && !open_due {
                    if goes_on {
                        self.tell_rest(slot, desk);
                    }
                    return true;
                }
            }
            Segment::Udp => {
                row.meta = meta;
                if open_due {
                    entry.keep(true);
                }
                if meta.has(Meta::GIVEN_UP) && meta.done(way) && !open_due {
                    if goes_on {
                        self.tell_rest(slot, desk);
                    }
                    return true;
                }
            }
        }
        self.read(slot, found, open_due, asked, desk);
        true
    }

    /// A flow goes on of which nothing is wanted here.
    #[cold]
    #[inline(never)]
    fn tell_rest(&mut self, slot: Slot, desk: &mut Desk<'_>) {
        if !desk.rests.wanted() || self.ingress.of(slot).is_some() {
            return;
        }
        let Some(entry) = self.table.entry(slot) else { return };
        let meta = entry.row.meta;
        // What comes yet may be a tunnel, whose conversations are others.
        if meta.is_udp() && Way::BOTH.iter().any(|way| is_of_tunnels(entry.row.end(*way).port)) {
            return;
        }
        // Both sides are done, and were heard: who never answers makes room for others instead.
        if meta.all_done() && meta.has(Meta::OPEN) && !meta.closing() {
            desk.rests.tell(Rest::Unwanted(entry.row.flow()));
        }
    }

    /// Count what was counted of a flow elsewhere.
    pub(crate) fn credit(&mut self, key: &Key, hash: u64, credit: &Credit) -> bool {
        let Some(slot) = self.table.find(key, hash, 0) else { return false };
        let opened = self.table.opened(slot);
        let Some(entry) = self.table.entry(slot) else { return false };
        // Another connection took the same ends since.
        if credit.last.nanos() < opened {
            return false;
        }
        let client = entry.row.meta.client();
        let turned = entry.row.flow().client != credit.flow.client;
        let client = if turned { client.other() } else { client };
        entry.row.credit(client, credit.from_client);
        entry.row.credit(client.other(), credit.from_server);
        *entry.last = credit.last.nanos().max(*entry.last);
        true
    }

    /// Something may be wanted of this packet, or its flow just opened. `asked` is where the other
    /// end's SYN, which this one answers, said that its octets begin.
    #[inline(never)]
    fn read(
        &mut self,
        slot: Slot,
        found: &Found<'_, '_>,
        open_due: bool,
        asked: Option<u32>,
        desk: &mut Desk<'_>,
    ) {
        self.make_room(slot, found.packet, desk);
        let Some(entry) = self.table.entry(slot) else { return };
        let ingress = self.ingress.of(slot);
        let mut talk =
            Talk { flow: entry.row.flow(), meta: entry.row.meta, ingress, open_due, desk };
        match found.packet.segment {
            Segment::Udp => {
                datagram::read(found, slot, entry.opening, &mut self.openings, &mut talk);
            }
            Segment::Tcp { sequence, acknowledged, flags } => {
                let began = entry.row.beginning(found.packet.way);
                let header = segment::Header { sequence, acknowledged, flags, began, asked };
                segment::read(found, &header, slot, entry.opening, &mut self.openings, &mut talk);
            }
        }
        talk.open();
        entry.row.meta = talk.meta;
    }

    /// Seconds that a flow may be silent. One that seems to be over while half a message is held of
    /// it may have been ended by no one but a forger: it gets as long as one that is half open.
    fn patience(&self, meta: Meta, number: u16, desk: &Desk<'_>) -> u32 {
        let amid = || self.openings.get(number).is_some_and(Opening::is_amid);
        if meta.closing() && !meta.finished() && amid() {
            return desk.bounds.patience_amid();
        }
        desk.bounds.patience(meta)
    }

    /// Octets came that may have to be held: where the budget is all but spent, the openings for
    /// which none came for longest are given up. So no one can fill it with beginnings that never
    /// go on and blind the sensor to those that do.
    fn make_room(&mut self, slot: Slot, packet: &Packet<'_>, desk: &mut Desk<'_>) {
        if packet.payload.is_empty() {
            return;
        }
        let own = self.table.entry(slot).map_or(0, |entry| *entry.opening);
        if own != 0 {
            self.openings.touch(own);
        }
        let octets = desk.bounds.window.len_max.next_power_of_two();
        while let Some((number, slot)) = self.openings.in_the_way(own, octets) {
            if let Some(entry) = self.table.entry(slot) {
                *entry.opening = 0;
                if entry.row.meta.is_udp() {
                    entry.row.meta.set(Meta::GIVEN_UP);
                }
                for way in Way::BOTH {
                    entry.row.meta.set_done(way, true);
                }
            }
            desk.counts.openings_over_budget += 1;
            self.openings.end(number);
        }
    }
}
