//! The list of protocols. A new one is a folder here and two lines below.

mod dns;
mod drive;
mod dtls;
mod http;
mod limits;
#[cfg(test)]
mod mutate;
mod quic;
mod rdp;
pub(crate) mod reader;
mod socks;
mod remote;
mod rfb;
mod ssh;
mod tls;

use reader::Entry;

/// Every protocol, in the order in which they are asked.
pub(crate) const PROTOCOLS: &[Entry] =
    &[dns::ENTRY, rdp::ENTRY, tls::ENTRY, http::ENTRY, socks::ENTRY, quic::ENTRY, dtls::ENTRY, rfb::ENTRY, ssh::ENTRY];

/// A fuzz body and its name.
pub(crate) type Fuzz = (&'static str, fn(&[u8]));

/// The fuzz body of each protocol.
pub(crate) const FUZZ: &[Fuzz] = &[
    ("dns", dns::fuzz),
    ("tls", tls::fuzz),
    ("http", http::fuzz),
    ("quic", quic::fuzz), ("dtls", dtls::fuzz), ("socks", socks::fuzz),
    ("rdp", rdp::fuzz),
    ("rfb", rfb::fuzz),
    ("ssh", ssh::fuzz),
];
