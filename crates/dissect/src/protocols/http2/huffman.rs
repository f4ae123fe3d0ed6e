//! The Huffman code of HPACK (RFC 7541 §5.2, appendix B). It is canonical: of the codes of one
//! length, each is the next number, in the order of their octets. So their lengths say it all.

/// Bits of the code of each octet, then of the end mark.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// Bits of the longest code.
const LONGEST: usize = 30;

/// The codes of one length.
#[derive(Clone, Copy)]
struct Codes {
    /// The first one.
    first: u32,
    count: u32,
    /// Where in [`ORDER`] the octet of the first one stands.
    place: u32,
}

/// The codes of each length.
const CODES: [Codes; LONGEST + 1] = codes();
/// Octets, and 256 for the end mark, which no text holds, in the order of their codes.
const ORDER: [u16; 257] = order();

#[allow(clippy::indexing_slicing)] // While compiling: a wrong place would not build.
const fn codes() -> [Codes; LONGEST + 1] {
    let mut codes = [Codes { first: 0, count: 0, place: 0 }; LONGEST + 1];
    let mut symbol = 0;
    while symbol < LENGTHS.len() {
        codes[LENGTHS[symbol] as usize].count += 1;
        symbol += 1;
    }
    let mut len = 1;
    while len <= LONGEST {
        let before = codes[len - 1];
        codes[len].first = (before.first + before.count) << 1;
        codes[len].place = before.place + before.count;
        len += 1;
    }
    codes
}

#[allow(clippy::indexing_slicing)] // While compiling, too.
const fn order() -> [u16; 257] {
    let mut order = [0; 257];
    let (mut place, mut len) = (0, 1);
    while len <= LONGEST {
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == len {
                order[place] = symbol as u16;
                place += 1;
            }
            symbol += 1;
        }
        len += 1;
    }
    order
}

/// The text of coded octets, appended to `text` as long as that has fewer than `max`; false when
/// they are no code, or too many.
pub(super) fn decode(octets: &[u8], max: usize, text: &mut Vec<u8>) -> bool {
    let (mut code, mut len) = (0u32, 0usize);
    for octet in octets {
        for bit in (0..8).rev() {
            code = code << 1 | u32::from(octet >> bit & 1);
            len += 1;
            let Some(codes) = CODES.get(len) else { return false };
            let number = code.wrapping_sub(codes.first);
            if number >= codes.count {
                continue;
            }
            let symbol = ORDER.get(codes.place.wrapping_add(number) as usize).copied();
            match symbol.map(u8::try_from) {
                Some(Ok(octet)) if text.len() < max => text.push(octet),
                _ => return false,
            }
            (code, len) = (0, 0);
        }
    }
    // RFC 7541 §5.2: fewer than eight bits of ones fill the last octet.
    len < 8 && code == (1 << len) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(coded: &[u8]) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        decode(coded, 64, &mut text).then_some(text)
    }

    #[test]
    fn the_codes_fill_their_space() {
        let last = CODES[LONGEST];
        assert_eq!(u64::from(last.first + last.count), 1 << LONGEST);
        assert_eq!(ORDER[256], 256);
    }

    #[test]
    fn examples_of_rfc_7541() {
        // Appendix C.4 and C.6.
        let table: &[(&[u8], &str)] = &[
            (b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff", "www.example.com"),
            (b"\xa8\xeb\x10\x64\x9c\xbf", "no-cache"),
            (b"\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f", "custom-key"),
            (b"\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf", "custom-value"),
            (b"\x64\x02", "302"),
            (
                b"\x9d\x29\xad\x17\x18\x63\xc7\x8f\x0b\x97\xc8\xe9\xae\x82\xae\x43\xd3",
                "https://www.example.com",
            ),
            (b"", ""),
        ];
        for (coded, want) in table {
            assert_eq!(text(coded).as_deref(), Some(want.as_bytes()), "{want}");
        }
    }

    #[test]
    fn what_is_no_code() {
        // The end mark; eight bits of filling; filling of zeros; too long a text.
        for coded in [&[0xff, 0xff, 0xff, 0xff][..], &[0x64, 0x02, 0xff], &[0x18]] {
            assert_eq!(text(coded), None, "{coded:02x?}");
        }
        assert!(!decode(&[0; 100], 64, &mut Vec::new()));
    }
}
