//! The rings of one interface, one for each lane, with both directions of a flow in the same one
//! (packet(7), PACKET_FANOUT).
//!
//! Each socket rejects everything until all are in the group: before it joins it would hear what
//! the others hear too. So no packet is seen twice. The kernel puts fragments of IPv4 together
//! before it deals them; those of IPv6 follow the two addresses alone. It does not deal what has no
//! room in its ring to another lane: half a flow elsewhere is worth less than a loss that is told.
//!
//! Then the filters are opened one after the other, so the lanes begin some microseconds apart. A
//! frame in between that is dealt to a lane which is not open yet is seen by nobody and counted by
//! nobody: the kernel counts none that a filter rejects. It is as if the sensor had begun so much
//! later for the flows of that lane; no flow has a gap, since each is on one lane. From the first
//! lane to the last of 16 it took 20 µs without a filter, 140 µs with a filter of one instruction
//! (`snap_len` below the largest frame), 520 µs with one of 34. There is no way around it without
//! rights that the sensor does not ask for: a socket that is in a group cannot be bound any more
//! (net/packet/af_packet.c, `packet_do_bind`), one that is not bound cannot join (`fanout_add`),
//! and a switch that all filters share is a map of eBPF.

use std::io;
use std::os::fd::BorrowedFd;

use libc::c_int;

use crate::kernel::{self, Device, RingLayout};
use crate::limits::FRAME_MAX;
use crate::ring::{Numbering, Ring};

/// A program of the classic packet filter: (code, jt, jf, k) each.
pub(crate) type Program = Vec<(u16, u8, u8, u32)>;

/// What is the same for all rings of an interface.
pub(crate) struct Rings {
    /// How they are laid out.
    pub(crate) layout: RingLayout,
    /// What passes; `None`: all.
    pub(crate) filter: Option<Program>,
    /// Octets kept of a frame.
    pub(crate) snap_len: u32,
    /// Whether frames for others are asked of the interface.
    pub(crate) promiscuous: bool,
}

impl Rings {
    /// Open a ring for each of `lanes`.
    pub(crate) fn open(&self, device: Device, lanes: &[Numbering]) -> io::Result<Vec<Ring>> {
        let mut rings = Vec::with_capacity(lanes.len());
        let mut group = None;
        for &numbering in lanes {
            let mut ring = Ring::new(self.layout, numbering)?;
            ring.hush()?;
            if device.loopback {
                // What goes out on a loop comes in again.
                kernel::set_number(ring.socket(), libc::PACKET_IGNORE_OUTGOING, 1)?;
            }
            if self.promiscuous {
                ring.ask_for_others(device.index);
            }
            kernel::bind(ring.socket(), device.index)?;
            if lanes.len() > 1 {
                group = Some(join(ring.socket(), group)?);
            }
            rings.push(ring);
        }
        let whole = self.filter.clone().unwrap_or_else(|| ending(self.snap_len));
        for ring in &rings {
            // From zero, while nothing comes yet: what was counted is what is lent, or dropped.
            ring.take_counts()?;
        }
        // One call each and nothing in between: so long do the lanes not begin at one moment.
        for ring in &rings {
            if self.filter.is_none() && self.snap_len as usize >= FRAME_MAX {
                kernel::detach(ring.socket())?;
            } else {
                kernel::attach(ring.socket(), &whole)?;
            }
        }
        Ok(rings)
    }
}

/// A program that keeps so many octets of each frame; 0 rejects it.
pub(crate) fn ending(octets: u32) -> Program {
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    vec![(RETURN, 0, 0, octets)]
}

/// Join the group, or found one whose number is the kernel's choice. Gives its number.
fn join(socket: BorrowedFd<'_>, group: Option<c_int>) -> io::Result<c_int> {
    let kind = (libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_DEFRAG) as c_int;
    let fresh = libc::PACKET_FANOUT_FLAG_UNIQUEID as c_int;
    let asked = match group {
        Some(group) => group | (kind << 16),
        None => (kind | fresh) << 16,
    };
    kernel::set_number(socket, libc::PACKET_FANOUT, asked)?;
    Ok(kernel::number(socket, libc::SOL_PACKET, libc::PACKET_FANOUT)? & 0xffff)
}
