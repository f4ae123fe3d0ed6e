//! A message of DHCP (RFC 2131 §2) and its options (RFC 2132).

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use model::{Mac, Side};

use super::name;
use crate::hints::{one_host, one_interface};
use crate::protocols::limits::{DHCP_OPTIONS_MAX, DHCP_VALUE_MAX};

/// RFC 2131 §3: what follows is options.
const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// Octets before the options: fixed fields, server name (64) and file (128), cookie.
const HEAD_LEN: usize = 240;

/// The head of a request from an interface without an address: for fuzz bodies and tests.
pub(super) const HEAD_OF_A_REQUEST: [u8; HEAD_LEN] = {
    let mut head = [0; HEAD_LEN];
    // BOOTREQUEST, Ethernet, six octets of address; chaddr; cookie.
    (head[0], head[1], head[2]) = (1, 1, 6);
    (head[28], head[33]) = (2, 0x11);
    (head[236], head[237], head[238], head[239]) = (COOKIE[0], COOKIE[1], COOKIE[2], COOKIE[3]);
    head
};

/// Kinds of messages (RFC 2132 §9.6) that tell of a client.
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const INFORM: u8 = 8;

/// What was read.
pub(super) struct Message {
    kind: u8,
    asks: bool,
    /// The address that the client has and that it may use from now on (`ciaddr`, `yiaddr`).
    had: Ipv4Addr,
    given: Ipv4Addr,
    /// Option 50 (RFC 2132 §9.1).
    requested: Option<Ipv4Addr>,
    /// The client's interface, of Ethernet.
    pub(super) mac: Option<Mac>,
    /// Option 81 (RFC 4702), else option 12 (RFC 2132 §3.14).
    pub(super) name: Option<Arc<str>>,
    /// Options run over their end, or there are too many.
    pub(super) cut: bool,
}

impl Message {
    /// The address that the message gives the client, or that the client asks for: a server may
    /// yet refuse that (RFC 2131 §4.3.2), and then the client asks for another.
    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        let first = |one: Ipv4Addr, other: Option<Ipv4Addr>| {
            if one.is_unspecified() { other } else { Some(one) }
        };
        let address = match (self.kind, self.asks) {
            // §4.3.2: in `ciaddr` while it has one, to renew it; else in the option.
            (REQUEST, true) => first(self.had, self.requested),
            // §4.4.3: it has one that it got in another way.
            (INFORM, true) => Some(self.had),
            // §4.3.1; §4.3.5: what answers an INFORM gives none.
            (ACK, false) => first(self.given, Some(self.had)),
            _ => None,
        }?;
        one_host(IpAddr::V4(address)).map(|_| address)
    }
}

/// Who sent a datagram, if it is a message of DHCP.
pub(super) fn sender(octets: &[u8]) -> Option<Side> {
    // RFC 2131 §2: the longest hardware address there is room for has 16 octets.
    let (&op @ (1 | 2), &[_, 0..=16, ..]) = octets.split_first()? else { return None };
    let cookie = octets.get(HEAD_LEN.saturating_sub(COOKIE.len())..HEAD_LEN)?;
    (cookie == COOKIE).then_some(if op == 1 { Side::Client } else { Side::Server })
}

/// Read a message.
pub(super) fn read(octets: &[u8]) -> Option<Message> {
    let asks = sender(octets)? == Side::Client;
    let (head, options) = octets.split_first_chunk::<HEAD_LEN>()?;
    let address = |at: usize| -> Option<Ipv4Addr> {
        Some(Ipv4Addr::from(*head.get(at..)?.first_chunk::<4>()?))
    };
    // RFC 2131 §2: op, htype, hlen; ciaddr at 12, yiaddr at 16, chaddr at 28.
    let mac = match head {
        [_, 1, 6, ..] => head.get(28..)?.first_chunk().copied().and_then(one_interface),
        _ => None,
    };
    let mut found = Options { left: DHCP_OPTIONS_MAX, ..Options::default() };
    found.walk(options);
    // RFC 2131 §4.1: then the file's field, then the server name's.
    let overload = found.overload;
    if overload & 1 != 0 {
        found.walk(head.get(108..236)?);
    }
    if overload & 2 != 0 {
        found.walk(head.get(44..108)?);
    }
    Some(Message {
        kind: found.kind?,
        asks,
        had: address(12)?,
        given: address(16)?,
        requested: found.requested,
        mac,
        name: fqdn(&found.fqdn).or_else(|| name::text(&found.host)),
        cut: found.cut,
    })
}

/// RFC 4702 §2: flags, two octets of the past, and the name.
fn fqdn(option: &[u8]) -> Option<Arc<str>> {
    /// §2.1: the name is in labels; without, in ASCII as of old (§2.3.1).
    const ENCODED: u8 = 4;
    let (&[flags, _, _], octets) = option.split_first_chunk()?;
    if flags & ENCODED != 0 { name::labels(octets) } else { name::text(octets) }
}

#[derive(Default)]
struct Options {
    kind: Option<u8>,
    requested: Option<Ipv4Addr>,
    overload: u8,
    host: Vec<u8>,
    fqdn: Vec<u8>,
    /// Options that may yet be read.
    left: usize,
    cut: bool,
}

impl Options {
    fn walk(&mut self, mut octets: &[u8]) {
        while let Some((&code, rest)) = octets.split_first() {
            match code {
                // RFC 2132 §3.1, §3.2: padding, and the end.
                0 => {
                    octets = rest;
                    continue;
                }
                255 => return,
                _ => {}
            }
            let whole = rest.split_first().and_then(|(len, rest)| {
                rest.split_at_checked(usize::from(*len)).filter(|_| self.left > 0)
            });
            let Some((value, behind)) = whole else {
                self.cut = true;
                return;
            };
            self.left = self.left.saturating_sub(1);
            self.take(code, value);
            octets = behind;
        }
    }

    fn take(&mut self, code: u8, value: &[u8]) {
        match (code, value) {
            (53, [kind]) => self.kind = self.kind.or(Some(*kind)),
            (50, _) => {
                let address = value.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets));
                self.requested = self.requested.or(address);
            }
            (52, [overload]) => self.overload |= overload,
            // RFC 3396 §7: what comes in several options of the same code is one value.
            (12, _) => join(&mut self.host, value),
            (81, _) => join(&mut self.fqdn, value),
            _ => {}
        }
    }
}

fn join(held: &mut Vec<u8>, value: &[u8]) {
    let room = DHCP_VALUE_MAX.saturating_sub(held.len());
    held.extend(value.iter().take(room));
}
