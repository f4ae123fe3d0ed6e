//! Tunnels over UDP. Their ports are any one's to use, so what is there has to make sense as a
//! tunnel: otherwise the datagram is an ordinary one. On other ports than their own, more is asked.

use model::{Refused, TunnelKind};

use super::descent::{self, Descent, Inside, Next, Step, head, skip};
use super::ip::{self, Datagram};
use super::transport::Head;
use super::wlan::Form;
use super::{Packet, Stop, ether, gre, l2tp};
use crate::limits::GTP_EXTENSIONS_MAX;

const GTP_V0: u16 = 3386;
const GTP_U: u16 = 2152;
const TEREDO: u16 = 3544;
const L2TP: u16 = 1701;
const LISP: u16 = 4341;
const GRE: u16 = 4754;
const VXLAN: u16 = 4789;
const VXLAN_GPE: u16 = 4790;
const CAPWAP: u16 = 5247;
const GUE: u16 = 6080;
const GENEVE: u16 = 6081;
const MPLS: u16 = 6635;
const VXLAN_OLD: u16 = 8472;
const TZSP: u16 = 37008;

/// How far the header alone is to be trusted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// What is inside may be anything that makes sense.
    Sure,
    /// It must be IP, or hold it.
    Likely,
    /// It must be IP that can be vouched for.
    Vouched,
}

/// Whether a datagram may be a tunnel's: a few compares, for every UDP datagram there is.
#[inline]
pub(super) fn suspected(head: &Head<'_>) -> bool {
    let (from, to) = head.ports;
    is_of_tunnels(to) || answering_port(from) || content(head.payload)
}

/// Ports that tunnels send to.
#[inline]
pub(crate) const fn is_of_tunnels(port: u16) -> bool {
    answering_port(port)
        || matches!(port, LISP | GRE | VXLAN | VXLAN_GPE | GUE | GENEVE | MPLS | VXLAN_OLD | TZSP)
}

/// Those that they send from as well.
#[inline]
const fn answering_port(port: u16) -> bool {
    matches!(port, L2TP | GTP_U | GTP_V0 | TEREDO | CAPWAP)
}

/// Whether the first octets are those of VXLAN, GENEVE, GTP-U or Teredo.
#[inline]
fn content(payload: &[u8]) -> bool {
    let Some(&[a, b, c, d, e, f, _, h]) = payload.first_chunk() else { return false };
    match a {
        0x00..=0x3f => {
            [a, b, c, d, h] == [8, 0, 0, 0, 0]
                || a & 0xf8 == 0x30 && b == 0xff
                || h == 0 && matches!([c, d], [0x65, 0x58] | [0x08, 0] | [0x86, 0xdd])
                || a == 0 && b <= 1
        }
        0x60..=0x6f => usize::from(u16::from_be_bytes([e, f])).saturating_add(40) == payload.len(),
        _ => false,
    }
}

/// Open a datagram that is [`suspected`]; nothing when it is an ordinary one after all.
#[cold]
#[inline(never)]
pub(super) fn open<'a>(
    head: &Head<'a>,
    datagram: &Datagram<'_>,
    descent: &mut Descent<'_>,
) -> Option<Result<Packet<'a>, Stop<'a>>> {
    let (from, to) = head.ports;
    let wire = head.payload_len;
    let known = match by_port(to, head.payload, wire) {
        None if answering_port(from) => by_port(from, head.payload, wire),
        known => known,
    };
    let (inside, trust) = known.or_else(|| by_content(head.payload, wire))?;
    let mut tunnel = *descent.tunnel;
    let mut inner =
        descent.inside(&mut tunnel, wire.saturating_sub(descent::clamp(head.payload.len())));
    let wire = inner.wire(inside.rest);
    if trust == Trust::Vouched && !vouched(inside.next, inside.rest, wire) {
        return None;
    }
    let verdict = match inner.enter(&inside, datagram) {
        Ok(()) => descent::walk(inside.next, inside.rest, &mut inner),
        Err(why) => Err(why.into()),
    };
    match verdict {
        Err(Stop::Refused(Refused::Truncated | Refused::Malformed | Refused::LinkType)) => None,
        Err(Stop::Refused(Refused::NotIp) | Stop::Neighbour(Refused::NotIp, _))
            if trust != Trust::Sure =>
        {
            None
        }
        verdict => {
            *descent.tunnel = tunnel;
            Some(verdict)
        }
    }
}

fn vouched(next: Next, rest: &[u8], wire: u32) -> bool {
    match next {
        Next::Ethernet => ether::vouched(rest, wire),
        Next::V4 => ip::vouched(4, rest, wire),
        Next::V6 => ip::vouched(6, rest, wire),
        Next::Ip => rest.first().is_some_and(|first| ip::vouched(first >> 4, rest, wire)),
        _ => false,
    }
}

type Offer<'a> = Option<(Inside<'a>, Trust)>;

