//! What datagrams of syslog and of Unix sockets have in common: that one may be too long.

use std::io;

use super::{Entry, Refused};

/// What never fits a datagram, on any attempt; none when the error is another one.
pub(super) fn too_long(error: &io::Error, at: usize, entry: &Entry) -> Option<Refused> {
    /// Of Linux; the standard library has no kind for it.
    const EMSGSIZE: i32 = 90;
    let why = || format!("{} octets do not fit a datagram", entry.body.len());
    (error.raw_os_error() == Some(EMSGSIZE)).then(|| Refused { at, why: why() })
}
