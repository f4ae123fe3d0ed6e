//! One lane of an interface: a packet socket with a ring of blocks that the kernel fills
//! (packet(7), TPACKET_V3). A block holds some hundred packets, so there is one call of the kernel
//! for a block at most, and none for a packet.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use libc::c_int;
use model::{Frame, LinkType, Timestamp};
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::fanout::ending;
use crate::kernel::{self, BLOCK_PRIVATE, Blocks, RingLayout, SocketCounts};
use crate::limits::FRAMES_PER_POLL;
use crate::run::RUN_MAX;

/// Octets of a packet's header in a block (linux/if_packet.h, `tpacket3_hdr`).
const HEADER: usize = 48;

/// Octets of a VLAN's tag (IEEE 802.1Q), and of the two addresses before it.
const TAG: usize = 4;
const ADDRESSES: usize = 12;

/// Octets that memory is read by at once.
const LINE: usize = 64;

/// The tag's type where the kernel does not tell it.
const TAG_TYPE: u16 = 0x8100;

/// How frames of this lane are numbered in the timeline: every `lanes`-th, from `lane` on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Numbering {
    /// Lanes of all interfaces.
    pub(crate) lanes: u64,
    /// Which of them it is, from 0.
    pub(crate) lane: u64,
}

impl Numbering {
    /// The place of the lane's frame `lent`.
    pub(crate) fn order(self, lent: u64) -> u64 {
        2 * (lent * self.lanes + self.lane) + 1
    }
}

/// A ring of Ethernet frames.
pub(crate) struct Ring {
    socket: OwnedFd,
    blocks: Blocks,
    count: usize,
    /// The block that the kernel fills next, or has filled.
    next: usize,
    /// Frames lent so far.
    pub(crate) lent: u64,
    numbering: Numbering,
    /// Why the interface does not show frames that are meant for others, where it was asked to.
    pub(crate) own_only: Option<String>,
}

impl Ring {
    /// A ring whose socket hears nothing yet.
    pub(crate) fn new(layout: RingLayout, numbering: Numbering) -> io::Result<Ring> {
        let socket = kernel::packet_socket()?;
        let blocks = Blocks::make(socket.as_fd(), layout)?;
        let count = layout.blocks;
        Ok(Ring { socket, blocks, count, next: 0, lent: 0, numbering, own_only: None })
    }

    /// Its socket.
    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Hear nothing any more, in the place of any filter. What was heard before is still lent.
    pub(crate) fn hush(&self) -> io::Result<()> {
        kernel::attach(self.socket(), &ending(0))
    }

    /// Ask the interface of that number for frames that are meant for others, too. Where that is
    /// refused, what it does hear is still worth it.
    pub(crate) fn ask_for_others(&mut self, index: c_int) {
        let asked = kernel::set_promiscuous(self.socket(), index);
        self.own_only = asked.err().map(|why| why.to_string());
    }