fn offer<'a>(kind: TunnelKind, id: Option<u32>, step: Step<'a>, trust: Trust) -> Offer<'a> {
    let (next, rest) = step.ok()?;
    Some((Inside { kind, id, tag: None, next, rest }, trust))
}

fn by_port(port: u16, payload: &[u8], wire: u32) -> Offer<'_> {
    match port {
        VXLAN | VXLAN_OLD => vxlan(payload),
        VXLAN_GPE => vxlan_gpe(payload),
        GENEVE => geneve(payload),
        GTP_U => gtp(payload, wire),
        GTP_V0 => gtp_v0(payload, wire),
        TEREDO => teredo(payload),
        GRE => {
            // RFC 8086 §3.1: version 0 only.
            let version_0 = payload.get(1).is_some_and(|low| low & 7 == 0);
            let inside = gre::open(payload).ok().filter(|_| version_0)?;
            Some((inside, Trust::Likely))
        }
        MPLS => offer(TunnelKind::Mpls, None, Ok((Next::Mpls, payload)), Trust::Likely),
        L2TP => Some((l2tp::over_udp(payload, wire)?, Trust::Sure)),
        LISP => {
            // RFC 9300 §5.1: 8 octets of flags, nonce and locator bits.
            let step = skip(payload, 8).map(|rest| (Next::Ip, rest));
            offer(TunnelKind::Lisp, None, step, Trust::Vouched)
        }
        CAPWAP => capwap(payload),
        GUE => gue(payload),
        TZSP => tzsp(payload),
        _ => None,
    }
}

fn by_content(payload: &[u8], wire: u32) -> Offer<'_> {
    let found = match payload.first_chunk()? {
        [0x08, 0, 0, 0] => vxlan(payload),
        [0, 0 | 1, _, _] | [0x60..=0x6f, ..] => teredo(payload),
        [0x30..=0x37, 0xff, ..] => gtp(payload, wire),
        _ => None,
    };
    let (inside, _) = found.or_else(|| geneve(payload))?;
    Some((inside, Trust::Vouched))
}

/// RFC 7348 §5: flags, of which one says that the number holds; what is reserved is 0.
fn vxlan(payload: &[u8]) -> Offer<'_> {
    let (&[flags, a, b, c, id @ ..], rest) = head::<8>(payload).ok()?;
    let strict = [flags, a, b, c] == [8, 0, 0, 0];
    let trust = if strict { Trust::Sure } else { Trust::Likely };
    let id = u32::from_be_bytes(id) >> 8;
    (flags & 8 != 0).then_some(())?;
    offer(TunnelKind::Vxlan, Some(id), Ok((Next::Ethernet, rest)), trust)
}

/// draft-ietf-nvo3-vxlan-gpe §3: a flag says that the fourth octet names what follows.
fn vxlan_gpe(payload: &[u8]) -> Offer<'_> {
    let (&[flags, _, _, next, id @ ..], rest) = head::<8>(payload).ok()?;
    if flags & 0x0c != 0x0c {
        return vxlan(payload);
    }
    let step = ether::by_number(next, rest);
    offer(TunnelKind::Vxlan, Some(u32::from_be_bytes(id) >> 8), step, Trust::Likely)
}

/// RFC 8926 §3.4: version 0, words of options, an EtherType, the network's number.
fn geneve(payload: &[u8]) -> Offer<'_> {
    let (&[options, flags, high, low, id @ ..], rest) = head::<8>(payload).ok()?;
    if options >> 6 != 0 {
        return None;
    }
    let rest = skip(rest, usize::from(options).saturating_mul(4)).ok()?;
    let id = u32::from_be_bytes(id);
    let (next, usual) = match u16::from_be_bytes([high, low]) {
        0x6558 => (Next::Ethernet, true),
        0x0800 => (Next::V4, true),
        0x86dd => (Next::V6, true),
        kind => (Next::Type(kind), false),
    };
    let strict = usual && flags & 0x3f == 0 && id & 0xff == 0;
    let trust = if strict { Trust::Sure } else { Trust::Likely };
    offer(TunnelKind::Geneve, Some(id >> 8), Ok((next, rest)), trust)
}

/// 3GPP TS 29.281 §5.1: version 1 of GTP, a G-PDU, no longer than the datagram. Echoes and errors
/// are the ends' own words, and ordinary datagrams.
fn gtp(payload: &[u8], wire: u32) -> Offer<'_> {
    let (&[flags, kind, a, b, id @ ..], mut rest) = head::<8>(payload).ok()?;
    let len = u32::from(u16::from_be_bytes([a, b]));
    if flags & 0xf0 != 0x30 || kind != 0xff || len.saturating_add(8) > wire {
        return None;
    }
    if flags & 7 != 0 {
        let (&[_, _, _, mut next], behind) = head(rest).ok()?;
        rest = behind;
        // §5.2.1: each tells its length in words of 4 octets, and last what comes next.
        for _ in 0..GTP_EXTENSIONS_MAX {
            if next == 0 || flags & 4 == 0 {
                break;
            }
            let len = usize::from(*rest.first()?).checked_mul(4).filter(|len| *len > 0)?;
            let (extension, behind) = rest.split_at_checked(len)?;
            (next, rest) = (*extension.last()?, behind);
        }
    }
    let id = u32::from_be_bytes(id);
    offer(TunnelKind::GtpU, Some(id), Ok((Next::Ip, rest)), Trust::Likely)
}

