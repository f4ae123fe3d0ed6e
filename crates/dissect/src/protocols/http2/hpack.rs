//! HPACK (RFC 7541): the fields of one direction, which are told apart by what was said before.

use std::collections::VecDeque;

use super::huffman;
use crate::protocols::limits::{HPACK_DECODED_MAX, HPACK_TABLE_MAX};

/// Why a block cannot be read, and none of this direction after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// It ends amid a field.
    Cut,
    /// It breaks a rule.
    Malformed,
    /// Its fields are too many or too long.
    TooLong,
}

/// RFC 7541 appendix A; those of which only the name is known have no value.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// A field that was said before.
#[derive(Debug)]
struct Entry {
    octets: Box<[u8]>,
    name_len: usize,
}

impl Entry {
    /// RFC 7541 §4.1.
    fn size(&self) -> usize {
        self.octets.len().saturating_add(32)
    }

    fn field(&self) -> (&[u8], &[u8]) {
        self.octets.split_at_checked(self.name_len).unwrap_or_default()
    }
}

/// The decoder of one direction.
///
/// What the other end allows (SETTINGS_HEADER_TABLE_SIZE) need not be known: an encoder that uses
/// more or less of it says so at the front of a block (RFC 7541 §4.2).
#[derive(Debug)]
pub(super) struct Decoder {
    /// The newest first.
    entries: VecDeque<Entry>,
    size: usize,
    size_max: usize,
}

impl Default for Decoder {
    /// RFC 9113 §6.5.2: 4,096 octets unless someone says otherwise.
    fn default() -> Decoder {
        Decoder { entries: VecDeque::new(), size: 0, size_max: 4096 }
    }
}

impl Decoder {
    /// Octets that it holds.
    pub(super) const fn held(&self) -> usize {
        self.size
    }

    /// Read a block: each field goes to `field`, its name before its value. After a fault nothing
    /// more of this direction can be read.
    pub(super) fn decode(
        &mut self,
        block: &[u8],
        field: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<(), Fault> {
        let mut rest = block;
        let mut decoded = 0usize;
        while let Some(first) = rest.first() {
            // RFC 7541 §6.1 to §6.3.
            match first {
                0x80.. => {
                    let index = integer(&mut rest, 7)?;
                    let (name, value) = self.at(index)?;
                    count(&mut decoded, name.len().saturating_add(value.len()))?;
                    field(name, value);
                }
                0x20..0x40 => {
                    let size = integer(&mut rest, 5)?;
                    if size > HPACK_TABLE_MAX {
                        return Err(Fault::TooLong);
                    }
                    self.size_max = size;
                    self.evict(0);
                }
                _ => {
                    let kept = first & 0x40 != 0;
                    let entry = self.literal(&mut rest, if kept { 6 } else { 4 })?;
                    count(&mut decoded, entry.octets.len())?;
                    let (name, value) = entry.field();
                    field(name, value);
                    if kept {
                        self.keep(entry);
                    }
                }
            }
        }
        Ok(())
    }

    fn literal(&self, rest: &mut &[u8], prefix: u32) -> Result<Entry, Fault> {
        let mut octets = Vec::new();
        match integer(rest, prefix)? {
            0 => string(rest, &mut octets)?,
            index => octets.extend_from_slice(self.at(index)?.0),
        }
        let name_len = octets.len();
        string(rest, &mut octets)?;
        Ok(Entry { octets: octets.into(), name_len })
    }

    /// The field with a number, from 1 on.
    fn at(&self, index: usize) -> Result<(&[u8], &[u8]), Fault> {
        let place = index.checked_sub(1).ok_or(Fault::Malformed)?;
        if let Some((name, value)) = STATIC.get(place) {
            return Ok((name.as_bytes(), value.as_bytes()));
        }
        let entry = place.checked_sub(STATIC.len()).and_then(|place| self.entries.get(place));
        entry.map(Entry::field).ok_or(Fault::Malformed)
    }

    fn keep(&mut self, entry: Entry) {
        self.evict(entry.size());
        // One that is larger than the table just empties it.
        if entry.size() <= self.size_max {
            self.size = self.size.saturating_add(entry.size());
            self.entries.push_front(entry);
        }
    }

    fn evict(&mut self, room: usize) {
        while self.size.saturating_add(room) > self.size_max {
            let Some(oldest) = self.entries.pop_back() else { return };
            self.size = self.size.saturating_sub(oldest.size());
        }
    }
}

/// A stranger may name a long field again and again with an octet each.
fn count(decoded: &mut usize, len: usize) -> Result<(), Fault> {
    *decoded = decoded.saturating_add(len).saturating_add(32);
    if *decoded > HPACK_DECODED_MAX { Err(Fault::TooLong) } else { Ok(()) }
}

/// RFC 7541 §5.1, of which the first octet has `prefix` bits.
fn integer(rest: &mut &[u8], prefix: u32) -> Result<usize, Fault> {
    let (first, after) = rest.split_first().ok_or(Fault::Cut)?;
    *rest = after;
    let most = (1u8 << prefix) - 1;
    let mut value = usize::from(first & most);
    if value < usize::from(most) {
        return Ok(value);
    }
    // No number of use is longer than four octets.
    for shift in [0, 7, 14, 21] {
        let (octet, after) = rest.split_first().ok_or(Fault::Cut)?;
        *rest = after;
        value = value.saturating_add(usize::from(octet & 0x7f) << shift);
        if octet & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Fault::Malformed)
}

/// RFC 7541 §5.2: a string is appended to `text`.
fn string(rest: &mut &[u8], text: &mut Vec<u8>) -> Result<(), Fault> {
    let coded = rest.first().ok_or(Fault::Cut)? & 0x80 != 0;
    let len = integer(rest, 7)?;
    let (octets, after) = rest.split_at_checked(len).ok_or(Fault::Cut)?;
    *rest = after;
    if !coded {
        text.extend_from_slice(octets);
        return Ok(());
    }
    if huffman::decode(octets, HPACK_DECODED_MAX, text) { Ok(()) } else { Err(Fault::Malformed) }
}

#[cfg(test)]
#[allow(clippy::type_complexity, reason = "tables")]
mod tests {
    use super::*;

