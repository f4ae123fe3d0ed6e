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
    /// IEEE 802.5 Token Ring.
    pub const TOKEN_RING: LinkType = LinkType(6);
    /// ARCNET, every frame of it.
    pub const ARCNET: LinkType = LinkType(7);
    /// SLIP with BSD's header.
    pub const SLIP: LinkType = LinkType(8);
    /// PPP, with HDLC's address and control or without.
    pub const PPP: LinkType = LinkType(9);
    /// FDDI.
    pub const FDDI: LinkType = LinkType(10);
    /// Raw IPv4 or IPv6, as DLT_RAW is numbered on most systems.
    pub const RAW_BSD: LinkType = LinkType(12);
    /// Raw IPv4 or IPv6, as DLT_RAW is numbered on OpenBSD.
    pub const RAW_OPENBSD: LinkType = LinkType(14);
    /// PPP in HDLC-like framing, or Cisco's HDLC.
    pub const PPP_HDLC: LinkType = LinkType(50);
    /// PPP over Ethernet, from the session's header on.
    pub const PPP_ETHER: LinkType = LinkType(51);
    /// RFC 2684 on ATM.
    pub const ATM_RFC1483: LinkType = LinkType(100);
    /// Raw IPv4 or IPv6; the version is in the first nibble.
    pub const RAW: LinkType = LinkType(101);
    /// Cisco's HDLC.
    pub const C_HDLC: LinkType = LinkType(104);
    /// IEEE 802.11.
    pub const IEEE802_11: LinkType = LinkType(105);
    /// IP over ATM as Linux has it.
    pub const ATM_CLIP: LinkType = LinkType(106);
    /// Frame Relay.
    pub const FRAME_RELAY: LinkType = LinkType(107);
    /// OpenBSD loopback: the address family in network order.
    pub const LOOP: LinkType = LinkType(108);
    /// OpenBSD's IPsec interface, in clear.
    pub const ENC: LinkType = LinkType(109);
    /// Linux "cooked" capture.
    pub const LINUX_SLL: LinkType = LinkType(113);
    /// Log of the BSDs' packet filter.
    pub const PFLOG: LinkType = LinkType(117);
    /// IEEE 802.11 behind Prism's header.
    pub const PRISM: LinkType = LinkType(119);
    /// ATM of Sun's cards.
    pub const SUNATM: LinkType = LinkType(123);
    /// IEEE 802.11 behind radiotap's header.
    pub const RADIOTAP: LinkType = LinkType(127);
    /// ARCNET, its packets put together by Linux.
    pub const ARCNET_LINUX: LinkType = LinkType(129);
    /// Juniper, multilink PPP.
    pub const JUNIPER_MLPPP: LinkType = LinkType(130);
    /// Juniper, GPRS.
    pub const JUNIPER_GGSN: LinkType = LinkType(133);
    /// Juniper, second kind of ATM card.
    pub const JUNIPER_ATM2: LinkType = LinkType(135);
    /// Juniper, services card.
    pub const JUNIPER_SERVICES: LinkType = LinkType(136);
    /// Juniper, first kind of ATM card.
    pub const JUNIPER_ATM1: LinkType = LinkType(137);
    /// IP over FireWire.
    pub const APPLE_IP_OVER_IEEE1394: LinkType = LinkType(138);
    /// Cable networks.
    pub const DOCSIS: LinkType = LinkType(143);
    /// The second number for private use: Apple writes [`LinkType::PKTAP`] by it.
    pub const PKTAP_USER: LinkType = LinkType(149);
    /// IEEE 802.11 behind AVS's header.
    pub const AVS: LinkType = LinkType(163);
    /// Juniper, passive monitoring.
    pub const JUNIPER_MONITOR: LinkType = LinkType(164);
    /// PPP behind an octet that tells the direction.
    pub const PPP_PPPD: LinkType = LinkType(166);
    /// Juniper, PPP over Ethernet.
    pub const JUNIPER_PPPOE: LinkType = LinkType(167);
    /// Juniper, PPP over Ethernet over ATM.
    pub const JUNIPER_PPPOE_ATM: LinkType = LinkType(168);
    /// Juniper, Ethernet.
    pub const JUNIPER_ETHER: LinkType = LinkType(178);
    /// Juniper, PPP.
    pub const JUNIPER_PPP: LinkType = LinkType(179);
    /// Juniper, Frame Relay.
    pub const JUNIPER_FRELAY: LinkType = LinkType(180);
    /// Juniper, Cisco's HDLC.
    pub const JUNIPER_CHDLC: LinkType = LinkType(181);
    /// Frame Relay over several lines (FRF.16.1).
    pub const MULTILINK_FRAME_RELAY: LinkType = LinkType(182);
    /// Per-packet information, then another link type.
    pub const PPI: LinkType = LinkType(192);
    /// Endace's records.
    pub const ERF: LinkType = LinkType(197);
    /// PPP behind an octet that tells the direction.
    pub const PPP_WITH_DIR: LinkType = LinkType(204);
    /// Cisco's HDLC behind an octet that tells the direction.
    pub const C_HDLC_WITH_DIR: LinkType = LinkType(205);
    /// Frame Relay behind an octet that tells the direction.
    pub const FRAME_RELAY_WITH_DIR: LinkType = LinkType(206);
    /// Solaris, between zones.
    pub const IPNET: LinkType = LinkType(226);
    /// Raw IPv4.
    pub const IPV4: LinkType = LinkType(228);
    /// Raw IPv6.
    pub const IPV6: LinkType = LinkType(229);
    /// Log of Linux's netfilter.
    pub const NFLOG: LinkType = LinkType(239);
    /// Ethernet behind 4 octets of Hilscher's analyzer.
    pub const NETANALYZER: LinkType = LinkType(240);
    /// The same, with the preamble.
    pub const NETANALYZER_TRANSPARENT: LinkType = LinkType(241);
    /// IP over InfiniBand.
    pub const IPOIB: LinkType = LinkType(242);
    /// What Wireshark exported out of other packets.
    pub const WIRESHARK_UPPER_PDU: LinkType = LinkType(252);
    /// Apple's tap: another link type behind a header.
    pub const PKTAP: LinkType = LinkType(258);
    /// Ethernet with its preamble, whole or in parts (IEEE 802.3br).
    pub const ETHERNET_MPACKET: LinkType = LinkType(274);
    /// Linux "cooked" capture, version 2.
    pub const LINUX_SLL2: LinkType = LinkType(276);
    /// Ethernet with Broadcom's switch tag.
    pub const DSA_TAG_BRCM: LinkType = LinkType(281);
    /// The same, with the tag first.
    pub const DSA_TAG_BRCM_PREPEND: LinkType = LinkType(282);
    /// Ethernet with Marvell's switch tag.
    pub const DSA_TAG_DSA: LinkType = LinkType(284);
    /// The same, with a type of its own.
    pub const DSA_TAG_EDSA: LinkType = LinkType(285);
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
