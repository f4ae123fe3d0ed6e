//! One frame as it was captured, lent out of the ring or the file buffer.

use crate::Timestamp;

/// What the first octets of a frame are, by the capture formats' number (tcpdump.org's LINKTYPE_
/// list). Any number can arrive; only some have names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: the address family in the capturing host's byte order.
    pub const NULL: LinkType = LinkType(0);
    /// Ethernet.
    pub const ETHERNET: LinkType = LinkType(1);
    /// Raw IPv4 or IPv6, as DLT_RAW is numbered on most systems.
    pub const RAW_BSD: LinkType = LinkType(12);
    /// Raw IPv4 or IPv6, as DLT_RAW is numbered on OpenBSD.
    pub const RAW_OPENBSD: LinkType = LinkType(14);
    /// Raw IPv4 or IPv6; the version is in the first nibble.
    pub const RAW: LinkType = LinkType(101);
    /// OpenBSD loopback: the address family in network order.
    pub const LOOP: LinkType = LinkType(108);
    /// Linux "cooked" capture.
    pub const LINUX_SLL: LinkType = LinkType(113);
    /// Raw IPv4.
    pub const IPV4: LinkType = LinkType(228);
    /// Raw IPv6.
    pub const IPV6: LinkType = LinkType(229);
    /// Linux "cooked" capture, version 2.
    pub const LINUX_SLL2: LinkType = LinkType(276);
}

/// One captured frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When it was captured.
    pub at: Timestamp,
    /// Its place in the timeline. Facts of several lanes are merged by it, so it never repeats.
    pub order: u64,
    /// What its first octets are.
    pub link: LinkType,
    /// The octets that were kept.
    pub bytes: &'a [u8],
    /// How long it was on the wire, in octets; more than `bytes` holds when it was cut.
    pub orig_len: u32,
}