    fn fields(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<String>, Fault> {
        let mut fields = Vec::new();
        let mut tell = |name: &[u8], value: &[u8]| {
            fields.push(format!("{}={}", name.escape_ascii(), value.escape_ascii()));
        };
        decoder.decode(block, &mut tell).map(|()| fields)
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    /// RFC 7541 appendix C.3 to C.6: three blocks of a connection each, their fields, and what the
    /// table holds after each.
    #[test]
    fn examples_of_rfc_7541() {
        type Connection<'a> = (&'a str, Option<&'a str>, [(&'a str, &'a str, usize); 3]);
        let asked = [
            ":method=GET :scheme=http :path=/ :authority=www.example.com",
            ":method=GET :scheme=http :path=/ :authority=www.example.com cache-control=no-cache",
            ":method=GET :scheme=https :path=/index.html :authority=www.example.com custom-key=custom-value",
        ];
        let table: &[Connection<'_>] = &[
            (
                "C.3",
                None,
                [
                    ("828684410f7777772e6578616d706c652e636f6d", asked[0], 57),
                    ("828684be58086e6f2d6361636865", asked[1], 110),
                    ("828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", asked[2], 164),
                ],
            ),
            (
                "C.4",
                None,
                [
                    ("828684418cf1e3c2e5f23a6ba0ab90f4ff", asked[0], 57),
                    ("828684be5886a8eb10649cbf", asked[1], 110),
                    ("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", asked[2], 164),
                ],
            ),
            (
                "C.5, of a table of 256 octets",
                Some("3fe101"),
                [
                    (
                        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
                        ":status=302 cache-control=private date=Mon, 21 Oct 2013 20:13:21 GMT location=https://www.example.com",
                        222,
                    ),
                    (
                        "4803333037c1c0bf",
                        ":status=307 cache-control=private date=Mon, 21 Oct 2013 20:13:21 GMT location=https://www.example.com",
                        222,
                    ),
                    (
                        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
                        ":status=200 cache-control=private date=Mon, 21 Oct 2013 20:13:22 GMT location=https://www.example.com content-encoding=gzip set-cookie=foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
                        215,
                    ),
                ],
            ),
        ];
        for (what, size, blocks) in table {
            let mut decoder = Decoder::default();
            if let Some(size) = size {
                assert_eq!(fields(&mut decoder, &hex(size)), Ok(Vec::new()));
            }
            for (block, want, held) in blocks {
                let got = fields(&mut decoder, &hex(block)).expect("a block");
                assert_eq!(got.join(" "), *want, "{what}");
                assert_eq!(decoder.held(), *held, "{what}");
            }
        }
    }

    #[test]
    fn blocks_that_break_a_rule() {
        use Fault::{Cut, Malformed, TooLong};
        let long = [&[0x40, 1, b'a', 0x7f, 0x81, 0x1e][..], &[b'x'; 3968], &[0xbe; 100]].concat();
        let table: &[(&[u8], Fault)] = &[
            (&[0x80], Malformed),
            (&[0xbe], Malformed),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Malformed),
            (&[0x40, 0x0a, b'c'], Cut),
            (&[0x41], Cut),
            (&[0xff], Cut),
            (&[0x3f, 0xe1, 0xff, 0x7f], TooLong),
            (&[0x41, 0x82, 0xff, 0xff], Malformed),
            (&long, TooLong),
        ];
        for (block, want) in table {
            assert_eq!(fields(&mut Decoder::default(), block), Err(*want), "{:02x?}", &block[..2]);
        }
    }

    #[test]
    fn a_field_larger_than_the_table_empties_it() {
        let mut decoder = Decoder::default();
        fields(&mut decoder, &[0x40, 1, b'a', 1, b'b']).expect("a block");
        assert_eq!(decoder.held(), 34);
        fields(&mut decoder, &[0x3f, 0x09, 0x40, 1, b'a', 9, 1, 2, 3, 4, 5, 6, 7, 8, 9])
            .expect("a block");
        assert_eq!(decoder.held(), 0);
    }
}
