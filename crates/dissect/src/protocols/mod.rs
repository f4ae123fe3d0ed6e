//! The list of protocols. A new one is a folder here and two lines below.

mod dns;
mod drive;
mod http;
mod limits;
pub(crate) mod reader;
mod tls;

use reader::Entry;

/// Every protocol, in the order in which they are asked.
pub(crate) const PROTOCOLS: &[Entry] = &[dns::ENTRY, tls::ENTRY, http::ENTRY];

/// The fuzz body of each protocol, by its name.
pub(crate) const FUZZ: &[(&str, fn(&[u8]))] =
    &[("dns", dns::fuzz), ("tls", tls::fuzz), ("http", http::fuzz)];
