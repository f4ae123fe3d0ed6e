//! What is remembered of one flow, in a cache line; when it began and when it last spoke stand beside it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::{Endpoint, Flow, Protocol, Side, Transport, VlanId, Volume};
use zerocopy::FromZeros;

use crate::ends::{Address, Each, Key, Way};

/// One flow.
///
/// | octets | |
/// |---|---|
/// | 0-15 | address of the lower end |
/// | 16-31 | address of the higher end |
/// | 32-35 | ports of both |
/// | 36-39 | [`Meta`]: transport, family, VLAN, roles, state, protocol |
/// | 40-47 | packets each way; they stay at 4,294,967,295 |
/// | 48-59 | octets each way, 48 bits (281 TB), low four octets first for both; see [`Row::note_beginning`] |
#[derive(Clone, Copy, Default, FromZeros)]
#[repr(C, align(64))]
pub(crate) struct Row {
    low: Address,
    high: Address,
    ports: Each<u16>,
    /// State.
    pub(crate) meta: Meta,
    packets: Each<u32>,
    octets_low: Each<u32>,
    octets_high: Each<u16>,
}

const _: () = assert!(size_of::<Row>() == 64);

impl Row {
    /// A flow that begins.
    pub(crate) fn new(key: &Key, vlan: Option<VlanId>) -> Row {
        let ports = Each::new(key.port(Way::FromLow), key.port(Way::FromHigh));
        let meta = Meta::new(key.tail, vlan);
        let (low, high) = (key.low, key.high);
        Row { low, high, ports, meta, ..Row::default() }
    }

    /// Whether this is the conversation `key`.
    pub(crate) const fn is(&self, key: &Key) -> bool {
        let tail = (*self.ports.of(Way::FromLow) as u64) << 32
            | (*self.ports.of(Way::FromHigh) as u64) << 16
            | self.meta.transport_and_family();
        // One comparison, not five branches.
        (self.low[0] ^ key.low[0])
            | (self.low[1] ^ key.low[1])
            | (self.high[0] ^ key.high[0])
            | (self.high[1] ^ key.high[1])
            | (tail ^ key.tail)
            == 0
    }

    /// A word of it.
    #[inline]
    pub(crate) const fn word(&self) -> u64 {
        self.low[0]
    }

    /// One more packet of `octets`.
    pub(crate) fn count(&mut self, way: Way, octets: u32) {
        if !self.spoke(way) {
            // There may be a note in their place.
            *self.octets_low.of_mut(way) = 0;
            *self.octets_high.of_mut(way) = 0;
        }
        let packets = self.packets.of_mut(way);
        *packets = packets.saturating_add(1);
        let low = self.octets_low.of_mut(way);
        let (sum, carried) = low.overflowing_add(octets);
        *low = sum;
        if carried {
            let high = self.octets_high.of_mut(way);
            *high = high.saturating_add(1);
        }
    }

    /// What was counted elsewhere of this way.
    pub(crate) fn credit(&mut self, way: Way, volume: Volume) {
        if volume.packets == 0 {
            return;
        }
        let mut left = volume.bytes;
        // At least once, for the packets; 4 GiB at a time, so that each carries at most once.
        loop {
            let part = u32::try_from(left).unwrap_or(u32::MAX);
            self.count(way, part);
            let Some(rest @ 1..) = left.checked_sub(u64::from(part)) else { break };
            left = rest;
            let packets = self.packets.of_mut(way);
            *packets = packets.saturating_sub(1);
        }
        let more = u32::try_from(volume.packets - 1).unwrap_or(u32::MAX);
        let packets = self.packets.of_mut(way);
        *packets = packets.saturating_add(more);
    }

    /// Packets that went this way, as far as they are counted.
    pub(crate) const fn packets(&self, way: Way) -> u32 {
        *self.packets.of(way)
    }

    /// Whether a packet went this way.
    pub(crate) const fn spoke(&self, way: Way) -> bool {
        *self.packets.of(way) > 0
    }

