//! Where every frame went. The sum closes: each frame is in just one bucket.

use crate::LinkType;
use std::collections::BTreeMap;

/// Why a frame told nothing about a conversation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Refused {
    /// A link layer that is not read yet.
    LinkType,
    /// No IP inside: ARP, STP, LLDP …
    NotIp,
    /// IP without TCP or UDP: ICMP, IGMP, ESP …
    OtherTransport,
    /// Inside an encapsulation that is not opened.
    Encapsulated,
    /// A fragment of a datagram; the one that makes it whole counts as the datagram.
    Fragment,
    /// Cut before its ports.
    Truncated,
    /// Headers that contradict themselves.
    Malformed,
    /// The same packet as one a moment before: a span port that mirrors both ways in and out.
    Duplicate,
}

impl Refused {
    /// Every reason.
    pub const ALL: [Refused; 8] = [
        Refused::LinkType,
        Refused::NotIp,
        Refused::OtherTransport,
        Refused::Encapsulated,
        Refused::Fragment,
        Refused::Truncated,
        Refused::Malformed,
        Refused::Duplicate,
    ];

    /// The reason as it stands in a health record.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Refused::LinkType => "link_type",
            Refused::NotIp => "not_ip",
            Refused::OtherTransport => "other_transport",
            Refused::Encapsulated => "encapsulated",
            Refused::Fragment => "fragment",
            Refused::Truncated => "truncated",
            Refused::Malformed => "malformed",
            Refused::Duplicate => "duplicate",
        }
    }
}

/// Counts of a dissector. `frames == tcp + udp + the sum of refused`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Frames given.
    pub frames: u64,
    /// Their octets on the wire.
    pub bytes: u64,
    /// Frames with a TCP segment that was read.
    pub tcp: u64,
    /// Frames with a UDP datagram that was read.
    pub udp: u64,
    /// Frames that were not, by reason.
    pub refused: BTreeMap<Refused, u64>,
    /// Link types that were refused, and how many frames each had.
    pub links_refused: BTreeMap<LinkType, u64>,
    /// Datagrams that were put together from fragments.
    pub reassembled: u64,
    /// Datagrams of which fragments never came, or for which there was no room.
    pub unassembled: u64,
    /// Flows opened.
    pub flows: u64,
    /// Flows that ended without their second end having spoken.
    pub flows_one_way: u64,
    /// Flows that lost their place to another.
    pub flows_evicted: u64,
    /// Openings that were given up since the octet budget was spent.
    pub openings_over_budget: u64,
    /// Segments whose octets contradicted ones that were there first.
    pub overlaps: u64,
    /// Streams that were given up since a gap never closed.
    pub gaps: u64,
    /// Messages of a known protocol that could be read in part or not at all.
    pub anomalies: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Whether each frame is in just one bucket.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.frames == self.tcp + self.udp + self.refused.values().sum::<u64>()
    }

    /// Add the counts of another lane.
    pub fn add(&mut self, other: &Tally) {
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.tcp += other.tcp;
        self.udp += other.udp;
        self.reassembled += other.reassembled;
        self.unassembled += other.unassembled;
        self.flows += other.flows;
        self.flows_one_way += other.flows_one_way;
        self.flows_evicted += other.flows_evicted;
        self.openings_over_budget += other.openings_over_budget;
        self.overlaps += other.overlaps;
        self.gaps += other.gaps;
        for (&reason, count) in &other.refused {
            *self.refused.entry(reason).or_default() += count;
        }
        for (&link, count) in &other.links_refused {
            *self.links_refused.entry(link).or_default() += count;
        }
        for (&anomaly, count) in &other.anomalies {
            *self.anomalies.entry(anomaly).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_closes_and_lanes_add_up() {
        let mut one = Tally { frames: 3, tcp: 1, udp: 1, ..Tally::default() };
        assert!(!one.closes());
        one.refused.insert(Refused::NotIp, 1);
        assert!(one.closes());
        let two = one.clone();
        one.add(&two);
        assert_eq!((one.frames, one.refused.get(&Refused::NotIp)), (6, Some(&2)));
        assert!(one.closes());
    }
}
