//! First octets by which a protocol is known: pieces at fixed places, some bits of them open, and
//! lengths that must agree.

use model::{Opening, Side, Transport};

use crate::limits::{SIGNATURE_FIXED_MIN, SIGNATURE_OCTETS_MAX, SIGNATURE_PIECES_MAX};

/// A signature over the first octets of one end of a flow. All that it says must fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Signature {
    pub(crate) transport: Transport,
    /// Whose octets; `None`: either end's.
    pub(crate) side: Option<Side>,
    pub(crate) pieces: Box<[Piece]>,
    /// Octets that stand anywhere in the opening; empty: none are asked for.
    pub(crate) contains: Box<[u8]>,
    /// A field that tells the length of the first segment's payload.
    pub(crate) length: Option<LengthField>,
    /// Bounds of the first segment's payload, in octets.
    pub(crate) first_len_min: u32,
    pub(crate) first_len_max: u32,
}

/// Octets at a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    /// Octets before the first that counts.
    pub(crate) offset: usize,
    pub(crate) octets: Box<[Octet]>,
}

/// An octet of which some bits are fixed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Octet {
    /// The fixed bits; no others are set.
    pub(crate) value: u8,
    /// Which bits are fixed.
    pub(crate) mask: u8,
}

/// A number in the octets from which the payload's length follows: `(number >> shift) + plus`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LengthField {
    pub(crate) offset: usize,
    /// 1, 2, 3 or 4.
    pub(crate) width: usize,
    pub(crate) little_endian: bool,
    /// Low bits that belong to something else.
    pub(crate) shift: u32,
    /// Octets that the number does not count; negative when it counts some that are not there.
    pub(crate) plus: i64,
}

impl Signature {
    /// Whether the opening fits.
    pub(crate) fn fits(&self, transport: Transport, opening: &Opening) -> bool {
        self.transport == transport
            && self.side.is_none_or(|side| side == opening.side)
            && self.pieces.iter().all(|piece| piece.fits(&opening.octets))
            && self.len_fits(opening)
            && self.holds(&opening.octets)
    }

    /// Octets up to the last one that is asked for at a place.
    pub(crate) fn end(&self) -> usize {
        let pieces = self.pieces.iter().map(Piece::end);
        let field = self.length.map(|field| field.offset.saturating_add(field.width));
        pieces.chain(field).max().unwrap_or(0)
    }

    /// Two adjacent octets that are fixed and where they stand, for a table to find the signature
    /// by; the ones nearest the front.
    pub(crate) fn anchor(&self) -> Option<(usize, [u8; 2])> {
        let pairs = self.pieces.iter().flat_map(|piece| {
            piece.octets.windows(2).enumerate().filter_map(|(at, pair)| match pair {
                [Octet { value: one, mask: 0xff }, Octet { value: two, mask: 0xff }] => {
                    Some((piece.offset.saturating_add(at), [*one, *two]))
                }
                _ => None,
            })
        });
        pairs.min()
    }

    /// Whether the first segment's length is one that the protocol begins with.
    ///
    /// A first segment of a stream that ends before the signature does was cut on its way: no
    /// sender writes half a header. Its length says nothing then, and is not asked about.
    fn len_fits(&self, opening: &Opening) -> bool {
        let len = u64::from(opening.first_len);
        let end = u64::try_from(self.end()).unwrap_or(u64::MAX);
        if self.transport == Transport::Tcp && len < end {
            return true;
        }
        (self.first_len_min..=self.first_len_max).contains(&opening.first_len)
            && self
                .length
                .is_none_or(|field| field.told(&opening.octets) == i64::try_from(len).ok())
    }

    fn holds(&self, octets: &[u8]) -> bool {
        let Some((first, rest)) = self.contains.split_first() else { return true };
        let mut left = octets;
        // By the first of them: openings are looked at whole, so this is kept cheap.
        while let Some(at) = left.iter().position(|octet| octet == first) {
            left = left.get(at.saturating_add(1)..).unwrap_or_default();
            if left.starts_with(rest) {
                return true;
            }
        }
        false
    }
}

