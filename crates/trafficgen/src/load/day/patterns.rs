//! Names that a pattern of the catalogue describes, and first octets that one of its rows does.

use serde::Deserialize;

use crate::random::Random;

/// A name for a pattern of literals, classes and counts; anchors say nothing here.
pub(super) fn name_of_pattern(pattern: &str, random: &mut Random) -> String {
    let mut rest = pattern.trim_start_matches('^').trim_end_matches('$');
    let mut out = String::new();
    while let Some(first) = rest.chars().next() {
        let (choices, used) = match first {
            '[' => {
                let end = rest.find(']').unwrap_or(rest.len() - 1);
                (class(rest.get(1..end).unwrap_or_default()), end + 1)
            }
            '\\' => (rest.chars().skip(1).take(1).collect(), 2),
            other => (vec![other], other.len_utf8()),
        };
        rest = rest.get(used..).unwrap_or_default();
        let (times, used) = count(rest, random);
        rest = rest.get(used..).unwrap_or_default();
        for _ in 0..times {
            let at = random.between(0, choices.len() as u64) as usize;
            out.extend(choices.get(at));
        }
    }
    out
}

/// The characters of a class, hyphens left out: a label may not begin with one.
fn class(written: &str) -> Vec<char> {
    let letters: Vec<char> = written.chars().collect();
    let mut out = Vec::new();
    let mut rest = letters.as_slice();
    while let [first, behind @ ..] = rest {
        rest = match behind {
            ['-', last, more @ ..] => {
                out.extend(*first..=*last);
                more
            }
            more => {
                out.extend(Some(*first).filter(|c| *c != '-'));
                more
            }
        };
    }
    out
}

/// How often, and how long the count is as it is written.
fn count(rest: &str, random: &mut Random) -> (u64, usize) {
    match rest.chars().next() {
        Some('*' | '+') => (random.between(4, 8), 1),
        Some('?') => (random.between(0, 2), 1),
        Some('{') => {
            let end = rest.find('}').unwrap_or(0);
            let digits = rest.get(1..end).unwrap_or_default();
            (digits.split(',').next().and_then(|n| n.parse().ok()).unwrap_or(1), end + 1)
        }
        _ => (1, 0),
    }
}

/// A `[[payloads]]` row of the catalogue.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct First {
    transport: String,
    pub(super) side: String,
    bytes: Option<String>,
    offset: Option<u64>,
    #[serde(default)]
    also: Vec<String>,
    length: Option<String>,
    first_len_min: Option<usize>,
    first_len_max: Option<usize>,
    role: String,
    specificity: String,
}

/// An octet of a row: its value, and the bits of it that count.
type Masked = (u8, u8);

impl First {
    /// Whether the octets of this row are made here: those at the front.
    pub(super) fn is_played(&self, transport: &str) -> bool {
        self.transport == transport
            && self.specificity == "specific"
            && self.role == "relay"
            && self.bytes.is_some()
            && self.offset.unwrap_or(0) == 0
    }

    /// Octets that fit the row, as the first segment of a stream or as a datagram.
    pub(super) fn octets(&self, random: &mut Random) -> Vec<u8> {
        let mut masked = read(self.bytes.as_deref().unwrap_or_default());
        for more in &self.also {
            let Some((place, octets)) = more.split_once(':') else { continue };
            let place: usize = place.trim().parse().unwrap_or(0);
            let octets = read(octets);
            masked.resize(masked.len().max(place + octets.len()), (0, 0));
            for (slot, octet) in masked.iter_mut().skip(place).zip(octets) {
                *slot = octet;
            }
        }
        let fill = |(value, mask): &Masked, random: &mut Random| {
            value & mask | random.next() as u8 & !mask
        };
        let mut out: Vec<u8> = masked.iter().map(|octet| fill(octet, random)).collect();
        let least = self.first_len_min.unwrap_or(0);
        let most = self.first_len_max.unwrap_or(600).min(600);
        let len = match &self.length {
            None => (out.len() + 24).clamp(least, most.max(least)),
            Some(length) => told_length(length, &masked, &mut out),
        };
        if len > out.len() {
            let missing = len - out.len();
            random.fill(&mut out, missing);
        }
        out.truncate(len.max(1));
        out
    }
}

