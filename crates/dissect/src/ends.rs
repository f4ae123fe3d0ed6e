//! The two ends of a conversation, told apart by their order and not yet by their roles.

use std::net::IpAddr;

use model::{Flow, Transport};
use zerocopy::FromZeros;

/// Which of its two ends a packet came from. Ends are told apart by their place in the key; the
/// flow's row tells which of them is the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// From the end with the lower address and port.
    FromLow,
    /// From the other.
    FromHigh,
}

impl Way {
    /// Both.
    pub(crate) const BOTH: [Way; 2] = [Way::FromLow, Way::FromHigh];

    /// The other way.
    pub(crate) const fn other(self) -> Way {
        match self {
            Way::FromLow => Way::FromHigh,
            Way::FromHigh => Way::FromLow,
        }
    }
}

/// A value for each way.
#[derive(Clone, Copy, Default, FromZeros)]
#[repr(C)]
pub(crate) struct Each<T> {
    low: T,
    high: T,
}

impl<T> Each<T> {
    /// One for either way.
    pub(crate) const fn new(low: T, high: T) -> Each<T>
    where
        T: Copy,
    {
        Each { low, high }
    }

    pub(crate) const fn of(&self, way: Way) -> &T {
        match way {
            Way::FromLow => &self.low,
            Way::FromHigh => &self.high,
        }
    }

    pub(crate) const fn of_mut(&mut self, way: Way) -> &mut T {
        match way {
            Way::FromLow => &mut self.low,
            Way::FromHigh => &mut self.high,
        }
    }
}

/// An address as two big-endian words. IPv4 is in the low half of the second; [`Key::V6`] tells the
/// families apart, so that `1.2.3.4` is never `::1.2.3.4`.
pub(crate) type Address = [u64; 2];

fn words(ip: IpAddr) -> Address {
    match ip {
        IpAddr::V4(ip) => [0, u64::from(ip.to_bits())],
        IpAddr::V6(ip) => {
            let whole = ip.to_bits();
            // The halves of a 128-bit number fit 64 bits each.
            [(whole >> 64) as u64, whole as u64]
        }
    }
}

/// Both ends of a conversation, the lower one first, and what carries it.
///
/// The VLAN is no part of it: a span port may show the two directions of one conversation with
/// different tags, and a conversation torn in two halves would have neither roles nor names. Two
/// networks that use the same private addresses on different VLANs can so share a row while the
/// same ports meet; that is the rarer mistake.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Key {
    /// The lower end's address.
    pub(crate) low: Address,
    /// The higher end's address.
    pub(crate) high: Address,
    /// Ports of the lower end (bits 32 to 47) and of the higher (bits 16 to 31), then bit 1 for
    /// IPv6 and bit 0 for UDP.
    pub(crate) tail: u64,
}

impl Key {
    /// Set in `tail` when UDP carries the conversation.
    pub(crate) const UDP: u64 = 1;
    /// Set in `tail` when the addresses are of IPv6.
    pub(crate) const V6: u64 = 2;

    /// The conversation between two ends, and which way something from the first goes in it.
    #[inline]
    pub(crate) fn of(from: (Address, u16), to: (Address, u16), kind: u64) -> (Key, Way) {
        let number = |[high, low]: Address| u128::from(high) << 64 | u128::from(low);
        let (one, other) = (number(from.0), number(to.0));
        let turned = (one > other) | (one == other) & (from.1 > to.1);
        // No branch: which end is lower is anyone's guess, and a wrong one costs more than all this.
        let mask = u64::from(turned).wrapping_neg();
        let sorted = |one: u64, other: u64| {
            let both = (one ^ other) & mask;
            (one ^ both, other ^ both)
        };
        let (low_0, high_0) = sorted(from.0[0], to.0[0]);
        let (low_1, high_1) = sorted(from.0[1], to.0[1]);
        let (low_port, high_port) = sorted(u64::from(from.1), u64::from(to.1));
        let tail = low_port << 32 | high_port << 16 | kind;
        let way = if turned { Way::FromHigh } else { Way::FromLow };
        (Key { low: [low_0, low_1], high: [high_0, high_1], tail }, way)
    }

    /// The conversation that the model calls `flow`.
    pub(crate) fn of_flow(flow: &Flow) -> Key {
        let client = (words(flow.client.ip), flow.client.port);
        let server = (words(flow.server.ip), flow.server.port);
        let udp = if flow.transport == Transport::Udp { Key::UDP } else { 0 };
        let v6 = if flow.client.ip.is_ipv6() { Key::V6 } else { 0 };
        Key::of(client, server, udp | v6).0
    }

    /// The port of the end that packets of this way come from.
    pub(crate) const fn port(&self, way: Way) -> u16 {
        // Sixteen bits each.
        match way {
            Way::FromLow => (self.tail >> 32) as u16,
            Way::FromHigh => (self.tail >> 16) as u16,
        }
    }

    /// Whether UDP carries it.
    pub(crate) const fn is_udp(&self) -> bool {
        self.tail & Key::UDP != 0
    }
}
