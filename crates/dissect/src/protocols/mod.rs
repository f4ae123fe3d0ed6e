//! The list of protocols. A new one is a folder here and two lines below.

mod dhcp;
mod dhcpv6;
mod dns;
mod drive;
mod dtls;
mod http;
mod http2;
mod limits;
#[cfg(test)]
mod mutate;
mod quic;
mod rdp;
pub(crate) mod reader;
mod remote;
mod rfb;
mod socks;
mod ssh;
mod tls;

use reader::Entry;

/// Every protocol, in the order in which they are asked.
pub(crate) const PROTOCOLS: &[Entry] = &[
    dns::ENTRY,
    rdp::ENTRY,
    tls::ENTRY,
    http::ENTRY,
    http2::ENTRY,
    socks::ENTRY,
    quic::ENTRY,
    dtls::ENTRY,
    rfb::ENTRY,
    ssh::ENTRY,
    dhcp::ENTRY,
    dhcpv6::ENTRY,
];

/// A fuzz body and its name.
pub(crate) type Fuzz = (&'static str, fn(&[u8]));

/// The fuzz body of each protocol.
pub(crate) const FUZZ: &[Fuzz] = &[
    ("dns", dns::fuzz),
    ("tls", tls::fuzz),
    ("http", http::fuzz),
    ("http2", http2::fuzz),
    ("quic", quic::fuzz),
    ("dtls", dtls::fuzz),
    ("socks", socks::fuzz),
    ("rdp", rdp::fuzz),
    ("rfb", rfb::fuzz),
    ("ssh", ssh::fuzz),
    ("dhcp", dhcp::fuzz),
    ("dhcpv6", dhcpv6::fuzz),
];