/// Octets as the catalogue writes them: `87 ?? 10 3? 01&03`.
fn read(written: &str) -> Vec<Masked> {
    let digit = |c: char| c.to_digit(16).map_or((0, 0), |d| (d as u8, 0x0F));
    let pair = |text: &str| {
        let mut digits = text.chars().map(digit);
        let (high, low) = (digits.next().unwrap_or((0, 0)), digits.next().unwrap_or((0, 0)));
        (high.0 << 4 | low.0, high.1 << 4 | low.1)
    };
    let octet = |text: &str| match text.split_once('&') {
        Some((value, mask)) => (pair(value).0, pair(mask).0),
        None => pair(text),
    };
    written.split_whitespace().map(octet).collect()
}

/// The length of the first segment by a row's `length`, written into `out` where its place is open:
/// `"0: u16le >> 2 + 2"`.
fn told_length(length: &str, masked: &[Masked], out: &mut Vec<u8>) -> usize {
    let words: Vec<&str> = length.split([' ', ':']).filter(|word| !word.is_empty()).collect();
    let place: usize = words.first().and_then(|word| word.parse().ok()).unwrap_or(0);
    let form = words.get(1).copied().unwrap_or("u8");
    let after = |sign: &str| {
        let at = words.iter().position(|word| *word == sign)?;
        words.get(at + 1)?.parse::<usize>().ok()
    };
    let (shift, add, less) =
        (after(">>").unwrap_or(0), after("+").unwrap_or(0), after("-").unwrap_or(0));
    let width = match form {
        "u8" => 1,
        "u16le" | "u16be" => 2,
        "u24le" | "u24be" => 3,
        _ => 4,
    };
    if out.len() < place + width {
        out.resize(place + width, 0);
    }
    let big = form.ends_with("be");
    // What the row fixes of the number stays; the rest says about 60 octets.
    let wanted = (60usize + less).saturating_sub(add) << shift;
    let mut number = 0usize;
    for step in 0..width {
        let (at, bits) =
            if big { (place + step, 8 * (width - 1 - step)) } else { (place + step, 8 * step) };
        let (value, mask) = masked.get(at).copied().unwrap_or((0, 0));
        let octet = value & mask | (wanted >> bits) as u8 & !mask;
        out.iter_mut().skip(at).take(1).for_each(|slot| *slot = octet);
        number |= usize::from(octet) << bits;
    }
    (number >> shift) + add - less.min((number >> shift) + add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_their_pattern() {
        let mut random = Random::new(1, 1);
        for (pattern, start, end) in [
            (r"^relay-[a-f0-9]{8}\.net\.acme\.example$", "relay-", ".net.acme.example"),
            (r"^derp[0-9]+[a-z]?\.acme\.example$", "derp", ".acme.example"),
            (r"^[a-z0-9-]+-relay\.acme\.example$", "", "-relay.acme.example"),
        ] {
            let name = name_of_pattern(pattern, &mut random);
            assert!(name.starts_with(start) && name.ends_with(end), "{name}");
            let middle = &name[start.len()..name.len() - end.len()];
            assert!(middle.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
        }
        let name = name_of_pattern(r"^r-[a-f0-9]{8}\.b$", &mut random);
        assert_eq!(name.len(), 12, "{name}");
    }

    #[test]
    fn octets_fit_their_row() {
        let row = |text: &str| -> First {
            let head = "transport = \"tcp\"\nside = \"client\"\nrole = \"relay\"\n";
            toml::from_str(&format!("{head}specificity = \"specific\"\n{text}")).unwrap()
        };
        let mut random = Random::new(3, 3);
        for (text, begin, len) in [
            ("bytes = \"87 ?? 10 00\"\nfirst_len_min = 16", &[0x87][..], 28),
            ("bytes = \"17 24\"\nlength = \"3: u16le + 5\"", &[0x17, 0x24], 60),
            ("bytes = \"14 A2 01 02 08\"\nlength = \"0: u8 >> 2 + 1\"", &[0x14, 0xA2], 6),
            ("bytes = \"5D 01 CA\"\nlength = \"0: u16le >> 2 + 2\"", &[0x5D, 0x01, 0xCA], 89),
            ("bytes = \"01 00\"\nalso = [\"4: 07\"]\nfirst_len_max = 5", &[1, 0], 5),
        ] {
            let octets = row(text).octets(&mut random);
            assert!(octets.starts_with(begin), "{text}: {octets:02X?}");
            assert_eq!(octets.len(), len, "{text}: {octets:02X?}");
        }
    }
}
