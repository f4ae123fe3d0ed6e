//! Rows about first octets and regular expressions, read a second time, and what they describe.

use model::{Fact, Opening, Side};
use regex_syntax::hir::{Hir, HirKind};
use toml::Value;

use crate::every_row::Alone;
use crate::mutating::Numbers;

/// The row as it is written: fixed bits by place, and lengths.
pub(crate) struct Written {
    pub(crate) side: Option<Side>,
    tcp: bool,
    /// Place, value, and the bits of it that count.
    fixed: Vec<(usize, u8, u8)>,
    contains: Vec<u8>,
    /// Place, width, least octet first, shift, plus.
    length: Option<(usize, usize, bool, u32, i64)>,
    least: i64,
    most: i64,
}

/// The first octets of a side, and its first segment's length.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    octets: Vec<u8>,
    first_len: i64,
}

impl Made {
    /// The same, beginning with a text.
    pub(crate) fn beginning(mut self, text: &str) -> Made {
        self.octets[..text.len()].copy_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn opening(&self, side: Side) -> Fact {
        let octets = self.octets.iter().take(Opening::LEN_MAX).copied().collect();
        let first_len = u32::try_from(self.first_len).unwrap();
        Fact::Opening(Box::new(Opening { side, first_len, octets }))
    }
}

fn hex(pair: &str) -> u8 {
    u8::from_str_radix(pair, 16).unwrap()
}

fn fixed_at(offset: usize, text: &str) -> Vec<(usize, u8, u8)> {
    let octet = |(place, word): (usize, &str)| {
        let (value, mask) = match word.split_once('&') {
            Some((value, mask)) => (hex(value), hex(mask)),
            None => {
                let bits = |digit: char| if digit == '?' { '0' } else { 'f' };
                let mask: String = word.chars().map(bits).collect();
                (hex(&word.replace('?', "0")), hex(&mask))
            }
        };
        (offset + place, value, mask)
    };
    text.split_whitespace().enumerate().map(octet).collect()
}

impl Written {
    pub(crate) fn read(alone: &Alone) -> Written {
        let number =
            |key: &str, default| alone.row.get(key).and_then(Value::as_integer).unwrap_or(default);
        let offset = usize::try_from(number("offset", 0)).unwrap();
        let mut fixed = alone.text("bytes").map(|text| fixed_at(offset, text)).unwrap_or_default();
        for piece in alone.row.get("also").and_then(Value::as_array).into_iter().flatten() {
            let (offset, text) = piece.as_str().unwrap().split_once(':').unwrap();
            fixed.extend(fixed_at(offset.parse().unwrap(), text));
        }
        let contains = alone.text("contains").unwrap_or_default();
        let side = match alone.text("side").unwrap() {
            "client" => Some(Side::Client),
            "server" => Some(Side::Server),
            _ => None,
        };
        Written {
            side,
            tcp: alone.text("transport") == Some("tcp"),
            fixed,
            contains: contains.split_whitespace().map(hex).collect(),
            length: alone.text("length").map(length),
            least: number("first_len_min", 0),
            most: number("first_len_max", i64::from(u32::MAX)),
        }
    }

    fn end(&self) -> usize {
        let field = self.length.map(|(place, width, ..)| place + width);
        self.fixed.iter().map(|(place, ..)| place + 1).chain(field).max().unwrap_or(0)
    }

    /// Octets that the row describes, random where it leaves a choice.
    pub(crate) fn made(&self, numbers: &mut Numbers) -> Made {
        let end = self.end();
        let least = self.least.max(i64::try_from(end + self.contains.len()).unwrap());
        assert!(least <= self.most, "no length is left for the row's own octets");
        let mut made = Made { octets: vec![0; 300], first_len: least };
        for octet in &mut made.octets {
            *octet = u8::try_from(numbers.below(256)).unwrap();
        }
        for (place, value, mask) in &self.fixed {
            made.octets[*place] = value | (made.octets[*place] & !mask);
        }
        let lens: Vec<i64> = (least..least + 20_000).filter(|len| *len <= self.most).collect();
        // The shortest, or from a random one on, or the longest.
        let from = numbers.below(lens.len() / 8 + 1);
        let shortest = lens.first().filter(|_| from.is_multiple_of(3));
        let longest = lens.last().filter(|_| from % 3 == 1);
        let all = shortest.into_iter().chain(longest).chain(&lens[from..]).chain(&lens);
        let fitting = all.copied().find_map(|len| self.told(&made, len));
        made = fitting.unwrap_or_else(|| panic!("no length fits {:?}", self.length));
        made.octets.truncate(usize::try_from(made.first_len).unwrap());
        if !self.contains.is_empty() {
            let place = made.octets.len().min(Opening::LEN_MAX) - self.contains.len();
            made.octets[place..place + self.contains.len()].copy_from_slice(&self.contains);
        }
        made
    }

