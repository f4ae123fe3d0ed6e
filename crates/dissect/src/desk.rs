//! What is at hand while a frame is worked on: the protocols, the counts, and the way out.

use std::collections::BTreeMap;
use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use model::{
    Fact, Flow, Frame, LinkType, Observation, Opening, Protocol, Refused, Side, Tally, Timestamp,
    Tunnel,
};

use crate::ends::Way;
use crate::flows::Meta;
use crate::fragments::Outcome;
use crate::limits::Limits;
use crate::protocols::reader::{Entry, Out};
use crate::rest::Rests;
use crate::streams::Window;

/// The limits in the units that are counted in, for one shard.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) flows_max: usize,
    pub(crate) openings_bytes_max: usize,
    pub(crate) window: Window,
    tcp_idle_secs: u32,
    tcp_half_open_secs: u32,
    tcp_linger_secs: u32,
    udp_idle_secs: u32,
}

impl Bounds {
    /// A shard's share of `limits`.
    pub(crate) fn share(limits: &Limits, shards: usize) -> Bounds {
        let secs = |time: std::time::Duration| {
            let whole = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
            u32::try_from(whole).unwrap_or(u32::MAX)
        };
        Bounds {
            flows_max: limits.flows_max / shards,
            openings_bytes_max: limits.openings_bytes_max / shards,
            window: Window {
                // Offsets must stay small against the circle of sequence numbers.
                len_max: limits.opening_len_max.min(1 << 20),
                holes_max: limits.holes_max,
            },
            tcp_idle_secs: secs(limits.tcp_idle),
            tcp_half_open_secs: secs(limits.tcp_half_open),
            tcp_linger_secs: secs(limits.tcp_linger),
            udp_idle_secs: secs(limits.udp_idle),
        }
    }

    /// Seconds that a TCP flow may be silent that seems to be over amid a message.
    pub(crate) const fn patience_amid(&self) -> u32 {
        if self.tcp_half_open_secs > self.tcp_linger_secs {
            self.tcp_half_open_secs
        } else {
            self.tcp_linger_secs
        }
    }

    /// Seconds that a flow in this state may be silent.
    pub(crate) const fn patience(&self, meta: Meta) -> u32 {
        if meta.is_udp() {
            self.udp_idle_secs
        } else if meta.closing() {
            self.tcp_linger_secs
        } else if meta.has(Meta::OPEN) {
            self.tcp_idle_secs
        } else {
            self.tcp_half_open_secs
        }
    }
}

/// The counts of a dissector, in the shape that is quick to add to.
#[derive(Clone, Default, Debug)]
pub(crate) struct Counts {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) tcp: u64,
    pub(crate) udp: u64,
    pub(crate) refused: [u64; Refused::ALL.len()],
    pub(crate) links_refused: BTreeMap<LinkType, u64>,
    pub(crate) reassembled: u64,
    pub(crate) unassembled: u64,
    pub(crate) flows: u64,
    pub(crate) flows_one_way: u64,
    pub(crate) flows_evicted: u64,
    pub(crate) openings_over_budget: u64,
    pub(crate) overlaps: u64,
    pub(crate) gaps: u64,
    pub(crate) anomalies: BTreeMap<&'static str, u64>,
    /// Octets shown to probes and readers; of those that a reader consumed, no more than it did.
    #[cfg(test)]
    pub(crate) looked: u64,
}

impl Counts {
    /// Octets were shown to a probe or a reader.
    #[cfg_attr(not(test), allow(clippy::unused_self, clippy::needless_pass_by_ref_mut))]
    #[inline]
    pub(crate) fn look(&mut self, _octets: usize) {
        #[cfg(test)]
        {
            self.looked += _octets as u64;
        }
    }

    /// A frame that is counted here.
    #[inline]
    pub(crate) fn frame(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        self.bytes += u64::from(frame.orig_len);
    }

    /// What it was a packet of.
    #[inline]
    pub(crate) fn packet(&mut self, udp: bool) {
        let udp = u64::from(udp);
        self.udp += udp;
        self.tcp += 1 - udp;
    }

    /// A frame that said nothing about a conversation.
    pub(crate) fn refuse(&mut self, why: Refused, link: LinkType) {
        // `Refused::ALL` is in the order of the variants.
        if let Some(count) = self.refused.get_mut(why as usize) {
            *count += 1;
        }
        if why == Refused::LinkType {
            *self.links_refused.entry(link).or_default() += 1;
        }
    }

    /// A packet that was counted is the same as one a moment before.
    #[cold]
    pub(crate) fn take_back(&mut self, udp: bool) {
        let packets = if udp { &mut self.udp } else { &mut self.tcp };
        *packets = packets.saturating_sub(1);
        self.refuse(Refused::Duplicate, LinkType::RAW);
    }

    /// What fragments did.
    pub(crate) fn fragmented(&mut self, outcome: &Outcome) {
        self.unassembled += outcome.given_up;
        if outcome.whole.is_some() {
            self.reassembled += 1;
        }
        if let Some(name) = outcome.anomaly {
            *self.anomalies.entry(name).or_default() += 1;
        }
    }

