//! Records in a datagram (RFC 6347 §4.1) and the fragments of handshake messages in them (§4.2.2).

/// Handshake types (RFC 6347 §4.3.2).
pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const HELLO_VERIFY_REQUEST: u8 = 3;
pub(super) const CERTIFICATE: u8 = 11;

/// RFC 6347 §4.1: the types of records.
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const HEARTBEAT: u8 = 24;
/// RFC 9147 §4: the first three bits of a record that hides its type.
const UNIFIED: std::ops::RangeInclusive<u8> = 0x20..=0x3f;

/// Octets of a record's head: type, version, epoch, number, length.
const RECORD_HEAD: usize = 13;
/// Octets of a fragment's head: type, length, number, offset, length of the fragment.
const FRAGMENT_HEAD: usize = 12;

/// A fragment of a handshake message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fragment<'a> {
    /// The message's type.
    pub(super) kind: u8,
    /// Octets of the whole message's body.
    pub(super) len: usize,
    /// The message's number.
    pub(super) number: u16,
    /// Where the fragment stands in the body.
    pub(super) offset: usize,
    /// Its octets.
    pub(super) octets: &'a [u8],
}

/// What stands in a datagram, piece by piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Piece<'a> {
    /// A fragment in clear.
    Fragment(Fragment<'a>),
    /// From here on all is encrypted.
    Encrypted,
}

/// Walks along a datagram's records; ends at the first octet that is none.
pub(super) struct Pieces<'a> {
    datagram: &'a [u8],
    /// What is left of the handshake record at hand.
    record: &'a [u8],
}

/// The pieces of a datagram.
pub(super) const fn pieces(datagram: &[u8]) -> Pieces<'_> {
    Pieces { datagram, record: &[] }
}

/// The fragment that a datagram begins with.
pub(super) fn first(datagram: &[u8]) -> Option<Fragment<'_>> {
    if !datagram.starts_with(&[HANDSHAKE]) {
        return None;
    }
    match pieces(datagram).next() {
        Some(Piece::Fragment(fragment)) => Some(fragment),
        _ => None,
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        // Each turn takes a head off the datagram.
        while self.record.is_empty() {
            if self.datagram.first().is_some_and(|first| UNIFIED.contains(first)) {
                self.datagram = &[];
                return Some(Piece::Encrypted);
            }
            let (head, rest) = self.datagram.split_first_chunk::<RECORD_HEAD>()?;
            let [kind, major, minor, epoch @ ..] = *head;
            let [.., high, low] = *head;
            // 1.0, 1.2 and 1.3; and 1.0 as OpenSSL numbered it before the standard did.
            let known = matches!([major, minor], [0xfe, 0xfc..=0xff] | [1, 0]);
            let len = usize::from(u16::from_be_bytes([high, low]));
            let (record, after) = rest.split_at_checked(len).filter(|_| known)?;
            self.datagram = after;
            match (kind, epoch) {
                (HANDSHAKE, [0, 0, ..]) => self.record = record,
                (CHANGE_CIPHER_SPEC, _) | (_, [1..=0xff, _, ..] | [_, 1..=0xff, ..]) => {
                    self.datagram = &[];
                    return Some(Piece::Encrypted);
                }
                (CHANGE_CIPHER_SPEC..=HEARTBEAT, _) => {}
                _ => return None,
            }
        }
        let (fragment, after) = fragment(self.record)?;
        self.record = after;
        Some(Piece::Fragment(fragment))
    }
}

/// The fragment at the front of a record, and what follows it.
fn fragment(octets: &[u8]) -> Option<(Fragment<'_>, &[u8])> {
    let (head, rest) = octets.split_first_chunk::<FRAGMENT_HEAD>()?;
    let [kind, a, b, c, d, e, f, g, h, i, j, k] = *head;
    let number = |octets: [u8; 3]| {
        let [high, middle, low] = octets;
        usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap_or(usize::MAX)
    };
    let (len, offset) = (number([a, b, c]), number([f, g, h]));
    let (octets, after) = rest.split_at_checked(number([i, j, k]))?;
    let fits = offset.saturating_add(octets.len()) <= len;
    let number = u16::from_be_bytes([d, e]);
    fits.then_some((Fragment { kind, len, number, offset, octets }, after))
}
