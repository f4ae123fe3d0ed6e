//! Google's QUIC before there was TLS in it: Q024 to Q049 in clear, Q050 behind the cipher.
//!
//! A client's first message is a CHLO: tags and values, one of which is the server's name. It
//! stands in the first stream frame behind a public header (up to Q043) or a long one (from Q044
//! on) and a hash that keys nothing. Facts from the "QUIC Wire Layout Specification" and "QUIC
//! Crypto" that Google published, and from captures.

use model::{Carrier, DomainName, TlsHello, TlsVersion};

use super::packet;
use crate::protocols::limits::{QUIC_CHLO_AT_MAX, QUIC_TAGS_MAX};

/// Public flags: a version follows the connection id.
const VERSION: u8 = 0x01;
/// The packet resets the connection.
const RESET: u8 = 0x02;
/// The connection id has eight octets.
const ID: u8 = 0x08;
/// Never set in a public header: multipath, and what became the long header's bit.
const NEVER: u8 = 0xc0;
/// How a version is written: `Q0` and two digits.
const NUMBER: [u8; 2] = *b"Q0";

/// A packet in clear of a version that is known: its version, and what stands behind the fields
/// that say so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Clear<'a> {
    /// Its version's number on the wire.
    pub(super) version: u32,
    /// Packet number, hash and frames.
    pub(super) rest: &'a [u8],
}

/// A client's packet in clear, with its version.
pub(super) fn clear(datagram: &[u8]) -> Option<Clear<'_>> {
    if let Some(version) = packet::version(datagram) {
        known(version, b"44", b"49")?;
        return Some(Clear { version, rest: datagram.get(5..)? });
    }
    let (first, rest) = datagram.split_first()?;
    let (_id, rest) = rest.split_first_chunk::<8>()?;
    let (version, rest) = rest.split_first_chunk()?;
    let version = u32::from_be_bytes(*version);
    let flags = first & (VERSION | RESET | ID | NEVER) == VERSION | ID;
    (flags && known(version, b"24", b"43").is_some()).then_some(Clear { version, rest })
}

/// Whether a version's digits are these, those, or between.
fn known(version: u32, from: &[u8; 2], to: &[u8; 2]) -> Option<()> {
    let [letter, zero, digits @ ..] = version.to_be_bytes();
    let fits = [letter, zero] == NUMBER && digits.iter().all(u8::is_ascii_digit);
    (fits && digits >= *from && digits <= *to).then_some(())
}

impl Clear<'_> {
    /// The hello that it holds, if any. The stream frame stands behind a number, a hash, and, when
    /// it is not the client's first, acknowledgements of several forms; so it is looked for.
    pub(super) fn hello(&self) -> Option<TlsHello> {
        let shown = self.rest.get(..QUIC_CHLO_AT_MAX).unwrap_or(self.rest);
        let at = shown.windows(CHLO.len()).position(|tag| tag == CHLO)?;
        chlo(self.rest.get(at..)?, self.version)
    }
}

/// The message's tag.
const CHLO: &[u8] = b"CHLO";
/// The tag of the server's name.
const SNI: [u8; 4] = *b"SNI\0";

/// A CHLO: its tag, how many tags and values it has, two octets of padding, each tag and where
/// its value ends, the values. Numbers are little-endian.
pub(super) fn chlo(message: &[u8], version: u32) -> Option<TlsHello> {
    let (count, rest) = message.strip_prefix(CHLO)?.split_first_chunk()?;
    let count = usize::from(u16::from_le_bytes(*count));
    let (padding, rest) = rest.split_first_chunk::<2>()?;
    if *padding != [0; 2] || !(1..=QUIC_TAGS_MAX).contains(&count) {
        return None;
    }
    let (table, values) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut server_name = None;
    let mut begin = 0;
    for entry in table.as_chunks::<8>().0 {
        let [a, b, c, d, end @ ..] = *entry;
        let end = usize::try_from(u32::from_le_bytes(end)).ok().filter(|end| *end >= begin)?;
        if [a, b, c, d] == SNI && server_name.is_none() {
            server_name = values.get(begin..end).and_then(|name| DomainName::from_text(name).ok());
        }
        begin = end;
    }
    Some(TlsHello {
        carrier: Carrier::Quic(version),
        server_name,
        alpn: Vec::new(),
        // It speaks no TLS.
        version: TlsVersion(0),
        versions: Vec::new(),
        ech: false,
        ja3: None,
        ja4: None,
    })
}