    /// In the model's words.
    pub(crate) fn tally(&self) -> Tally {
        let refused = Refused::ALL.into_iter().zip(self.refused);
        Tally {
            frames: self.frames,
            bytes: self.bytes,
            tcp: self.tcp,
            udp: self.udp,
            refused: refused.filter(|(_, count)| *count > 0).collect(),
            links_refused: self.links_refused.clone(),
            reassembled: self.reassembled,
            unassembled: self.unassembled,
            flows: self.flows,
            flows_one_way: self.flows_one_way,
            flows_evicted: self.flows_evicted,
            openings_over_budget: self.openings_over_budget,
            overlaps: self.overlaps,
            gaps: self.gaps,
            anomalies: self.anomalies.clone(),
        }
    }
}

/// What is at hand for one frame, or one tick of time.
pub(crate) struct Desk<'a> {
    pub(crate) protocols: &'static [Entry],
    pub(crate) bounds: &'a Bounds,
    pub(crate) counts: &'a mut Counts,
    pub(crate) out: &'a mut dyn FnMut(Observation),
    pub(crate) rests: &'a mut Rests,
    pub(crate) at: Timestamp,
    pub(crate) order: u64,
}

impl Desk<'_> {
    /// Stream protocols, a bit each by their place in the list.
    pub(crate) fn candidates(&self) -> u16 {
        let streams = self.protocols.iter().take(16).enumerate();
        let streams = streams.filter(|(_, entry)| entry.probe.is_some() && entry.start.is_some());
        streams.fold(0, |bits, (place, _)| bits | 1 << place)
    }
}

/// What is being said about one flow while a frame of it is worked on.
pub(crate) struct Talk<'d, 'a> {
    pub(crate) desk: &'d mut Desk<'a>,
    /// The flow as it stands.
    pub(crate) flow: Flow,
    /// Its state; goes back to the row.
    pub(crate) meta: Meta,
    /// The outermost tunnel that the flow came in.
    pub(crate) ingress: Option<Arc<Tunnel>>,
    /// `FlowOpen` is due: before the first fact, or when the frame is done with. Not at once, so
    /// that what the frame holds may still turn a guessed flow.
    pub(crate) open_due: bool,
}

impl Talk<'_, '_> {
    /// Tell `FlowOpen` if it is due.
    pub(crate) fn open(&mut self) {
        if mem::take(&mut self.open_due) {
            self.emit(Fact::FlowOpen);
        }
    }

    /// Tell a fact.
    pub(crate) fn tell(&mut self, fact: Fact) {
        self.open();
        self.emit(fact);
    }

    fn emit(&mut self, fact: Fact) {
        let (at, order) = (self.desk.at, self.desk.order);
        let ingress = self.ingress.clone();
        (self.desk.out)(Observation { at, order, flow: self.flow, ingress, fact });
    }

    /// Count an anomaly.
    pub(crate) fn count_anomaly(&mut self, name: &'static str) {
        *self.desk.counts.anomalies.entry(name).or_default() += 1;
    }

    /// Tell the first octets of one side of a flow that no protocol knows.
    pub(crate) fn tell_opening(&mut self, way: Way, first_len: u32, octets: &[u8]) {
        // Behind a gap the first segment's length is not known.
        let known = if first_len > 0 { first_len as usize } else { octets.len() };
        let first_len = u32::try_from(known).unwrap_or(u32::MAX);
        let octets = octets.get(..Opening::LEN_MAX).unwrap_or(octets).into();
        let side = self.meta.side(way);
        self.tell(Fact::Opening(Box::new(Opening { side, first_len, octets })));
    }

    /// Let a reader speak.
    pub(crate) fn lend<T>(&mut self, act: impl FnOnce(&mut Out<'_>) -> T) -> T {
        let Talk { desk, flow, ingress, open_due, .. } = self;
        let Desk { counts, out, at, order, .. } = &mut **desk;
        let (at, order, flow) = (*at, *order, *flow);
        let mut fact = |fact| {
            if mem::take(open_due) {
                let ingress = ingress.clone();
                out(Observation { at, order, flow, ingress, fact: Fact::FlowOpen });
            }
            out(Observation { at, order, flow, ingress: ingress.clone(), fact });
        };
        let mut anomaly = |name| *counts.anomalies.entry(name).or_default() += 1;
        act(&mut Out { flow: &flow, fact: &mut fact, anomaly: &mut anomaly })
    }

    /// The flow's content is `protocol`.
    pub(crate) const fn claim(&mut self, protocol: Protocol) {
        self.meta.set_protocol(protocol);
    }

    /// Packets of this way were sent by `side`, as their content tells. Roles that were seen
    /// stand, and a group is no one's client.
    pub(crate) fn turn(&mut self, way: Way, side: Side) {
        if self.meta.side(way) == side || self.meta.has(Meta::SURE) || is_group(self.flow.server.ip)
        {
            return;
        }
        self.meta.set_client(if side == Side::Client { way } else { way.other() });
        self.meta.set(Meta::GUESSED);
        mem::swap(&mut self.flow.client, &mut self.flow.server);
        self.flow.guessed = true;
    }
}

/// Whether an address stands for many hosts: multicast (RFC 1112 §4, RFC 4291 §2.7) or broadcast.
pub(crate) fn is_group(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_multicast(),
    }
}