    /// A SYN said that the octets of this way begin with number `sequence`. Remembered as long as
    /// the other end is silent: after that, both know.
    pub(crate) const fn note_beginning(&mut self, way: Way, sequence: u32) {
        if !self.spoke(way.other()) {
            *self.octets_low.of_mut(way.other()) = sequence;
            *self.octets_high.of_mut(way.other()) = 1;
        }
    }

    /// What [`Row::note_beginning`] remembers.
    pub(crate) const fn beginning(&self, way: Way) -> Option<u32> {
        if self.spoke(way.other()) || *self.octets_high.of(way.other()) == 0 {
            return None;
        }
        Some(*self.octets_low.of(way.other()))
    }

    /// Whether any packet was counted yet.
    pub(crate) const fn begun(&self) -> bool {
        self.spoke(Way::FromLow) || self.spoke(Way::FromHigh)
    }

    /// What went this way.
    pub(crate) fn volume(&self, way: Way) -> Volume {
        if !self.spoke(way) {
            return Volume::default();
        }
        let bytes =
            u64::from(*self.octets_high.of(way)) << 32 | u64::from(*self.octets_low.of(way));
        Volume { packets: u64::from(*self.packets.of(way)), bytes }
    }

    /// The end that packets of this way come from.
    pub(crate) fn end(&self, way: Way) -> Endpoint {
        let address = match way {
            Way::FromLow => self.low,
            Way::FromHigh => self.high,
        };
        let [first, second] = address;
        let ip = if self.meta.is_v6() {
            IpAddr::V6(Ipv6Addr::from_bits(u128::from(first) << 64 | u128::from(second)))
        } else {
            // An IPv4 address has only the low 32 bits.
            IpAddr::V4(Ipv4Addr::from_bits(second as u32))
        };
        Endpoint { ip, port: *self.ports.of(way) }
    }

    /// The flow in the model's words.
    pub(crate) fn flow(&self) -> Flow {
        let client = self.meta.client();
        Flow {
            client: self.end(client),
            server: self.end(client.other()),
            transport: if self.meta.is_udp() { Transport::Udp } else { Transport::Tcp },
            vlan: self.meta.vlan(),
            guessed: self.meta.has(Meta::GUESSED),
        }
    }
}

/// The state of a flow, bit by bit.
///
/// | bits | |
/// |---|---|
/// | 0, 1 | UDP; IPv6 (as in the key) |
/// | 2-13 | VLAN, 0 for none |
/// | 14 | the higher end is the client |
/// | 15-24 | the named ones below |
/// | 25-27 | UDP: datagrams in a row that no protocol claimed; TCP: which ends broke off |
/// | 28-31 | protocol, 0 for none |
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, FromZeros)]
#[repr(transparent)]
pub(crate) struct Meta(u32);

impl Meta {
    const CLIENT_HIGH: u32 = 1 << 14;
    /// A SYN told who the client is.
    pub(crate) const SURE: u32 = 1 << 15;
    /// The roles are a guess.
    pub(crate) const GUESSED: u32 = 1 << 16;
    /// Both ends spoke, and `FlowOpen` was told.
    pub(crate) const OPEN: u32 = 1 << 17;
    /// After both ends spoke, more than SYNs was said.
    pub(crate) const ESTABLISHED: u32 = 1 << 18;
    const FIN_LOW: u32 = 1 << 19;
    const FIN_HIGH: u32 = 1 << 20;
    /// An end broke off.
    const RESET: u32 = 1 << 21;
    const DONE_LOW: u32 = 1 << 22;
    const DONE_HIGH: u32 = 1 << 23;
    /// Datagrams of this flow are looked at no more.
    pub(crate) const GIVEN_UP: u32 = 1 << 24;
    const RESET_LOW: u32 = 1 << 25;
    const RESET_HIGH: u32 = 1 << 26;
    const UNCLAIMED_SHIFT: u32 = 25;
    const UNCLAIMED_MASK: u32 = 7;
    const PROTOCOL_SHIFT: u32 = 28;
    const BOTH_FINS: u32 = Meta::FIN_LOW | Meta::FIN_HIGH;
    const BOTH_DONE: u32 = Meta::DONE_LOW | Meta::DONE_HIGH;

