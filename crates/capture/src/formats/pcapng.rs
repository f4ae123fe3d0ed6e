//! pcapng (draft-ietf-opsawg-pcapng): sections of blocks, each interface with its own link type,
//! snap length and unit of time.

use model::{LinkType, Timestamp};

use super::{Format, Records, Step, Verdict};
use crate::endian::Endian;
use crate::limits::{BESIDE_FRAME, FRAME_MAX, INTERFACE_BLOCK_MAX, INTERFACES_MAX};

/// Section header; the same in both orders.
const SECTION: u32 = 0x0a0d_0d0a;
/// Interface description.
const INTERFACE: u32 = 1;
/// Packet, obsolete.
const PACKET: u32 = 2;
/// Simple packet.
const SIMPLE: u32 = 3;
/// Enhanced packet.
const ENHANCED: u32 = 6;

/// The number that a section header tells its order by.
const ORDER: u32 = 0x1a2b_3c4d;
/// Octets of a section header that are read.
const SECTION_HEADER: usize = 16;
/// Octets before the frame in an enhanced and an obsolete packet block.
const PACKET_HEADER: usize = 28;
/// Octets before the frame in a simple packet block.
const SIMPLE_HEADER: usize = 12;
/// Octets of the length that stands at a block's end again.
const TRAILER: usize = 4;

/// A pcapng capture.
pub(crate) struct Pcapng {
    endian: Endian,
    interfaces: Vec<Interface>,
    /// The time of the last frame that had one: simple packets have none.
    last: Timestamp,
}

/// An interface of the section.
#[derive(Clone, Copy)]
struct Interface {
    link: LinkType,
    /// Octets kept of a frame; 0: all.
    snap_len: u32,
    clock: Clock,
}
const _: () = assert!(size_of::<Interface>() <= 32);

/// How an interface tells time.
#[derive(Clone, Copy)]
struct Clock {
    scale: Scale,
    /// Seconds to add (if_tsoffset).
    offset_secs: i64,
}

/// One tick of a clock.
#[derive(Clone, Copy)]
enum Scale {
    /// So many nanoseconds.
    Times(u32),
    /// The so-manieth part of a nanosecond.
    Part(u64),
    /// The so-many-times-halved second.
    Halved(u8),
}

/// Whether a file that begins with `octets` is a pcapng capture.
pub(super) fn judge(octets: &[u8]) -> Verdict {
    let Some((kind, rest)) = octets.split_first_chunk::<4>() else {
        return Verdict::More(SECTION_HEADER);
    };
    if u32::from_be_bytes(*kind) != SECTION {
        return Verdict::Foreign;
    }
    let Some((order, _)) = rest.get(4..).and_then(|rest| rest.split_first_chunk::<4>()) else {
        return Verdict::More(SECTION_HEADER);
    };
    match order_of(*order) {
        Some(endian) => {
            let fresh = Pcapng { endian, interfaces: Vec::new(), last: Timestamp::ZERO };
            Verdict::Capture(Format::Pcapng(Box::new(fresh)), 0)
        }
        None => Verdict::Foreign,
    }
}

/// The order in which the section's numbers are written.
const fn order_of(order: [u8; 4]) -> Option<Endian> {
    if u32::from_le_bytes(order) == ORDER {
        Some(Endian::Little)
    } else if u32::from_be_bytes(order) == ORDER {
        Some(Endian::Big)
    } else {
        None
    }
}

impl Records for Pcapng {
    #[inline]
    fn next<'a>(&mut self, octets: &'a [u8]) -> Step<'a> {
        let Some([kind, len]) = self.endian.words::<2>(octets) else {
            return Step::More(8);
        };
        if kind == SECTION {
            return self.section(octets);
        }
        if len < 12 {
            return Step::Flaw { why: format!("a block claims {len} octets"), taken: None };
        }
        // Blocks are padded to 32 bits; a writer that forgot to count the padding is forgiven.
        let block = Block { len, taken: u64::from(len).next_multiple_of(4) };
        match kind {
            ENHANCED => self.packet(octets, block, |[word, ..]| *word),
            PACKET => {
                let endian = self.endian;
                self.packet(octets, block, |[word, ..]| old_interface(endian, *word))
            }
            SIMPLE => self.simple(octets, block),
            INTERFACE => self.interface(octets, block),
            _ => Step::Pass(block.taken),
        }
    }
}

/// A block's length, as claimed, and with its padding.
#[derive(Clone, Copy)]
struct Block {
    len: u32,
    taken: u64,
}

