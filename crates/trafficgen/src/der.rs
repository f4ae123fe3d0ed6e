//! The distinguished encoding rules (X.690 §8, §10), as far as a certificate needs them.

use crate::octets::Octets;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_ID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0C;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// `[number]`, constructed.
pub(crate) fn context(number: u8) -> u8 {
    0xA0 | number
}

/// A value of the given tag around what `write` adds (X.690 §8.1.3: the shortest length there is).
pub(crate) fn value(out: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    write(&mut content);
    out.put8(tag);
    let digits = content.len().to_be_bytes();
    let digits: Vec<u8> = digits.into_iter().skip_while(|digit| *digit == 0).collect();
    match (content.len(), digits.as_slice()) {
        (0..=127, _) => out.put8(content.len() as u8),
        (_, digits) => {
            out.put8(0x80 | digits.len() as u8);
            out.put(digits);
        }
    }
    out.put(&content);
}

pub(crate) fn text(out: &mut Vec<u8>, tag: u8, text: &str) {
    value(out, tag, |out| out.put(text.as_bytes()));
}

/// A number without a sign, from its octets (§8.3: no leading zero but where the sign needs one).
pub(crate) fn unsigned(out: &mut Vec<u8>, octets: &[u8]) {
    let digits: Vec<u8> = octets.iter().copied().skip_while(|digit| *digit == 0).collect();
    value(out, INTEGER, |out| {
        if digits.first().is_none_or(|first| *first >= 0x80) {
            out.put8(0);
        }
        out.put(&digits);
    });
}

/// A string of bits, all of its octets used (§8.6).
pub(crate) fn bits(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    value(out, BIT_STRING, |out| {
        out.put8(0);
        write(out);
    });
}

/// An object identifier of three arcs or more (§8.19).
pub(crate) fn object_id(out: &mut Vec<u8>, arcs: &[u32]) {
    value(out, OBJECT_ID, |out| {
        let (Some(first), Some(second)) = (arcs.first(), arcs.get(1)) else { return };
        for arc in [first * 40 + second].iter().chain(arcs.iter().skip(2)) {
            let sevens = (0..5).rev().map(|place| (arc >> (7 * place)) & 0x7F);
            let sevens: Vec<u32> = sevens.skip_while(|seven| *seven == 0).collect();
            let count = sevens.len();
            match count {
                0 => out.put8(0),
                _ => sevens.iter().enumerate().for_each(|(place, seven)| {
                    let more = if place + 1 < count { 0x80 } else { 0 };
                    out.put8(*seven as u8 | more);
                }),
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    #[test]
    fn lengths_are_the_shortest() {
        for (len, header) in [
            (0, vec![0x30, 0]),
            (127, vec![0x30, 127]),
            (128, vec![0x30, 0x81, 128]),
            (255, vec![0x30, 0x81, 255]),
            (256, vec![0x30, 0x82, 1, 0]),
            (65_536, vec![0x30, 0x83, 1, 0, 0]),
        ] {
            let der = written(|out| value(out, SEQUENCE, |out| out.resize(len, 7)));
            assert_eq!(der[..header.len()], header, "{len}");
            assert_eq!(der.len(), header.len() + len);
        }
    }

    #[test]
    fn numbers_and_identifiers() {
        let number = |octets: &[u8]| written(|out| unsigned(out, octets));
        assert_eq!(number(&[0]), [2, 1, 0]);
        assert_eq!(number(&[0, 0, 127]), [2, 1, 127]);
        assert_eq!(number(&[128]), [2, 2, 0, 128]);
        assert_eq!(number(&[1, 0, 1]), [2, 3, 1, 0, 1]);
        let id = |arcs: &[u32]| written(|out| object_id(out, arcs));
        assert_eq!(id(&[2, 5, 4, 3]), [6, 3, 0x55, 4, 3]);
        assert_eq!(
            id(&[1, 2, 840, 113549, 1, 1, 11])[2..],
            [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11]
        );
        assert_eq!(id(&[1, 2, 0, 128]), [6, 4, 0x2A, 0, 0x81, 0]);
    }
}