    fn new(tail: u64, vlan: Option<VlanId>) -> Meta {
        let kind = (tail & (Key::UDP | Key::V6)) as u32;
        Meta(kind | vlan.map_or(0, |vlan| u32::from(vlan.get())) << 2)
    }

    const fn transport_and_family(self) -> u64 {
        self.0 as u64 & (Key::UDP | Key::V6)
    }

    const fn is_v6(self) -> bool {
        self.transport_and_family() & Key::V6 != 0
    }

    /// Whether UDP carries it.
    pub(crate) const fn is_udp(self) -> bool {
        self.transport_and_family() & Key::UDP != 0
    }

    const fn vlan(self) -> Option<VlanId> {
        match self.0 >> 2 & 0x0fff {
            0 => None,
            // Twelve bits.
            id => Some(VlanId::from_tag(id as u16)),
        }
    }

    /// Whether all these bits are set.
    pub(crate) const fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }

    /// Set these bits.
    pub(crate) const fn set(&mut self, bits: u32) {
        self.0 |= bits;
    }

    /// The way of the client's packets.
    pub(crate) const fn client(self) -> Way {
        if self.has(Meta::CLIENT_HIGH) { Way::FromHigh } else { Way::FromLow }
    }

    /// Who the client is.
    pub(crate) const fn set_client(&mut self, way: Way) {
        match way {
            Way::FromLow => self.0 &= !Meta::CLIENT_HIGH,
            Way::FromHigh => self.0 |= Meta::CLIENT_HIGH,
        }
    }

    /// Which side packets of this way come from.
    pub(crate) fn side(self, way: Way) -> Side {
        if way == self.client() { Side::Client } else { Side::Server }
    }

    /// An end has no more to say.
    pub(crate) const fn set_fin(&mut self, way: Way) {
        self.0 |= match way {
            Way::FromLow => Meta::FIN_LOW,
            Way::FromHigh => Meta::FIN_HIGH,
        };
    }

    /// An end broke off.
    pub(crate) const fn set_reset(&mut self, way: Way) {
        self.0 |= Meta::RESET
            | match way {
                Way::FromLow => Meta::RESET_LOW,
                Way::FromHigh => Meta::RESET_HIGH,
            };
    }

    /// An end that seemed to have broken off goes on.
    pub(crate) const fn take_back_reset(&mut self, way: Way) {
        let (own, other) = match way {
            Way::FromLow => (Meta::RESET_LOW, Meta::RESET_HIGH),
            Way::FromHigh => (Meta::RESET_HIGH, Meta::RESET_LOW),
        };
        if self.has(Meta::RESET | own) {
            self.0 &= !own;
            if !self.has(other) {
                self.0 &= !Meta::RESET;
            }
        }
    }

    /// Both ends have no more to say.
    pub(crate) const fn finished(self) -> bool {
        self.has(Meta::BOTH_FINS)
    }

    /// It is over, and just waits for what comes late.
    pub(crate) const fn closing(self) -> bool {
        self.finished() || self.has(Meta::RESET)
    }

    /// Nothing more is wanted of this way's payload.
    pub(crate) const fn done(self, way: Way) -> bool {
        self.has(match way {
            Way::FromLow => Meta::DONE_LOW,
            Way::FromHigh => Meta::DONE_HIGH,
        })
    }

    /// Nothing more is wanted of either payload.
    pub(crate) const fn all_done(self) -> bool {
        self.has(Meta::BOTH_DONE)
    }

    /// Whether this way's payload is wanted.
    pub(crate) const fn set_done(&mut self, way: Way, done: bool) {
        let bit = match way {
            Way::FromLow => Meta::DONE_LOW,
            Way::FromHigh => Meta::DONE_HIGH,
        };
        if done {
            self.0 |= bit;
        } else {
            self.0 &= !bit;
        }
    }

    /// Datagrams in a row that no protocol claimed, up to seven.
    pub(crate) const fn unclaimed(self) -> u32 {
        self.0 >> Meta::UNCLAIMED_SHIFT & Meta::UNCLAIMED_MASK
    }

    /// Set that count.
    pub(crate) fn set_unclaimed(&mut self, count: u32) {
        let count = count.min(Meta::UNCLAIMED_MASK);
        self.0 &= !(Meta::UNCLAIMED_MASK << Meta::UNCLAIMED_SHIFT);
        self.0 |= count << Meta::UNCLAIMED_SHIFT;
    }

    /// What its content is, where a reader knew.
    pub(crate) const fn protocol(self) -> Option<Protocol> {
        match self.0 >> Meta::PROTOCOL_SHIFT {
            1 => Some(Protocol::Dns),
            2 => Some(Protocol::Mdns),
            3 => Some(Protocol::Llmnr),
            4 => Some(Protocol::Nbns),
            5 => Some(Protocol::Tls),
            6 => Some(Protocol::Http),
            7 => Some(Protocol::Quic),
            8 => Some(Protocol::Dtls),
            9 => Some(Protocol::Rdp),
            10 => Some(Protocol::Rfb),
            11 => Some(Protocol::Ssh),
            12 => Some(Protocol::Socks),
            13 => Some(Protocol::Dhcp),
            14 => Some(Protocol::Dhcpv6),
            _ => None,
        }
    }

    /// Set what its content is. The latest reader is right: a granted CONNECT becomes TLS.
    pub(crate) const fn set_protocol(&mut self, protocol: Protocol) {
        let number: u32 = match protocol {
            Protocol::Dns => 1,
            Protocol::Mdns => 2,
            Protocol::Llmnr => 3,
            Protocol::Nbns => 4,
            Protocol::Tls => 5,
            Protocol::Http => 6,
            Protocol::Quic => 7,
            Protocol::Dtls => 8,
            Protocol::Rdp => 9,
            Protocol::Rfb => 10,
            Protocol::Ssh => 11,
            Protocol::Socks => 12,
            Protocol::Dhcp => 13,
            Protocol::Dhcpv6 => 14,
        };
        self.0 = self.0 & !(0xf << Meta::PROTOCOL_SHIFT) | number << Meta::PROTOCOL_SHIFT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_carry_into_the_high_half() {
        let mut row = Row::default();
        for _ in 0..3 {
            row.count(Way::FromHigh, u32::MAX);
        }
        let want = Volume { packets: 3, bytes: 3 * u64::from(u32::MAX) };
        assert_eq!(
            (row.volume(Way::FromHigh), row.volume(Way::FromLow)),
            (want, Volume::default())
        );
    }

    #[test]
    fn a_reset_is_taken_back_by_the_end_that_it_came_from() {
        let mut meta = Meta::new(0, None);
        meta.set_reset(Way::FromHigh);
        meta.take_back_reset(Way::FromLow);
        assert!(meta.closing());
        meta.set_reset(Way::FromLow);
        meta.take_back_reset(Way::FromHigh);
        assert!(meta.closing());
        meta.take_back_reset(Way::FromLow);
        assert!(!meta.closing());
        assert_eq!(meta, Meta::new(0, None));
    }

    #[test]
    fn a_protocol_keeps_its_neighbours_bits() {
        let mut meta = Meta::new(Key::UDP, Some(VlanId::from_tag(4095)));
        meta.set_unclaimed(9);
        for protocol in [
            Protocol::Dns,
            Protocol::Mdns,
            Protocol::Llmnr,
            Protocol::Nbns,
            Protocol::Tls,
            Protocol::Http,
            Protocol::Quic,
            Protocol::Dtls,
            Protocol::Rdp,
            Protocol::Rfb,
            Protocol::Ssh,
            Protocol::Socks,
            Protocol::Dhcp,
            Protocol::Dhcpv6,
        ] {
            meta.set_protocol(protocol);
            assert_eq!(meta.protocol(), Some(protocol));
        }
        assert_eq!((meta.unclaimed(), meta.vlan().map(VlanId::get)), (7, Some(4095)));
        assert!(meta.is_udp() && !meta.is_v6() && !meta.closing());
    }
}