/// The obsolete block's interface: the first half of a word whose second counts drops.
const fn old_interface(endian: Endian, word: u32) -> u32 {
    match endian {
        Endian::Little => word & 0xffff,
        Endian::Big => word >> 16,
    }
}

impl Pcapng {
    /// A section begins: its order of octets, and no interface yet.
    fn section<'a>(&mut self, octets: &'a [u8]) -> Step<'a> {
        let head = octets.get(..SECTION_HEADER);
        let Some(order) = head.and_then(|head| head.get(8..)?.first_chunk::<4>()) else {
            return Step::More(SECTION_HEADER);
        };
        let Some(endian) = order_of(*order) else {
            return Step::Flaw { why: "a section without its order mark".into(), taken: None };
        };
        let Some([_, len, _, version]) = endian.words::<4>(octets) else {
            return Step::More(SECTION_HEADER);
        };
        let major = match endian {
            Endian::Little => version & 0xffff,
            Endian::Big => version >> 16,
        };
        if major != 1 {
            return Step::Flaw { why: format!("pcapng version {major} is not read"), taken: None };
        }
        if len < 28 {
            let why = format!("a section header claims {len} octets");
            return Step::Flaw { why, taken: None };
        }
        self.endian = endian;
        self.interfaces.clear();
        Step::Pass(u64::from(len).next_multiple_of(4))
    }

    /// An interface is described.
    fn interface<'a>(&mut self, octets: &'a [u8], block: Block) -> Step<'a> {
        let needed = (block.len as usize).min(INTERFACE_BLOCK_MAX);
        let Some(seen) = octets.get(..needed) else {
            return Step::More(needed);
        };
        let Some([_, _, link, snap_len]) = self.endian.words::<4>(seen) else {
            let why = "an interface block without its link type".into();
            return Step::Flaw { why, taken: Some(block.taken) };
        };
        if let Some(why) = self.trailer_flaw(octets, block) {
            return Step::Flaw { why, taken: None };
        }
        if self.interfaces.len() >= INTERFACES_MAX {
            let why = format!("more than {INTERFACES_MAX} interfaces");
            return Step::Flaw { why, taken: Some(block.taken) };
        }
        // The link type is the first half of a word, as the obsolete block's interface is.
        let link = LinkType(u16::try_from(old_interface(self.endian, link)).unwrap_or(u16::MAX));
        let options = seen.get(16..needed.saturating_sub(TRAILER)).unwrap_or_default();
        let clock = Clock::read(self.endian, options);
        self.interfaces.push(Interface { link, snap_len, clock });
        Step::Pass(block.taken)
    }

    /// A frame with its interface and time.
    #[inline]
    fn packet<'a>(
        &mut self,
        octets: &'a [u8],
        block: Block,
        interface: impl Fn(&[u32; 5]) -> u32,
    ) -> Step<'a> {
        let Some((head, _)) = octets.split_at_checked(PACKET_HEADER) else {
            return Step::More(PACKET_HEADER);
        };
        let words = head.get(8..).and_then(|fields| self.endian.words::<5>(fields));
        let Some(words) = words else {
            return Step::More(PACKET_HEADER);
        };
        let [_, high, low, kept, wire] = words;
        let room = (block.len as usize).checked_sub(PACKET_HEADER + TRAILER);
        if room.is_none_or(|room| room < kept as usize) {
            return no_room(block, kept);
        }
        let number = interface(&words);
        let Some(interface) = self.interfaces.get(number as usize) else {
            return no_interface(block, number);
        };
        let Interface { link, clock, .. } = *interface;
        let at = clock.at(u64::from(high) << 32 | u64::from(low));
        let step = self.frame(octets, block, PACKET_HEADER, Found { at, link, kept, wire });
        if matches!(step, Step::Frame { .. }) {
            self.last = at;
        }
        step
    }

    /// A frame of the first interface, without a time: it takes that of the frame before it.
    fn simple<'a>(&mut self, octets: &'a [u8], block: Block) -> Step<'a> {
        let Some([_, _, wire]) = self.endian.words::<3>(octets) else {
            return Step::More(SIMPLE_HEADER);
        };
        let Some(room) = block.len.checked_sub((SIMPLE_HEADER + TRAILER) as u32) else {
            return no_room(block, wire);
        };
        let Some(&Interface { link, snap_len, .. }) = self.interfaces.first() else {
            return no_interface(block, 0);
        };
        let snapped = if snap_len == 0 { wire } else { wire.min(snap_len) };
        let found = Found { at: self.last, link, kept: snapped.min(room), wire };
        self.frame(octets, block, SIMPLE_HEADER, found)
    }

    /// The frame behind `header` octets of a block.
    #[inline]
    fn frame<'a>(&self, octets: &'a [u8], block: Block, header: usize, found: Found) -> Step<'a> {
        let end = header + (found.kept as usize).min(FRAME_MAX);
        // Of a block with long options just the frame need be there.
        let whole = block.len as usize <= FRAME_MAX + BESIDE_FRAME;
        let needed = if whole { block.len as usize } else { end };
        if octets.len() < needed {
            return Step::More(needed);
        }
        if let Some(why) = self.trailer_flaw(octets, block) {
            return Step::Flaw { why, taken: None };
        }
        let Found { at, link, kept, wire } = found;
        let bytes = octets.get(header..end).unwrap_or_default();
        Step::Frame { at, link, bytes, orig_len: wire.max(kept), taken: block.taken }
    }

    /// A block's length stands at its end again; where both differ, nothing tells which is true.
    #[inline]
    fn trailer_flaw(&self, octets: &[u8], block: Block) -> Option<String> {
        // Padding that was not counted stands before the trailer or behind it: not judged.
        if block.taken != u64::from(block.len) {
            return None;
        }
        let end = block.len as usize;
        let trailer = octets.get(end.checked_sub(TRAILER)?..end)?;
        let again = self.endian.u32(*trailer.first_chunk()?);
        (again != block.len).then(|| two_lengths(block.len, again))
    }
}

