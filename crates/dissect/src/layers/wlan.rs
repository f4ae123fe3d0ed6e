//! IEEE 802.11 data frames in clear, and the headers that capture cards put before them.

use model::{LinkType, Refused};

use super::descent::{Next, Step, head, skip};

/// Take off radiotap's header: its length, and whether the card aligned the body to four octets.
pub(super) fn radiotap(bytes: &[u8]) -> Step<'_> {
    let (&[_, _, a, b, first @ ..], mut rest) = head::<8>(bytes)?;
    let len = usize::from(u16::from_le_bytes([a, b]));
    let first = u32::from_le_bytes(first);
    let (mut at, mut present) = (8_usize, first);
    // The bitmap goes on while the last bit of each word is set.
    while present >> 31 == 1 && at < len {
        let (&word, behind) = head(rest)?;
        (present, rest) = (u32::from_le_bytes(word), behind);
        at = at.saturating_add(4);
    }
    // Bit 0 is a time of 8 octets, aligned to 8; bit 1 the flags.
    if first & 1 == 1 {
        at = at.next_multiple_of(8).saturating_add(8);
    }
    let flags = if first & 2 == 2 { bytes.get(at).copied().unwrap_or(0) } else { 0 };
    let form = if flags & 0x20 != 0 { Form::Aligned } else { Form::Plain };
    Ok((Next::Wlan(form), skip(bytes, len)?))
}

/// Prism: a message code, then the length of the header in the order of the host; or AVS, which
/// begins with its own number.
pub(super) fn prism(bytes: &[u8]) -> Step<'_> {
    let (&[a, b, c, _, len @ ..], _) = head::<8>(bytes)?;
    if [a, b, c] == [0x80, 0x21, 0x10] {
        return avs(bytes);
    }
    let len = u32::from_le_bytes(len).min(u32::from_be_bytes(len));
    Ok((Next::Wlan(Form::Plain), skip(bytes, len as usize)?))
}

/// AVS: version, then the length of its header.
pub(super) fn avs(bytes: &[u8]) -> Step<'_> {
    let (&[_, _, _, _, len @ ..], _) = head::<8>(bytes)?;
    Ok((Next::Wlan(Form::Plain), skip(bytes, u32::from_be_bytes(len) as usize)?))
}

/// PPI: version, flags, length and link type, all little-endian.
pub(super) fn ppi(bytes: &[u8]) -> Step<'_> {
    let (&[_, _, a, b, link @ ..], _) = head::<8>(bytes)?;
    let rest = skip(bytes, usize::from(u16::from_le_bytes([a, b])).max(8))?;
    let link = u16::try_from(u32::from_le_bytes(link)).map_err(|_| Refused::LinkType)?;
    Ok((Next::Link(LinkType(link)), rest))
}

/// Frame control, first octet: version (2 bits), type (2), subtype (4); IEEE 802.11 §9.2.4.1.
const DATA: u8 = 0x08;
const NO_DATA: u8 = 0x40;
const QOS: u8 = 0x80;
/// Frame control, second octet.
const TO_DS: u8 = 0x01;
const FROM_DS: u8 = 0x02;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;

/// How a frame stands there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// As it was on the air.
    Plain,
    /// With octets before the body that align it to four.
    Aligned,
    /// In a tunnel to a controller, some of which send the two octets of the frame control in the
    /// wrong order.
    Tunnelled,
}

/// A frame that carries data (IEEE 802.11 §9.3.2): three addresses or four, QoS and HT controls as
/// the frame control says; then LLC, or a first subframe with its own addresses.
pub(super) fn frame(bytes: &[u8], form: Form) -> Step<'_> {
    let data = |octet: u8| octet & 0x0f == DATA;
    let (fixed, _) = head::<24>(bytes)?;
    let &[first, second, .., sequence, _] = fixed;
    let swapped = form == Form::Tunnelled && !data(first) && data(second);
    let (kind, flags) = if swapped { (second, first) } else { (first, second) };
    if !data(kind) || kind & NO_DATA != 0 {
        return Err(Refused::NotIp);
    }
    if flags & PROTECTED != 0 {
        return Err(Refused::Encapsulated);
    }
    // The first fragment begins as the whole would.
    if sequence & 0x0f != 0 {
        return Err(Refused::Fragment);
    }
    let mut len: usize = if flags & (TO_DS | FROM_DS) == TO_DS | FROM_DS { 30 } else { 24 };
    let mut aggregated = false;
    if kind & QOS != 0 {
        aggregated = bytes.get(len).ok_or(Refused::Truncated)? & 0x80 != 0;
        len = len.saturating_add(if flags & ORDER != 0 { 6 } else { 2 });
    }
    if form == Form::Aligned {
        len = len.next_multiple_of(4);
    }
    if aggregated {
        // Destination, source and length of the first subframe.
        len = len.saturating_add(14);
    }
    Ok((Next::Llc { pad: 0 }, skip(bytes, len)?))
}