impl Piece {
    fn fits(&self, octets: &[u8]) -> bool {
        let here = octets.get(self.offset..).and_then(|rest| rest.get(..self.octets.len()));
        here.is_some_and(|here| {
            here.iter().zip(&self.octets).all(|(octet, wanted)| octet & wanted.mask == wanted.value)
        })
    }

    const fn end(&self) -> usize {
        self.offset.saturating_add(self.octets.len())
    }
}

impl LengthField {
    /// The length that the field tells; `None` when it is not there.
    fn told(&self, octets: &[u8]) -> Option<i64> {
        let field = octets.get(self.offset..)?.get(..self.width)?;
        let fold = |number: i64, octet: &u8| (number << 8) | i64::from(*octet);
        let number = if self.little_endian {
            field.iter().rev().fold(0, fold)
        } else {
            field.iter().fold(0, fold)
        };
        (number >> self.shift).checked_add(self.plus)
    }
}

/// The parts of a signature as its row writes them, and where each mistake is.
pub(crate) struct Written<'t> {
    pub(crate) offset: usize,
    pub(crate) bytes: Option<&'t str>,
    pub(crate) also: Vec<&'t str>,
    pub(crate) contains: Option<&'t str>,
    pub(crate) length: Option<&'t str>,
}

/// Pieces, octets anywhere, and the length field. An error names the part it is about.
pub(crate) type Parts = (Box<[Piece]>, Box<[u8]>, Option<LengthField>);

impl Written<'_> {
    /// The signature's parts; else which key is wrong (and the place in a list), and why.
    pub(crate) fn read(&self) -> Result<Parts, (&'static str, usize, String)> {
        let mut pieces = Vec::new();
        if let Some(text) = self.bytes {
            let octets = octets(text).map_err(|why| ("bytes", 0, why))?;
            pieces.push(placed(self.offset, octets).map_err(|why| ("bytes", 0, why))?);
        }
        for (place, text) in self.also.iter().enumerate() {
            if place >= SIGNATURE_PIECES_MAX {
                let why = format!("there are more than {SIGNATURE_PIECES_MAX} further pieces");
                return Err(("also", place, why));
            }
            pieces.push(piece(text).map_err(|why| ("also", place, why))?);
        }
        let contains = match self.contains {
            Some(text) => literal(text).map_err(|why| ("contains", 0, why))?,
            None => Box::default(),
        };
        let length = match self.length {
            Some(text) => Some(length(text).map_err(|why| ("length", 0, why))?),
            None => None,
        };
        let octets = pieces.iter().flat_map(|piece| piece.octets.iter());
        let bits: u32 = octets.map(|octet| octet.mask.count_ones()).sum();
        let fixed = usize::try_from(bits / 8).unwrap_or(0).saturating_add(contains.len());
        if fixed < SIGNATURE_FIXED_MIN {
            let why = format!("it has fewer than {SIGNATURE_FIXED_MIN} fixed octets");
            return Err(("bytes", 0, why));
        }
        Ok((pieces.into_boxed_slice(), contains, length))
    }
}

/// `11: 17 24`: octets at a place.
fn piece(text: &str) -> Result<Piece, String> {
    let (offset, text) = split_offset(text)?;
    placed(offset, octets(text)?)
}

fn placed(offset: usize, octets: Box<[Octet]>) -> Result<Piece, String> {
    let piece = Piece { offset, octets };
    if piece.end() > model::Opening::LEN_MAX {
        return Err(too_far());
    }
    Ok(piece)
}

fn too_far() -> String {
    format!("it ends too far in: only the first {} octets are looked at", model::Opening::LEN_MAX)
}

fn split_offset(text: &str) -> Result<(usize, &str), String> {
    let (offset, rest) = text.split_once(':').ok_or("an offset and `:` must stand before it")?;
    match offset.trim().parse::<u16>() {
        Ok(offset) => Ok((usize::from(offset), rest.trim())),
        Err(_) => Err(format!("`{}` is no offset", crate::sheet::shown(offset.trim()))),
    }
}

