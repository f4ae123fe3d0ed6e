//! A message's header, and the one place that meets the `dns-parser` crate: addresses, and its
//! opinion on names.
//!
//! Only pieces of it that cost little and cannot lose a message are used, and names only behind
//! our own walk: its scan follows any number of pointers, and its text form recurses at each. Its
//! header costs as much as all else in a query, and refuses a message for one reserved bit, which
//! some mDNS senders set.

use std::net::IpAddr;

use dns_parser::{Name, RData, Type};
use model::RecordType;

/// A message's header (RFC 1035 §4.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    /// The message's number.
    pub(super) id: u16,
    /// It is a response.
    pub(super) response: bool,
    /// What kind of query.
    pub(super) opcode: u8,
    /// The lower four bits of the response code.
    pub(super) rcode: u16,
    /// How many questions it claims.
    pub(super) questions: u16,
    /// How many records it claims in its answer section.
    pub(super) answers: u16,
    /// How many in its authority section.
    pub(super) authorities: u16,
    /// How many in its additional section.
    pub(super) additionals: u16,
    /// The reserved bit is set, as no modern sender does (RFC 1035 §4.1.1: must be zero).
    pub(super) reserved: bool,
}

impl Header {
    /// Octets of a header.
    pub(super) const LEN: usize = 12;
    const RESERVED: u8 = 0x40;

    /// The header that a message begins with; `None` when it is shorter than one.
    pub(super) fn read(message: &[u8]) -> Option<Header> {
        let [a, b, high, low, q, r, s, t, u, v, w, x] =
            *message.first_chunk::<{ Header::LEN }>()?;
        let number = |high, low| u16::from_be_bytes([high, low]);
        Some(Header {
            id: number(a, b),
            response: high & 0x80 != 0,
            opcode: high >> 3 & 15,
            rcode: u16::from(low & 15),
            questions: number(q, r),
            answers: number(s, t),
            authorities: number(u, v),
            additionals: number(w, x),
            reserved: low & Header::RESERVED != 0,
        })
    }

    /// Records that it claims in all three sections.
    pub(super) fn records(&self) -> usize {
        usize::from(self.answers)
            .saturating_add(usize::from(self.authorities))
            .saturating_add(usize::from(self.additionals))
    }
}

/// The address in the data of an A or AAAA record; `None` for other types and wrong lengths.
pub(super) fn address(kind: RecordType, data: &[u8], message: &[u8]) -> Option<IpAddr> {
    let known = match kind {
        RecordType::A => Type::A,
        RecordType::AAAA => Type::AAAA,
        _ => return None,
    };
    match RData::parse(known, data, message).ok()? {
        RData::A(record) => Some(IpAddr::V4(record.0)),
        RData::AAAA(record) => Some(IpAddr::V6(record.0)),
        _ => None,
    }
}

/// Whether the crate, too, takes the octets at `at` for a name of ASCII labels. To be asked only
/// of names that our own walk has passed.
pub(super) fn agrees(message: &[u8], at: usize) -> bool {
    message.get(at..).is_some_and(|data| Name::scan(data, message).is_ok())
}

#[cfg(test)]
#[allow(clippy::type_complexity, reason = "tables")]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_the_crate() {
        for seed in 0..=u16::MAX {
            let [high, low] = seed.to_be_bytes();
            let message = [high, 7, high, low & !Header::RESERVED, 1, low, 2, high, 3, 4, 5, 6];
            let ours = Header::read(&message).expect("twelve octets");
            let crates = dns_parser::Header::parse(&message).expect("no reserved bit");
            let rcode: u8 = crates.response_code.into();
            assert_eq!((ours.id, ours.response), (crates.id, !crates.query));
            assert_eq!((ours.opcode, ours.rcode), (high >> 3 & 15, u16::from(rcode & 15)));
            assert_eq!((ours.questions, ours.answers), (crates.questions, crates.answers));
            assert_eq!(ours.authorities, crates.nameservers);
            assert_eq!(ours.additionals, crates.additional);
        }
    }

    #[test]
    fn a_reserved_bit_blinds_nobody() {
        let message = [0x12, 0x34, 0x81, 0xf3, 0, 1, 0, 2, 0, 3, 0, 4];
        let header = Header::read(&message).expect("twelve octets");
        assert_eq!((header.id, header.response, header.opcode), (0x1234, true, 0));
        assert_eq!((header.rcode, header.reserved, header.records()), (3, true, 9));
        assert_eq!(Header::read(&message[..11]), None);
    }

    #[test]
    fn addresses_have_their_length() {
        let table: &[(RecordType, &[u8], Option<&str>)] = &[
            (RecordType::A, &[192, 0, 2, 1], Some("192.0.2.1")),
            (RecordType::A, &[192, 0, 2], None),
            (
                RecordType::AAAA,
                &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                Some("2001:db8::1"),
            ),
            (RecordType::AAAA, &[192, 0, 2, 1], None),
            (RecordType::TXT, &[192, 0, 2, 1], None),
        ];
        for (kind, data, want) in table {
            let got = address(*kind, data, data).map(|ip| ip.to_string());
            assert_eq!(got.as_deref(), *want, "{kind:?} {data:?}");
        }
    }
}
