//! Octets as a person writes them: `87 15 10 00 00*12 ?*7 01 "relay"`.

use serde::Deserialize;

use crate::limits::PATTERN_BYTES_MAX;
use crate::random::Random;

/// Octets to send: hexadecimal pairs, `?` for an octet of chance, text in double quotes, each
/// perhaps repeated (`00*12`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Fixed(Vec<u8>, usize),
    Chance(usize),
}

impl Pattern {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        let len = |piece: &Piece| match piece {
            Piece::Fixed(octets, times) => octets.len() * times,
            Piece::Chance(count) => *count,
        };
        self.0.iter().map(len).sum()
    }

    pub(crate) fn octets(&self, random: &mut Random) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Fixed(octets, times) => {
                    (0..*times).for_each(|_| out.extend_from_slice(octets));
                }
                Piece::Chance(count) => random.fill(&mut out, *count),
            }
        }
        out
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(written: String) -> Result<Pattern, String> {
        let mut pieces = Vec::new();
        let mut total = 0usize;
        for token in tokens(&written)? {
            let (what, times) = match token.rsplit_once('*') {
                Some((what, times)) if !what.is_empty() && !times.ends_with('"') => {
                    let times = times.parse().map_err(|_| format!("`{times}` is no count"))?;
                    (what, times)
                }
                _ => (token, 1usize),
            };
            let piece = match what {
                "?" => Piece::Chance(times),
                _ => Piece::Fixed(fixed(what)?, times),
            };
            let len = match &piece {
                Piece::Fixed(octets, _) => octets.len(),
                Piece::Chance(_) => 1,
            };
            total = total.saturating_add(len.saturating_mul(times));
            if total > PATTERN_BYTES_MAX {
                return Err(format!("more than {PATTERN_BYTES_MAX} octets"));
            }
            pieces.push(piece);
        }
        Ok(Pattern(pieces))
    }
}

/// Tokens end at blanks, but not within quotes.
fn tokens(written: &str) -> Result<Vec<&str>, String> {
    let mut quoted = false;
    let tokens: Vec<&str> = written
        .split(|c: char| {
            quoted ^= c == '"';
            c.is_whitespace() && !quoted
        })
        .filter(|token| !token.is_empty())
        .collect();
    if quoted { Err("a quote is not closed".into()) } else { Ok(tokens) }
}

fn fixed(what: &str) -> Result<Vec<u8>, String> {
    if let Some(text) = what.strip_prefix('"').and_then(|what| what.strip_suffix('"')) {
        return Ok(text.as_bytes().to_vec());
    }
    if what.is_empty()
        || !what.len().is_multiple_of(2)
        || !what.bytes().all(|c| c.is_ascii_hexdigit())
    {
        return Err(format!("`{what}` is neither octets in hexadecimal, nor `?`, nor \"text\""));
    }
    let digits = what.as_bytes().as_chunks::<2>().0;
    let octet = |pair: &[u8; 2]| {
        std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    digits.iter().map(|pair| octet(pair).ok_or_else(|| format!("`{what}` is no number"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> Result<Vec<u8>, String> {
        Pattern::try_from(written.to_owned()).map(|p| p.octets(&mut Random::new(1, 1)))
    }

    #[test]
    fn what_is_written_is_sent() {
        for (written, want) in [
            ("", &b""[..]),
            ("87 15", &[0x87, 0x15]),
            ("8715 00*3", &[0x87, 0x15, 0, 0, 0]),
            ("\"a b\" 0A", b"a b\n"),
            ("\"ab\"*2", b"abab"),
            ("\"a*2\"", b"a*2"),
        ] {
            assert_eq!(read(written).unwrap(), want, "{written}");
        }
        assert_eq!(read("?*40 01").unwrap().len(), 41);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (written, why) in [
            ("8", "`8` is neither octets in hexadecimal, nor `?`, nor \"text\""),
            ("zz", "`zz` is neither octets in hexadecimal, nor `?`, nor \"text\""),
            ("00*x", "`x` is no count"),
            ("\"open", "a quote is not closed"),
            ("00*99999999", "more than 65536 octets"),
        ] {
            assert_eq!(read(written).unwrap_err(), why, "{written}");
        }
    }
}
