//! A message of DHCP for IPv6 (RFC 8415 §8), out of those of the relays that passed it on (§9).

use std::net::Ipv6Addr;
use std::sync::Arc;

use model::{Mac, Side};

use crate::hints::one_interface;
use crate::protocols::dhcp::name;
use crate::protocols::limits::{DHCP_OPTIONS_MAX, DHCPV6_ADDRESSES_MAX, DHCPV6_RELAYS_MAX};

/// Kinds of messages (RFC 8415 §7.3).
const REQUEST: u8 = 3;
const RENEW: u8 = 5;
const REBIND: u8 = 6;
const REPLY: u8 = 7;
const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;

/// Options (§21; RFC 4704 §4; RFC 6939 §4).
const CLIENT_ID: u16 = 1;
const ADDRESSES: u16 = 3;
const TEMPORARY_ADDRESSES: u16 = 4;
const ADDRESS: u16 = 5;
const RELAYED: u16 = 9;
const NAME: u16 = 39;
const CLIENT_LINK_LAYER: u16 = 79;

/// What was read of a client.
#[derive(Default)]
pub(super) struct Message {
    /// The client says it; else the server.
    pub(super) asks: bool,
    /// The client's own address on its link, as the first relay saw it.
    pub(super) peer: Option<Ipv6Addr>,
    /// Its interface: as the first relay saw it, else out of the number that it made up of one.
    pub(super) mac: Option<Mac>,
    /// Its name (RFC 4704).
    pub(super) name: Option<Arc<str>>,
    /// Its addresses: those that it asks for or has, or that the server gives it.
    pub(super) addresses: Vec<Ipv6Addr>,
    /// Options run over their end, or there are too many.
    pub(super) cut: bool,
}

/// The octets of a message before its options: kind and number, or of a relay's kind, hops, and
/// two addresses, of which the second is whom it came from.
fn head(octets: &[u8]) -> Option<(u8, Option<Ipv6Addr>, &[u8])> {
    let (&kind, rest) = octets.split_first()?;
    match kind {
        RELAY_FORWARD | RELAY_REPLY => {
            let (_, rest) = rest.split_first_chunk::<17>()?;
            let (peer, options) = rest.split_first_chunk::<16>()?;
            Some((kind, Some(Ipv6Addr::from(*peer)), options))
        }
        1..=11 => Some((kind, None, rest.split_first_chunk::<3>()?.1)),
        _ => None,
    }
}

/// Who sent a datagram, if it is a message: its options fill it, or its capture was cut.
pub(super) fn sender(octets: &[u8]) -> Option<Side> {
    let (kind, _, options) = head(octets)?;
    let mut options = Options::of(options);
    // Every message has one at least.
    options.next()?;
    // ADVERTISE, REPLY, RECONFIGURE, RELAY-REPL.
    Some(if matches!(kind, 2 | REPLY | 10 | RELAY_REPLY) { Side::Server } else { Side::Client })
}

/// Read a message.
pub(super) fn read(octets: &[u8]) -> Option<Message> {
    let mut read = Message::default();
    let (mut kind, mut peer, mut rest) = head(octets)?;
    let mut seen = None;
    // RFC 8415 §7.6: no more hops than this.
    for _ in 0..DHCPV6_RELAYS_MAX {
        if peer.is_none() {
            break;
        }
        read.peer = peer;
        let mut inner = None;
        let mut options = Options::of(rest);
        for (code, value) in &mut options {
            match code {
                RELAYED => inner = inner.or(Some(value)),
                CLIENT_LINK_LAYER => seen = ethernet(value),
                _ => {}
            }
        }
        read.cut |= options.cut;
        (kind, peer, rest) = head(inner?)?;
    }
    if peer.is_some() {
        return None;
    }
    read.asks = kind != REPLY;
    let leases = matches!(kind, REQUEST | RENEW | REBIND | REPLY);
    // SOLICIT, CONFIRM and INFORMATION-REQUEST name the client too.
    if !leases && !matches!(kind, 1 | 4 | 11) {
        return None;
    }
    let mut options = Options::of(rest);
    for (code, value) in &mut options {
        match code {
            CLIENT_ID => read.mac = read.mac.or_else(|| identifier(value)),
            // Flags, then labels.
            NAME => read.name = value.get(1..).and_then(name::labels).or(read.name),
            ADDRESSES if leases => read.lease(value.get(12..)),
            TEMPORARY_ADDRESSES if leases => read.lease(value.get(4..)),
            _ => {}
        }
    }
    read.cut |= options.cut;
    read.mac = seen.or(read.mac);
    Some(read)
}

impl Message {
    /// The addresses of one association (RFC 8415 §21.4, §21.5): its options.
    fn lease(&mut self, options: Option<&[u8]>) {
        let mut options = Options::of(options.unwrap_or_default());
        for (code, value) in &mut options {
            // §21.6: the address, and for how many seconds it is preferred and valid. A client
            // leaves those 0; a server takes the address back with it.
            let Some((address, &[_, _, _, _, ref valid @ ..])) =
                value.split_first_chunk::<16>().filter(|_| code == ADDRESS)
            else {
                continue;
            };
            let over = valid.first_chunk::<4>() == Some(&[0; 4]);
            let address = Ipv6Addr::from(*address);
            let room = self.addresses.len() < DHCPV6_ADDRESSES_MAX;
            if room && (self.asks || !over) && !self.addresses.contains(&address) {
                self.addresses.push(address);
            }
        }
        self.cut |= options.cut;
    }
}

/// RFC 8415 §11.2, §11.4: an identifier made of a link-layer address, and a time or none. It stays
/// when the interface goes, so that it is a hint and no more.
fn identifier(value: &[u8]) -> Option<Mac> {
    match value {
        [0, 1, kind_high, kind_low, _, _, _, _, address @ ..]
        | [0, 3, kind_high, kind_low, address @ ..] => {
            ethernet(&[&[*kind_high, *kind_low], address].concat())
        }
        _ => None,
    }
}

/// A hardware type and an address of it: Ethernet's.
fn ethernet(value: &[u8]) -> Option<Mac> {
    let (kind, address) = value.split_first_chunk::<2>()?;
    let address: [u8; 6] = address.try_into().ok().filter(|_| *kind == [0, 1])?;
    one_interface(address)
}

/// Options, one behind the other (RFC 8415 §21.1): code, length, value.
struct Options<'a> {
    rest: &'a [u8],
    left: usize,
    cut: bool,
}

impl<'a> Options<'a> {
    fn of(rest: &'a [u8]) -> Options<'a> {
        Options { rest, left: DHCP_OPTIONS_MAX, cut: false }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        if self.rest.is_empty() || self.cut {
            return None;
        }
        let whole = self.rest.split_first_chunk::<4>().and_then(|(&[a, b, c, d], rest)| {
            let len = usize::from(u16::from_be_bytes([c, d]));
            let (value, rest) = rest.split_at_checked(len).filter(|_| self.left > 0)?;
            Some((u16::from_be_bytes([a, b]), value, rest))
        });
        let Some((code, value, rest)) = whole else {
            self.cut = true;
            return None;
        };
        (self.rest, self.left) = (rest, self.left.saturating_sub(1));
        Some((code, value))
    }
}
