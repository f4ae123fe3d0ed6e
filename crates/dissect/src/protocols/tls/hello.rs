//! The hellos of both ends: what a client asks for, and which version a server chose.

use model::{Carrier, DomainName, TlsHello, TlsVersion};

use super::ja::{self, Parts};
use super::parser::{Fields, fields};
use crate::protocols::limits::TLS_LIST_MAX;

/// RFC 6066 §3.
pub(super) const SERVER_NAME: u16 = 0;
/// RFC 8422 §5.1.1.
const SUPPORTED_GROUPS: u16 = 10;
/// RFC 8422 §5.1.2.
const POINT_FORMATS: u16 = 11;
/// RFC 8446 §4.2.3.
const SIGNATURE_ALGORITHMS: u16 = 13;
/// RFC 7301 §3.1.
const ALPN: u16 = 16;
/// RFC 8446 §4.2.1.
const SUPPORTED_VERSIONS: u16 = 43;
/// RFC 9849 §5: the encrypted hello.
const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
/// Its forerunner, the encrypted server name of the drafts.
const ENCRYPTED_SERVER_NAME: u16 = 0xffce;
/// RFC 6066 §3: the one type of name that there is.
const HOST_NAME: u8 = 0;

/// Read the body of a ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2); of DTLS, without its
/// cookie. A cut or malformed one gives what is there; only a `None` name of a whole one means
/// that there was none. Fingerprints are of whole ones whose lengths fit.
pub(in crate::protocols) fn client(
    body: &[u8],
    whole: bool,
    carrier: Carrier,
    anomaly: &mut dyn FnMut(&'static str),
) -> TlsHello {
    let by_crate = if whole { fields(body) } else { None };
    let (fields, fits) = by_crate.map_or_else(
        || {
            anomaly(if whole { "tls_hello_malformed" } else { "tls_hello_cut" });
            walk(body)
        },
        |fields| (fields, true),
    );
    let mut hello = TlsHello {
        carrier,
        server_name: None,
        alpn: Vec::new(),
        version: TlsVersion(fields.version),
        versions: Vec::new(),
        ech: false,
        ja3: None,
        ja4: None,
    };
    let mut parts = Parts { version: fields.version, ciphers: fields.ciphers, ..Parts::default() };
    let rest = extensions(fields.extensions, &mut hello, &mut parts, anomaly);
    if !rest.is_empty() {
        // An extension that is longer than what is left of its block may still begin with a name.
        if let Some((SERVER_NAME, value)) = beginning(rest) {
            server_name(value, &mut hello.server_name);
        }
        if whole {
            anomaly("tls_extension_malformed");
        }
    } else if whole && fits {
        let (ja3, ja4) = ja::prints(&parts, carrier);
        (hello.ja3, hello.ja4) = (Some(ja3), Some(ja4));
    }
    hello
}

/// Read extensions up to one that does not fit, and give the octets from there on.
fn extensions<'a>(
    mut rest: &'a [u8],
    hello: &mut TlsHello,
    parts: &mut Parts<'a>,
    anomaly: &mut dyn FnMut(&'static str),
) -> &'a [u8] {
    parts.extensions.reserve(24);
    while let Some((kind, value, after)) = extension(rest) {
        rest = after;
        parts.extensions.push(kind);
        let sound = match kind {
            SERVER_NAME => server_name(value, &mut hello.server_name),
            ALPN => alpn(value, &mut hello.alpn, parts),
            SUPPORTED_VERSIONS => versions(value, &mut hello.versions, parts),
            SUPPORTED_GROUPS => list(behind_u16(value), &mut parts.groups),
            POINT_FORMATS => list(behind_u8(value), &mut parts.formats),
            SIGNATURE_ALGORITHMS => list(behind_u16(value), &mut parts.signatures),
            ENCRYPTED_CLIENT_HELLO | ENCRYPTED_SERVER_NAME => {
                hello.ech = true;
                true
            }
            _ => true,
        };
        if !sound {
            anomaly("tls_extension_malformed");
        }
    }
    rest
}