/// GSM 09.60 §6: version 0 has 20 octets.
fn gtp_v0(payload: &[u8], wire: u32) -> Offer<'_> {
    let (&[flags, kind, a, b, ..], rest) = head::<20>(payload).ok()?;
    let len = u32::from(u16::from_be_bytes([a, b]));
    if flags & 0xf0 != 0x10 || kind != 0xff || len.saturating_add(20) > wire {
        return None;
    }
    offer(TunnelKind::GtpU, None, Ok((Next::Ip, rest)), Trust::Likely)
}

/// RFC 4380 §5.1.1: maybe who may speak, maybe whence it came, then IPv6, one end of which is in
/// Teredo's prefix or on the link. A bubble has nothing inside.
fn teredo(payload: &[u8]) -> Offer<'_> {
    const NOTHING: u8 = 59;
    let mut rest = payload;
    if let [0, 1, client, value, ..] = rest {
        let len = usize::from(*client).saturating_add(usize::from(*value)).saturating_add(13);
        rest = skip(rest, len).ok()?;
    }
    if let [0, 0, ..] = rest {
        rest = skip(rest, 8).ok()?;
    }
    let (&[first, _, _, _, _, _, next, _], addresses) = head(rest).ok()?;
    let (&[a, b, c, d, ..], destination) = head::<16>(addresses).ok()?;
    let (&[e, f, g, h], _) = head(destination).ok()?;
    let teredo = |prefix: [u8; 4]| matches!(prefix, [0x20, 0x01, 0, 0] | [0xfe, 0x80, ..]);
    if first >> 4 != 6 || next == NOTHING || !(teredo([a, b, c, d]) || teredo([e, f, g, h])) {
        return None;
    }
    offer(TunnelKind::Teredo, None, Ok((Next::V6, rest)), Trust::Vouched)
}

/// RFC 5415 §4.3: words of the header, the kind of radio, and whether the frame is as it was on the
/// air. Fragments are left alone.
fn capwap(payload: &[u8]) -> Offer<'_> {
    const NATIVE: u8 = 0x01;
    const FRAGMENT: u8 = 0x80;
    const WLAN: u8 = 1;
    let (&[preamble, words, radio, flags], _) = head(payload).ok()?;
    if preamble != 0 || flags & FRAGMENT != 0 {
        return None;
    }
    let rest = skip(payload, usize::from(words >> 3).max(2).saturating_mul(4)).ok()?;
    let next = match (radio & NATIVE, radio >> 1 & 0x1f) {
        (0, _) => Next::Ethernet,
        (_, WLAN) => Next::Wlan(Form::Tunnelled),
        _ => return None,
    };
    offer(TunnelKind::Capwap, None, Ok((next, rest)), Trust::Likely)
}

/// draft-ietf-intarea-gue §3: version 0 names an IP protocol, version 1 is IP itself.
fn gue(payload: &[u8]) -> Offer<'_> {
    let step = match payload {
        [0x40..=0x7f, ..] => Ok((Next::Ip, payload)),
        [words @ 0..=0x1f, protocol @ (4 | 41), _, _, ..] => {
            let len = usize::from(*words).saturating_add(1).saturating_mul(4);
            skip(payload, len).map(|rest| (if *protocol == 4 { Next::V4 } else { Next::V6 }, rest))
        }
        _ => return None,
    };
    offer(TunnelKind::IpInIp, None, step, Trust::Vouched)
}

/// TaZmen sniffer protocol: version 1, received or sent, what is inside; tagged fields up to one
/// that ends them.
fn tzsp(payload: &[u8]) -> Offer<'_> {
    let (&[version, kind, high, low], mut rest) = head(payload).ok()?;
    if version != 1 || kind > 1 {
        return None;
    }
    let next = match u16::from_be_bytes([high, low]) {
        1 => Next::Ethernet,
        18 => Next::Wlan(Form::Plain),
        _ => return None,
    };
    // No more fields than have names.
    for _ in 0..u8::MAX {
        let (&tag, behind) = rest.split_first()?;
        rest = match tag {
            0 => behind,
            1 => return offer(TunnelKind::Tzsp, None, Ok((next, behind)), Trust::Sure),
            _ => {
                let (&len, behind) = behind.split_first()?;
                skip(behind, usize::from(len)).ok()?
            }
        };
    }
    None
}