/// What a packet block says of its frame.
struct Found {
    at: Timestamp,
    link: LinkType,
    kept: u32,
    wire: u32,
}

#[cold]
fn two_lengths(len: u32, again: u32) -> String {
    format!("a block claims {len} octets, and {again} at its end; the rest is not read")
}

#[cold]
fn no_room<'a>(block: Block, kept: u32) -> Step<'a> {
    let why = format!("a block of {} octets claims a frame of {kept}", block.len);
    Step::Flaw { why, taken: Some(block.taken) }
}

#[cold]
fn no_interface<'a>(block: Block, number: u32) -> Step<'a> {
    let why = format!("a frame of interface {number}, which is not described");
    Step::Flaw { why, taken: Some(block.taken) }
}

impl Clock {
    /// A clock as an interface block's options tell it; microseconds unless they say otherwise.
    fn read(endian: Endian, mut options: &[u8]) -> Clock {
        let mut clock = Clock { scale: Scale::Times(1_000), offset_secs: 0 };
        while let Some((code, rest)) = options.split_first_chunk::<2>()
            && let Some((len, rest)) = rest.split_first_chunk::<2>()
        {
            let (code, len) = (endian.u16(*code), usize::from(endian.u16(*len)));
            let Some(value) = rest.get(..len) else { break };
            match (code, value) {
                (0, _) => break,
                // if_tsresol: a power of ten, or of two where the highest bit is set.
                (9, &[resolution]) => clock.scale = Scale::of(resolution),
                // if_tsoffset.
                (14, value) => {
                    if let Ok(value) = <[u8; 8]>::try_from(value) {
                        clock.offset_secs = endian.i64(value);
                    }
                }
                _ => {}
            }
            options = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        clock
    }

    /// The moment after `ticks`; saturates at both ends.
    #[inline]
    fn at(self, ticks: u64) -> Timestamp {
        let nanos = match self.scale {
            Scale::Times(nanos) => ticks.saturating_mul(u64::from(nanos)),
            Scale::Part(parts) => ticks / parts.max(1),
            Scale::Halved(times) => {
                let nanos = (u128::from(ticks) * 1_000_000_000) >> u32::from(times).min(127);
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
        };
        if self.offset_secs == 0 {
            return Timestamp::from_nanos(nanos);
        }
        let nanos = i128::from(nanos) + i128::from(self.offset_secs) * 1_000_000_000;
        Timestamp::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
}

impl Scale {
    /// What an if_tsresol says.
    fn of(resolution: u8) -> Scale {
        let power = resolution & 0x7f;
        match (resolution & 0x80 != 0, power) {
            (true, times) => Scale::Halved(times),
            (false, 0..=9) => Scale::Times(10u32.saturating_pow(9 - u32::from(power))),
            (false, _) => Scale::Part(10u64.saturating_pow(u32::from(power) - 9)),
        }
    }
}