/// Octets from text, parted by spaces: a pair of hexadecimal digits, of which `?` leaves one open,
/// or a pair, `&` and the pair of the bits that count.
pub(crate) fn octets(text: &str) -> Result<Box<[Octet]>, String> {
    let mut octets = Vec::new();
    for word in text.split_ascii_whitespace() {
        if octets.len() == SIGNATURE_OCTETS_MAX {
            return Err(format!("it is longer than {SIGNATURE_OCTETS_MAX} octets"));
        }
        octets.push(octet(word).ok_or_else(|| {
            let word = crate::sheet::shown(word);
            format!("`{word}` is no pair of hexadecimal digits, `??` or `01&03`")
        })?);
    }
    if octets.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(octets.into_boxed_slice())
}

fn octet(word: &str) -> Option<Octet> {
    if let Some((value, mask)) = word.split_once('&') {
        let (value, mask) = (full(value)?, full(mask)?);
        return (value & !mask == 0).then_some(Octet { value, mask });
    }
    let &[high, low] = word.as_bytes() else { return None };
    let (high, low) = (nibble(high)?, nibble(low)?);
    Some(Octet { value: (high.0 << 4) | low.0, mask: (high.1 << 4) | low.1 })
}

/// A digit, and which of its bits count.
fn nibble(digit: u8) -> Option<(u8, u8)> {
    match digit {
        b'?' => Some((0, 0)),
        _ => u8::try_from(char::from(digit).to_digit(16)?).ok().map(|value| (value, 0x0f)),
    }
}

fn full(pair: &str) -> Option<u8> {
    let hex = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    hex.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
}

/// Octets of which none is open.
fn literal(text: &str) -> Result<Box<[u8]>, String> {
    let octets = octets(text)?;
    let fixed = octets.iter().map(|octet| (octet.mask == 0xff).then_some(octet.value));
    fixed.collect::<Option<_>>().ok_or_else(|| "no octet of it can be open".to_owned())
}

