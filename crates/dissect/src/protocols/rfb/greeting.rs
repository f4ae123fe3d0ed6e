//! What stands before the handshake proper: the versions (RFC 6143 §7.1.1), and what a repeater
//! between the ends is told.

use super::reading::Read;

/// A version as it stands on the wire: `003.008`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Version {
    /// Its text.
    pub(super) text: [u8; 7],
    /// Major and minor number.
    pub(super) number: (u16, u16),
}

impl Version {
    /// Said by a repeater, which speaks no version of its own: it wants to know with whom to
    /// connect, and the version of that end follows.
    pub(super) fn is_repeaters(self) -> bool {
        self.number == (0, 0)
    }
}

/// Octets of a version's line.
const LINE: usize = 12;
/// Its form; `0` stands for any digit. Majors of two digits do not exist.
const FORM: &[u8; LINE] = b"RFB 000.000\n";

/// Read a version's line.
pub(super) fn version(octets: &[u8]) -> Read<Version> {
    let fits = |(octet, form): (&u8, &u8)| match form {
        b'0' => octet.is_ascii_digit(),
        _ => octet == form,
    };
    if !octets.iter().zip(FORM).all(fits) {
        return Read::Foreign;
    }
    let Some([_, _, _, _, text @ .., _]) = octets.first_chunk::<LINE>() else { return Read::More };
    let [a, b, c, _, d, e, f] = *text;
    let number = |digits: [u8; 3]| {
        let value = |digit: u8| u16::from(digit.wrapping_sub(b'0'));
        digits.into_iter().fold(0u16, |sum, digit| sum.wrapping_mul(10).wrapping_add(value(digit)))
    };
    let number = (number([a, b, c]), number([d, e, f]));
    // 3.3 to 3.8, 3.889 of one vendor, 4 and 5 of another; 0.0 of a repeater.
    if !(3..=9).contains(&number.0) && number != (0, 0) {
        return Read::Foreign;
    }
    Read::Is(Version { text: *text, number }, LINE)
}

/// Octets of what a repeater is told: with whom to connect, and zeros.
const FIELD: usize = 250;

/// Read what a repeater is told by an end that asked for it: `ID:1234`, or `host:port`. What
/// stands behind its final zero is whatever the sender had in memory.
pub(super) fn field(octets: &[u8]) -> Read<&[u8]> {
    let shown = octets.get(..octets.len().min(FIELD)).unwrap_or(octets);
    let end = shown.iter().position(|octet| *octet == 0);
    let text = shown.get(..end.unwrap_or(shown.len())).unwrap_or_default();
    if !text.iter().all(u8::is_ascii_graphic) {
        return Read::Foreign;
    }
    match end {
        Some(_) if octets.len() < FIELD => Read::More,
        Some(end) if end > 0 => Read::Is(text, FIELD),
        None if octets.len() < FIELD => Read::More,
        _ => Read::Foreign,
    }
}

/// Read what a server tells a repeater unasked: `ID:`, digits, and zeros. So strict, since there is
/// nothing before it that says which protocol this is.
pub(super) fn identifier(octets: &[u8]) -> Read<&[u8]> {
    const HEAD: &[u8] = b"ID:";
    let Some(rest) = octets.strip_prefix(HEAD) else {
        return if HEAD.starts_with(octets) { Read::More } else { Read::Foreign };
    };
    let rest = rest.get(..rest.len().min(FIELD.saturating_sub(HEAD.len()))).unwrap_or(rest);
    let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let behind = rest.get(digits..).unwrap_or_default();
    if !behind.iter().all(|octet| *octet == 0) || digits == 0 && !rest.is_empty() {
        return Read::Foreign;
    }
    match octets.get(..HEAD.len().saturating_add(digits)) {
        Some(text) if octets.len() >= FIELD && !behind.is_empty() => Read::Is(text, FIELD),
        _ if octets.len() < FIELD => Read::More,
        _ => Read::Foreign,
    }
}