/// The fields of a hello in their order, by hand, for hellos that are cut or that the crate
/// refuses; and whether all of them fit.
fn walk(body: &[u8]) -> (Fields<'_>, bool) {
    let version = body.first_chunk().map_or(0, |octets| u16::from_be_bytes(*octets));
    let mut fields = Fields { version, ciphers: Vec::new(), extensions: &[] };
    let mut read = || {
        // Version and random.
        let rest = body.get(2 + 32..)?;
        let (_session, rest) = behind_u8(rest)?;
        let (ciphers, rest) = behind_u16(rest)?;
        let (pairs, odd) = ciphers.as_chunks::<2>();
        fields.ciphers.extend(pairs.iter().map(|pair| u16::from_be_bytes(*pair)));
        let (_compressions, rest) = behind_u8(rest)?;
        let Some((len, rest)) = rest.split_first_chunk() else { return Some(odd.is_empty()) };
        let block = rest.get(..usize::from(u16::from_be_bytes(*len)));
        fields.extensions = block.unwrap_or(rest);
        Some(odd.is_empty() && block.is_some())
    };
    let fits = read().unwrap_or(false);
    (fields, fits)
}

/// What a ServerHello says of the version: that of its extension, else that of its field (RFC 8446
/// §4.1.3). `None` when it is shorter than its fixed part.
pub(in crate::protocols) fn server_version(body: &[u8]) -> Option<TlsVersion> {
    let version = TlsVersion(u16::from_be_bytes(*body.first_chunk()?));
    let (_session, rest) = behind_u8(body.get(2 + 32..)?)?;
    // Cipher suite and compression method, then the extensions, if any.
    let Some((_, mut rest)) = rest.get(3..).and_then(|rest| rest.split_first_chunk::<2>()) else {
        return Some(version);
    };
    while let Some((kind, value, after)) = extension(rest) {
        rest = after;
        if let (SUPPORTED_VERSIONS, Some(chosen)) = (kind, value.first_chunk()) {
            return Some(TlsVersion(u16::from_be_bytes(*chosen)));
        }
    }
    Some(version)
}

/// Each answers whether the value kept its own lengths; what could be read of it stands.
fn server_name(value: &[u8], name: &mut Option<DomainName>) -> bool {
    let Some((len, mut rest)) = value.split_first_chunk() else { return false };
    let sound = usize::from(u16::from_be_bytes(*len)) == rest.len();
    while let Some((kind, after)) = rest.split_first() {
        let Some((octets, after)) = behind_u16(after) else { return false };
        rest = after;
        if *kind == HOST_NAME && name.is_none() {
            *name = DomainName::from_text(octets).ok();
        }
    }
    sound
}

fn alpn<'a>(value: &'a [u8], protocols: &mut Vec<Box<[u8]>>, parts: &mut Parts<'a>) -> bool {
    let Some((len, mut rest)) = value.split_first_chunk() else { return false };
    let sound = usize::from(u16::from_be_bytes(*len)) == rest.len();
    while let Some((protocol, after)) = behind_u8(rest) {
        rest = after;
        if protocols.is_empty() {
            parts.protocol = protocol;
        }
        if protocols.len() < TLS_LIST_MAX {
            protocols.push(protocol.into());
        }
    }
    sound && rest.is_empty()
}

fn versions(value: &[u8], versions: &mut Vec<TlsVersion>, parts: &mut Parts<'_>) -> bool {
    let Some((list, rest)) = behind_u8(value) else { return false };
    let (pairs, odd) = list.as_chunks::<2>();
    for version in pairs.iter().map(|pair| u16::from_be_bytes(*pair)) {
        if grease(version) {
            continue;
        }
        parts.highest = parts.highest.max(Some(version));
        if versions.len() < TLS_LIST_MAX {
            versions.push(TlsVersion(version));
        }
    }
    rest.is_empty() && odd.is_empty()
}

/// A list behind its length that only fingerprints read. Of none, one or many such extensions the
/// first counts, and none is malformed: what is in them does not hide a name.
fn list<'a>(value: Option<(&'a [u8], &'a [u8])>, kept: &mut &'a [u8]) -> bool {
    if let Some((list, _)) = value
        && kept.is_empty()
    {
        *kept = list;
    }
    true
}

/// RFC 8701 §2: values that mean nothing, so that nobody learns to refuse the unknown.
#[inline]
pub(super) const fn grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 15 == 10
}

fn extension(octets: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (kind, rest) = octets.split_first_chunk()?;
    let (value, rest) = behind_u16(rest)?;
    Some((u16::from_be_bytes(*kind), value, rest))
}

/// An extension's type and as many octets of its value as there are.
fn beginning(octets: &[u8]) -> Option<(u16, &[u8])> {
    let (kind, rest) = octets.split_first_chunk()?;
    Some((u16::from_be_bytes(*kind), rest.get(2..)?))
}

fn behind_u8(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = octets.split_first()?;
    rest.split_at_checked(usize::from(*len))
}

fn behind_u16(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = octets.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}