    /// Lend the frames of full blocks, in runs of at most 64; wait at most `wait` for the first.
    ///
    /// An interface that goes down is no error here: the ring goes on when it is back.
    pub(crate) fn poll(
        &mut self,
        wait: Duration,
        each: &mut dyn FnMut(&[Frame<'_>]),
    ) -> io::Result<usize> {
        let mut lent = self.take(each);
        if lent == 0 && self.wait(wait)? {
            lent = self.take(each);
        }
        Ok(lent)
    }

    /// Lend what is there, block by block.
    fn take(&mut self, each: &mut dyn FnMut(&[Frame<'_>])) -> usize {
        let before = self.lent;
        let mut taken = 0;
        while taken < FRAMES_PER_POLL {
            let Some(octets) = self.blocks.take(self.next) else { break };
            lend(octets, &mut self.lent, self.numbering, each);
            self.blocks.give(self.next);
            self.next = if self.next + 1 < self.count { self.next + 1 } else { 0 };
            taken = usize::try_from(self.lent - before).unwrap_or(usize::MAX);
        }
        taken
    }

    /// Wait until a block may be full; false when none is.
    fn wait(&self, wait: Duration) -> io::Result<bool> {
        let timeout = Timespec::try_from(wait).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        let mut ready = [PollFd::new(&self.socket, PollFlags::IN)];
        match rustix::event::poll(&mut ready, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(false),
            Ok(_) => {}
            Err(why) => return Err(why.into()),
        }
        let [ready] = ready;
        if ready.revents().contains(PollFlags::ERR) {
            // Reading the error takes it away; else poll would return at once for ever.
            match kernel::number(self.socket(), libc::SOL_SOCKET, libc::SO_ERROR)? {
                0 | libc::ENETDOWN => {}
                other => return Err(io::Error::from_raw_os_error(other)),
            }
        }
        Ok(true)
    }

    /// What the socket counted since it was last asked.
    pub(crate) fn take_counts(&self) -> io::Result<SocketCounts> {
        kernel::take_counts(self.socket())
    }
}

/// Lend the packets of one block, of which `octets` are those behind its status.
pub(crate) fn lend(
    mut octets: &mut [u8],
    lent: &mut u64,
    numbering: Numbering,
    each: &mut dyn FnMut(&[Frame<'_>]),
) {
    let packets = word(octets, 12 - BLOCK_PRIVATE);
    let first = word(octets, 16 - BLOCK_PRIVATE) as usize;
    // Offsets are those within the whole block.
    octets = octets.get_mut(first.saturating_sub(BLOCK_PRIVATE)..).unwrap_or_default();
    let none =
        Frame { at: Timestamp::ZERO, order: 0, link: LinkType::ETHERNET, bytes: &[], orig_len: 0 };
    let mut left = packets;
    // How far on the header after a frame of another length lay, the last time.
    let mut other = 0;
    let mut before = 0;
    while left > 0 {
        let mut run = [none; RUN_MAX];
        let mut filled = 0;
        for place in &mut run {
            if left == 0 || octets.is_empty() {
                left = 0;
                break;
            }
            left -= 1;
            let next = word(octets, 0) as usize;
            // The last packet's offset leads nowhere that we go.
            let (packet, rest) = match next {
                0 => (octets, Default::default()),
                next => octets.split_at_mut_checked(next).unwrap_or_default(),
            };
            octets = rest;
            // Where the next header lies stands in this one, so the processor cannot run ahead by
            // itself. The frame's first lines come while the chain is followed, and the header
            // after the next is likely as far on, or as far as the last that was not: most frames
            // are full or empty.
            kernel::fetch_ahead(packet, LINE);
            kernel::fetch_ahead(packet, 2 * LINE);
            kernel::fetch_ahead(octets, next);
            if next != before {
                (other, before) = (before, next);
            }
            kernel::fetch_ahead(octets, other);
            let Some(frame) = frame(packet) else { continue };
            *place = Frame { order: numbering.order(*lent), ..frame };
            *lent += 1;
            filled += 1;
        }
        if filled > 0 {
            each(run.get(..filled).unwrap_or_default());
        }
    }
}

/// The frame of one packet, its VLAN's tag put back where the kernel took it off.
fn frame(packet: &mut [u8]) -> Option<Frame<'_>> {
    let header: &[u8; HEADER] = packet.first_chunk()?;
    let at = Timestamp::from_secs(word(header, 4).into(), word(header, 8).into());
    let (kept, mut orig_len, status) = (word(header, 12), word(header, 16), word(header, 20));
    let mut from = usize::from(half(header, 24));
    let until = from.checked_add(kept as usize)?;
    let tag = (word(header, 32) as u16, half(header, 36));
    if status & libc::TP_STATUS_VLAN_VALID != 0 || tag.0 != 0 {
        let known = status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
        let tag = (tag.0, if known { tag.1 } else { TAG_TYPE });
        if put_tag(packet.get_mut(..until)?, from, tag).is_some() {
            from -= TAG;
            orig_len = orig_len.saturating_add(TAG as u32);
        }
    }
    let bytes = packet.get(from..until)?;
    Some(Frame { at, order: 0, link: LinkType::ETHERNET, bytes, orig_len })
}

/// Move the two addresses of the frame that begins at `from` ahead, and put a tag behind them.
/// There is room: between the packet's header and the frame lies the sender's address, which
/// nobody reads.
fn put_tag(packet: &mut [u8], from: usize, (tci, tpid): (u16, u16)) -> Option<()> {
    let begin = from.checked_sub(TAG).filter(|&begin| begin >= HEADER)?;
    if packet.len() < from + ADDRESSES {
        return None;
    }
    packet.copy_within(from..from + ADDRESSES, begin);
    let tag = packet.get_mut(begin + ADDRESSES..begin + ADDRESSES + TAG)?;
    let ([a, b], [c, d]) = (tpid.to_be_bytes(), tci.to_be_bytes());
    tag.copy_from_slice(&[a, b, c, d]);
    Some(())
}

/// A number of 32 bits in the host's order; 0 beyond the end.
fn word(octets: &[u8], at: usize) -> u32 {
    let octets = octets.get(at..).and_then(|rest| rest.first_chunk());
    u32::from_ne_bytes(octets.copied().unwrap_or_default())
}

/// A number of 16 bits in the host's order; 0 beyond the end.
fn half(octets: &[u8], at: usize) -> u16 {
    let octets = octets.get(at..).and_then(|rest| rest.first_chunk());
    u16::from_ne_bytes(octets.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of a block: its frame, the tag that was taken off with what is known of it, and
    /// how long it was on the wire.
    type Packet = (Vec<u8>, Option<(u16, u16, u32)>, u32);

    /// A block as the kernel lays it out, behind its status.
    fn block(packets: &[Packet]) -> Vec<u8> {
        let mut octets = vec![0; 48 - BLOCK_PRIVATE];
        octets[..4].copy_from_slice(&(packets.len() as u32).to_ne_bytes());
        octets[4..8].copy_from_slice(&48u32.to_ne_bytes());
        for (place, (frame, tag, orig_len)) in packets.iter().enumerate() {
            let mac = HEADER + 34;
            let len = (mac + frame.len()).next_multiple_of(16);
            let last = place + 1 == packets.len();
            let next = if last { 0 } else { len as u32 };
            let (tci, tpid, status) = tag.unwrap_or_default();
            let kept = frame.len() as u32;
            let mut packet = Vec::new();
            for word in [next, 7, 5, kept, *orig_len, status] {
                packet.extend(word.to_ne_bytes());
            }
            packet.extend((mac as u16).to_ne_bytes());
            packet.extend([0; 6]);
            packet.extend(u32::from(tci).to_ne_bytes());
            packet.extend(tpid.to_ne_bytes());
            packet.resize(mac, 0xee);
            packet.extend(frame);
            packet.resize(len, 0xee);
            octets.extend(packet);
        }
        octets
    }

    #[test]
    fn frames_of_a_block_are_lent_with_the_tags_that_the_kernel_took_off() {
        let plain: Vec<u8> = (0..60).collect();
        let known = libc::TP_STATUS_VLAN_VALID | libc::TP_STATUS_VLAN_TPID_VALID;
        let tagged = |tag: [u8; 4]| [&plain[..12], &tag, &plain[12..]].concat();
        let table: Vec<(Packet, Vec<u8>, u32)> = vec![
            ((plain.clone(), None, 60), plain.clone(), 60),
            ((plain.clone(), None, 1514), plain.clone(), 1514),
            ((plain.clone(), Some((5, 0x88a8, known)), 60), tagged([0x88, 0xa8, 0, 5]), 64),
            ((plain.clone(), Some((0, 0x8100, known)), 60), tagged([0x81, 0, 0, 0]), 64),
            // Old kernels tell neither the tag's type nor that there is one.
            (
                (plain.clone(), Some((9, 0, libc::TP_STATUS_VLAN_VALID)), 60),
                tagged([0x81, 0, 0, 9]),
                64,
            ),
            ((plain.clone(), Some((9, 0, 0)), 60), tagged([0x81, 0, 0, 9]), 64),
            // Too short to have had one.
            ((vec![1; 11], Some((9, 0x8100, known)), 11), vec![1; 11], 11),
            ((Vec::new(), None, 0), Vec::new(), 0),
        ];
        let packets: Vec<Packet> = table.iter().map(|(packet, ..)| packet.clone()).collect();
        let (mut lent, mut seen) = (0, Vec::new());
        lend(&mut block(&packets), &mut lent, Numbering { lanes: 4, lane: 3 }, &mut |run| {
            for frame in run {
                assert_eq!(frame.at, Timestamp::from_secs(7, 5));
                seen.push((frame.order, frame.bytes.to_vec(), frame.orig_len));
            }
        });
        let want: Vec<_> = table
            .iter()
            .enumerate()
            .map(|(place, (_, octets, len))| (8 * place as u64 + 7, octets.clone(), *len))
            .collect();
        assert_eq!(seen, want);
    }

    #[test]
    fn a_refusal_of_frames_for_others_is_kept_with_its_reason() {
        let layout = RingLayout { block: 1 << 16, blocks: 2, wait_ms: 5 };
        let mut ring = match Ring::new(layout, Numbering { lanes: 1, lane: 0 }) {
            Err(why) if why.kind() == io::ErrorKind::PermissionDenied => {
                println!("skipped: a packet socket needs root");
                return;
            }
            made => made.unwrap(),
        };
        // No kernel refuses its drivers' interfaces, but all refuse one that is not there.
        ring.ask_for_others(c_int::MAX);
        let why = ring.own_only.clone().unwrap_or_default();
        assert!(why.contains("No such device"), "{why}");
        // The loop has the number 1 in each network namespace.
        ring.ask_for_others(1);
        assert_eq!(ring.own_only, None);
    }

    #[test]
    fn runs_are_of_64_at_most() {
        for count in [0, 1, 63, 64, 65, 200] {
            let mut runs = Vec::new();
            let packets = vec![(vec![0; 60], None, 60); count];
            let numbering = Numbering { lanes: 1, lane: 0 };
            lend(&mut block(&packets), &mut 0, numbering, &mut |run| runs.push(run.len()));
            assert_eq!(runs.iter().sum::<usize>(), count);
            assert!(runs.iter().all(|len| *len > 0 && *len <= RUN_MAX), "{count}: {runs:?}");
        }
    }
}
