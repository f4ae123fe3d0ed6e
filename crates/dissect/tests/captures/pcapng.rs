//! The blocks of a pcapng file that hold frames, just good enough for a test.

use std::ops::Range;

use model::{LinkType, Timestamp};

/// A frame: when, of which link, where in the file, and its length on the wire.
pub type Found = (Timestamp, LinkType, Range<usize>, u32);

struct Interface {
    link: LinkType,
    /// Units of time in a second.
    units: u64,
    snap: usize,
}

/// Every frame up to the first damage; `None` for what is no pcapng.
pub fn read(octets: &[u8]) -> Option<Vec<Found>> {
    octets.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]).then_some(())?;
    let (mut frames, mut interfaces, mut big, mut at) = (Vec::new(), Vec::new(), false, 0);
    while let Some(kind) = number(octets, at, big) {
        if kind == 0x0a0d_0d0a {
            big = octets.get(at + 8) == Some(&0x1a);
            interfaces.clear();
        }
        let Some(len) = number(octets, at + 4, big).map(|len| len as usize) else { break };
        if len < 12 || octets.len() < at + len {
            break;
        }
        match kind {
            1 => interfaces.extend(interface(octets, at + 8, at + len - 4, big)),
            3 => frames.extend(simple(octets, at, len, big, &interfaces)),
            6 | 2 => frames.extend(enhanced(octets, at, kind == 2, big, &interfaces)),
            _ => {}
        }
        at += len;
    }
    Some(frames)
}

fn number(octets: &[u8], at: usize, big: bool) -> Option<u32> {
    let word: [u8; 4] = octets.get(at..at + 4)?.try_into().ok()?;
    Some(if big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
}

fn half(octets: &[u8], at: usize, big: bool) -> Option<u16> {
    let word: [u8; 2] = octets.get(at..at + 2)?.try_into().ok()?;
    Some(if big { u16::from_be_bytes(word) } else { u16::from_le_bytes(word) })
}

fn interface(octets: &[u8], at: usize, end: usize, big: bool) -> Option<Interface> {
    let link = LinkType(half(octets, at, big)?);
    let snap = number(octets, at + 4, big)? as usize;
    let (mut units, mut option) = (1_000_000, at + 8);
    while option + 4 <= end {
        let (code, len) = (half(octets, option, big)?, usize::from(half(octets, option + 2, big)?));
        match (code, octets.get(option + 4)) {
            (0, _) => break,
            (9, Some(power)) if power & 0x80 != 0 => units = 1 << (power & 0x7f).min(40),
            (9, Some(power)) => units = 10u64.pow(u32::from(*power).min(12)),
            _ => {}
        }
        option += 4 + len.next_multiple_of(4);
    }
    Some(Interface { link, units, snap })
}

fn simple(octets: &[u8], at: usize, len: usize, big: bool, all: &[Interface]) -> Option<Found> {
    let (whole, interface) = (number(octets, at + 8, big)?, all.first()?);
    let snap = if interface.snap == 0 { usize::MAX } else { interface.snap };
    let kept = (whole as usize).min(len - 16).min(snap);
    Some((Timestamp::from_nanos(0), interface.link, at + 12..at + 12 + kept, whole))
}

fn enhanced(octets: &[u8], at: usize, old: bool, big: bool, all: &[Interface]) -> Option<Found> {
    let number_of = |octet| number(octets, at + octet, big);
    let interface =
        if old { usize::from(half(octets, at + 8, big)?) } else { number_of(8)? as usize };
    let interface = all.get(interface)?;
    let ticks = (u64::from(number_of(12)?) << 32) | u64::from(number_of(16)?);
    let (kept, whole) = (number_of(20)? as usize, number_of(24)?);
    octets.get(at + 28..at + 28 + kept)?;
    let nanos = u128::from(ticks % interface.units) * 1_000_000_000 / u128::from(interface.units);
    let moment = Timestamp::from_secs(ticks / interface.units, nanos as u64);
    Some((moment, interface.link, at + 28..at + 28 + kept, whole))
}