    /// The octets with that length told in them, where their fixed bits allow it.
    fn told(&self, made: &Made, len: i64) -> Option<Made> {
        let mut made = Made { first_len: len, ..made.clone() };
        let Some((place, width, little, shift, plus)) = self.length else { return Some(made) };
        let number = u32::try_from(len - plus).ok()?.checked_shl(shift)?;
        let mut low = [0u8; 4];
        // Of the least octet first.
        let places = (0..width).map(|step| place + if little { step } else { width - 1 - step });
        for (low, place) in low.iter_mut().zip(places.clone()) {
            *low = made.octets[place];
        }
        let kept = u32::from_le_bytes(low) & ((1 << shift) - 1);
        let octets = (number | kept).to_le_bytes();
        if octets[width..].iter().any(|octet| *octet != 0) {
            return None;
        }
        for (octet, place) in octets.iter().zip(places) {
            made.octets[place] = *octet;
        }
        let fits = self.fixed.iter().all(|(at, value, mask)| made.octets[*at] & mask == *value);
        fits.then_some(made)
    }

    /// The same octets with one thing changed, so that the row no longer describes them.
    pub(crate) fn near(&self, made: &Made) -> Vec<(String, Made)> {
        let mut all = Vec::new();
        for (place, _, mask) in self.fixed.iter().filter(|(.., mask)| *mask != 0) {
            for bit in [mask.trailing_zeros(), 7 - mask.leading_zeros()] {
                let mut near = made.clone();
                near.octets[*place] ^= 1 << bit;
                all.push((format!("octet {place}, bit {bit}"), near));
            }
        }
        if !self.contains.is_empty() {
            let start = made.octets.len().min(Opening::LEN_MAX) - self.contains.len();
            for place in start..start + self.contains.len() {
                let mut near = made.clone();
                near.octets[place] ^= 1;
                all.push((format!("octet {place} of what it contains"), near));
            }
        }
        let end = i64::try_from(self.end()).unwrap();
        let mut lens = vec![self.least - 1, self.most + 1];
        if self.length.is_some() {
            lens.extend([made.first_len - 1, made.first_len + 1]);
        }
        // A stream's first segment that is shorter than the signature was cut on its way.
        lens.retain(|len| *len >= if self.tcp { end.max(1) } else { 0 } && *len < 1 << 32);
        for first_len in lens {
            all.push((format!("length {first_len}"), Made { first_len, ..made.clone() }));
        }
        let mut cut = made.clone();
        cut.octets.truncate(usize::try_from(end).unwrap().saturating_sub(1));
        all.push(("cut off".to_owned(), cut));
        all
    }
}

fn length(text: &str) -> (usize, usize, bool, u32, i64) {
    let (place, rest) = text.split_once(':').unwrap();
    let mut words = rest.split_whitespace();
    let kind = words.next().unwrap();
    let bits: usize =
        kind.trim_start_matches('u').trim_end_matches(['l', 'b', 'e']).parse().unwrap();
    let (mut shift, mut plus) = (0, 0);
    while let (Some(sign), Some(number)) = (words.next(), words.next()) {
        let number: u32 = number.parse().unwrap();
        match sign {
            ">>" => shift = number,
            "+" => plus = i64::from(number),
            _ => plus = -i64::from(number),
        }
    }
    (place.trim().parse().unwrap(), bits / 8, kind.ends_with("le"), shift, plus)
}

/// A text that a regular expression describes.
pub(crate) fn example(pattern: &str) -> String {
    fn write(hir: &Hir, out: &mut String) {
        match hir.kind() {
            HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).unwrap()),
            HirKind::Class(class) => {
                let class = match class {
                    regex_syntax::hir::Class::Unicode(class) => class.ranges()[0].start(),
                    regex_syntax::hir::Class::Bytes(class) => char::from(class.ranges()[0].start()),
                };
                out.push(class);
            }
            HirKind::Capture(group) => write(&group.sub, out),
            HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, out)),
            HirKind::Alternation(ways) => write(&ways[0], out),
            HirKind::Repetition(times) => (0..times.min).for_each(|_| write(&times.sub, out)),
            HirKind::Empty | HirKind::Look(_) => {}
        }
    }
    let mut out = String::new();
    write(&regex_syntax::parse(pattern).unwrap(), &mut out);
    out
}
