//! Link types whose header the capturing host made up: "cooked" captures, logs of firewalls,
//! loopbacks.

use model::{LinkType, Refused};

use super::descent::{Descent, Next, Step, head, skip};

/// What a cooked header tells: the kind of interface (ARPHRD_) and what follows.
fn by_interface(kind: u16, protocol: u16, rest: &[u8]) -> Step<'_> {
    match kind {
        // Frame Relay's own header follows.
        770 => Ok((Next::FrameRelay, rest)),
        801 => Ok((Next::Link(LinkType::IEEE802_11), rest)),
        802 => Ok((Next::Link(LinkType::PRISM), rest)),
        803 => Ok((Next::Link(LinkType::RADIOTAP), rest)),
        // Netlink: the protocol is a family of its own.
        824 => Err(Refused::NotIp),
        _ => match protocol {
            // A whole frame of Novell's (1); anything, or the host did not know (3).
            1 | 3 => Err(Refused::NotIp),
            _ => Ok((Next::Type(protocol), rest)),
        },
    }
}

/// LINKTYPE_LINUX_SLL: type, ARPHRD_, address length, address (8), protocol.
pub(super) fn linux(bytes: &[u8]) -> Step<'_> {
    let (&[_, _, a, b, .., c, d], rest) = head::<16>(bytes)?;
    by_interface(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]), rest)
}

/// LINKTYPE_LINUX_SLL2: protocol, reserved, interface (4), ARPHRD_, type, address.
pub(super) fn linux_2(bytes: &[u8]) -> Step<'_> {
    let (&[c, d, _, _, _, _, _, _, a, b, ..], rest) = head::<20>(bytes)?;
    by_interface(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]), rest)
}

/// The address family as a host wrote it: its own order, or the network's. Some hosts write what
/// PPP's header would be, or an EtherType.
pub(super) fn loopback(bytes: &[u8]) -> Step<'_> {
    let (&family, rest) = head(bytes)?;
    match u32::from_be_bytes(family).min(u32::from_le_bytes(family)) {
        2 => Ok((Next::V4, rest)),
        // AF_INET6 of Linux, NetBSD/OpenBSD, FreeBSD, macOS.
        10 | 24 | 28 | 30 => Ok((Next::V6, rest)),
        0x0800 => Ok((Next::V4, rest)),
        0x86dd => Ok((Next::V6, rest)),
        _ if family.starts_with(&[0xff, 0x03]) => Ok((Next::Ppp, bytes)),
        _ => Err(Refused::NotIp),
    }
}

/// LINKTYPE_NFLOG: family, version, group; then fields of length, kind and value, in the order of
/// the host that logged, each padded to 4 octets. One of them is the datagram.
pub(super) fn nflog(bytes: &[u8]) -> Step<'_> {
    const PAYLOAD: u16 = 9;
    let (&[_, version, _, _], mut rest) = head(bytes)?;
    if version != 0 {
        return Err(Refused::Malformed);
    }
    // Every field takes 4 octets at least.
    loop {
        let (&[a, b, c, d], behind) = head(rest)?;
        // Kinds are small numbers, so one of their octets is 0.
        let little = d == 0;
        let order = |pair| if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
        let (len, kind) = (usize::from(order([a, b])), order([c, d]));
        let value = len.checked_sub(4).ok_or(Refused::Malformed)?;
        if kind == PAYLOAD {
            return Ok((Next::Ip, behind.get(..value).unwrap_or(behind)));
        }
        rest = skip(behind, value.next_multiple_of(4))?;
    }
}

/// LINKTYPE_PFLOG: how long the header is without its padding to 4 octets; 45 to 100 of the kinds
/// there are.
pub(super) fn pflog(bytes: &[u8]) -> Step<'_> {
    let (&[len], _) = head(bytes)?;
    Ok((Next::Ip, skip(bytes, usize::from(len).max(44).next_multiple_of(4))?))
}

/// LINKTYPE_PKTAP: length, kind (1 is a packet) and link type, little-endian, at the beginning.
/// Apple numbers link types as BSD does.
pub(super) fn pktap<'a>(bytes: &'a [u8], descent: &mut Descent<'_>) -> Step<'a> {
    const LEN_MIN: u32 = 108;
    descent.deeper()?;
    let (&[a, b, c, d, kind, _, _, _, link @ ..], _) = head::<12>(bytes)?;
    let len = u32::from_le_bytes([a, b, c, d]);
    if len < LEN_MIN || kind != 1 {
        return Err(Refused::NotIp);
    }
    let link = u16::try_from(u32::from_le_bytes(link)).map_err(|_| Refused::LinkType)?;
    Ok((Next::Link(LinkType(link)), skip(bytes, len as usize)?))
}

/// LINKTYPE_WIRESHARK_UPPER_PDU: fields of kind, length and value up to one of kind 0; one names
/// what the rest is.
pub(super) fn exported(bytes: &[u8]) -> Step<'_> {
    const NAME: u16 = 12;
    let mut next = None;
    let mut rest = bytes;
    // Every field takes 4 octets.
    loop {
        let (&[a, b, c, d], behind) = head(rest)?;
        let (kind, len) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        if kind == 0 {
            return Ok((next.ok_or(Refused::LinkType)?, skip(behind, usize::from(len))?));
        }
        let (value, behind) =
            behind.split_at_checked(usize::from(len)).ok_or(Refused::Truncated)?;
        if kind == NAME {
            next = match value.split(|octet| *octet == 0).next() {
                Some(b"ip") => Some(Next::V4),
                Some(b"ipv6") => Some(Next::V6),
                Some(b"eth" | b"eth_withoutfcs" | b"eth_maybefcs") => Some(Next::Ethernet),
                Some(b"ppp") => Some(Next::Ppp),
                _ => None,
            };
        }
        rest = behind;
    }
}
