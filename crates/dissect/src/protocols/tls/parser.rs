//! The one place that meets the `tls-parser` crate: the fields of a ClientHello before its
//! extensions.
//!
//! Its extension parser is not used: it stops without a word at the first malformed extension, and
//! so would hide a name that stands behind one.

use tls_parser::parse_tls_handshake_client_hello;

/// What stands before and around a hello's extensions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fields<'a> {
    /// The version field.
    pub(super) version: u16,
    /// The cipher suites in their order.
    pub(super) ciphers: Vec<u16>,
    /// The octets of the extension block; nothing when there is none.
    pub(super) extensions: &'a [u8],
}

/// Read a whole ClientHello's body; `None` when the crate refuses it or
/// loses its extensions.
pub(super) fn fields(body: &[u8]) -> Option<Fields<'_>> {
    let (rest, hello) = parse_tls_handshake_client_hello(body).ok()?;
    // An extension block that is longer than the message is none to the crate, but not to a server
    // that takes what is there.
    if hello.ext.is_none() && !rest.is_empty() {
        return None;
    }
    let ciphers = hello.ciphers.iter().map(|cipher| cipher.0).collect();
    Some(Fields { version: hello.version.0, ciphers, extensions: hello.ext.unwrap_or_default() })
}