/// `14: u16le >> 2 + 16`: where the field stands, its width and order, bits that are not part of
/// it, and octets that it does not count.
fn length(text: &str) -> Result<LengthField, String> {
    let (offset, text) = split_offset(text)?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let unknown = || format!("`{}` is no length, e.g. `14: u16le + 16`", crate::sheet::shown(text));
    let Some((kind, mut rest)) = words.split_first() else { return Err(unknown()) };
    let (width, little_endian) = match *kind {
        "u8" => (1, false),
        "u16be" => (2, false),
        "u16le" => (2, true),
        "u24be" => (3, false),
        "u24le" => (3, true),
        "u32be" => (4, false),
        "u32le" => (4, true),
        _ => return Err(unknown()),
    };
    let mut field = LengthField { offset, width, little_endian, shift: 0, plus: 0 };
    while let [sign, number, more @ ..] = rest {
        let number: u16 = number.parse().map_err(|_| unknown())?;
        match *sign {
            ">>" if number < 32 => field.shift = u32::from(number),
            "+" => field.plus = i64::from(number),
            "-" => field.plus = -i64::from(number),
            _ => return Err(unknown()),
        }
        rest = more;
    }
    if !rest.is_empty() {
        return Err(unknown());
    }
    if offset.saturating_add(width) > model::Opening::LEN_MAX {
        return Err(too_far());
    }
    Ok(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_read_or_refused() {
        let read = |text: &str| {
            octets(text).map(|octets| octets.iter().map(|o| (o.value, o.mask)).collect::<Vec<_>>())
        };
        let want = vec![(0x87, 0xff), (0, 0), (0x10, 0xff), (0x40, 0xf0), (5, 0x0f), (1, 3)];
        assert_eq!(read("87 ?? 10 4? ?5 01&03"), Ok(want));
        for bad in ["", "8 7", "+7 01 02", "zz 00 00", "870a", "04&03", "?&03", "01&3"] {
            assert!(octets(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_are_read_or_refused() {
        let octets = [0x95, 0x01, 0xca, 0x01];
        let table: &[(&str, Result<Option<i64>, ()>)] = &[
            ("0: u8", Ok(Some(0x95))),
            ("0: u16le >> 2 + 2", Ok(Some(103))),
            ("0: u16be", Ok(Some(0x9501))),
            ("1: u24be - 1", Ok(Some(0x01_ca00))),
            ("0: u32le", Ok(Some(0x01ca_0195))),
            ("3: u16le", Ok(None)),
            ("u8", Err(())),
            ("0: u64le", Err(())),
            ("0: u8 + x", Err(())),
            ("0: u8 +", Err(())),
            ("0: u8 * 2", Err(())),
            ("0: u8 >> 32", Err(())),
            ("255: u16le", Err(())),
            ("-1: u8", Err(())),
            ("", Err(())),
        ];
        for (text, want) in table {
            let got = length(text).map(|field| field.told(&octets)).map_err(drop);
            assert_eq!(got, *want, "{text}");
        }
    }

    fn signature(written: &Written<'_>, transport: Transport) -> Signature {
        let (pieces, contains, length) = written.read().unwrap();
        let side = Some(Side::Client);
        let (first_len_min, first_len_max) = (4, 10);
        Signature { transport, side, pieces, contains, length, first_len_min, first_len_max }
    }

    #[test]
    fn a_signature_fits_in_its_place_only() {
        use Transport::{Tcp, Udp};
        let bytes = Some("10 ?? 30");
        let plain = Written { offset: 1, bytes, also: vec![], contains: None, length: None };
        let tcp = signature(&plain, Tcp);
        let full = signature(
            &Written {
                offset: 1,
                bytes: Some("10"),
                also: vec!["3: 30", "5: 0?"],
                contains: Some("AA BB"),
                length: Some("4: u8 + 1"),
            },
            Udp,
        );
        type Case<'a> = (&'a Signature, Transport, Side, u32, &'a [u8], bool);
        let table: &[Case<'_>] = &[
            (&tcp, Tcp, Side::Client, 4, &[9, 0x10, 5, 0x30], true),
            (&tcp, Udp, Side::Client, 4, &[9, 0x10, 5, 0x30], false),
            (&tcp, Tcp, Side::Server, 4, &[9, 0x10, 5, 0x30], false),
            (&tcp, Tcp, Side::Client, 11, &[9, 0x10, 5, 0x30], false),
            // Cut on its way: its first segment says nothing of the message's length.
            (&tcp, Tcp, Side::Client, 1, &[9, 0x10, 5, 0x30], true),
            (&tcp, Tcp, Side::Client, 4, &[0x10, 5, 0x30, 0], false),
            (&tcp, Tcp, Side::Client, 4, &[9, 0x10, 5], false),
            (&tcp, Tcp, Side::Client, 4, &[], false),
            (&full, Udp, Side::Client, 9, &[9, 0x10, 5, 0x30, 8, 7, 0, 0xaa, 0xbb], true),
            (&full, Udp, Side::Client, 8, &[9, 0x10, 5, 0x30, 8, 7, 0xaa, 0xbb], false),
            (&full, Udp, Side::Client, 9, &[9, 0x10, 5, 0x30, 8, 0x17, 0, 0xaa, 0xbb], false),
            (&full, Udp, Side::Client, 9, &[9, 0x10, 5, 0x31, 8, 7, 0, 0xaa, 0xbb], false),
            (&full, Udp, Side::Client, 9, &[9, 0x10, 5, 0x30, 8, 7, 0, 0xbb, 0xaa], false),
            (&full, Udp, Side::Client, 1, &[9, 0x10, 5, 0x30, 0, 7, 0, 0xaa, 0xbb], false),
        ];
        for (signature, transport, side, first_len, octets, want) in table {
            let opening =
                Opening { side: *side, first_len: *first_len, octets: Box::from(*octets) };
            assert_eq!(signature.fits(*transport, &opening), *want, "{first_len} {octets:x?}");
        }
        assert_eq!((tcp.end(), tcp.anchor()), (4, None));
        let anchored = Written { bytes: Some("?? 10 20 30"), ..plain };
        assert_eq!(signature(&anchored, Tcp).anchor(), Some((2, [0x10, 0x20])));
    }
}
