//! Texts as JSON has them (RFC 8259 §7): the quotation mark, the backslash and control characters
//! are escaped, everything else is UTF-8 as it is.

use std::fmt;

use super::Page;

/// Add a text, quoted.
#[inline]
pub(crate) fn text(out: &mut Page, text: &str) {
    out.put(b"\"");
    inside(out, text);
    out.put(b"\"");
}

/// Add a part of a text, between quotation marks that stand already.
#[inline]
pub(crate) fn inside(out: &mut Page, text: &str) {
    if is_plain(text.as_bytes()) {
        out.add(text.as_bytes());
    } else {
        escaped(out, text);
    }
}

/// Add what `value` shows, quoted: for values that are seldom met.
#[cold]
pub(crate) fn shown(out: &mut Page, value: impl fmt::Display) {
    struct Inside<'o>(&'o mut Page);
    impl fmt::Write for Inside<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            inside(self.0, part);
            Ok(())
        }
    }
    out.put(b"\"");
    // A page takes every octet.
    let _ = fmt::Write::write_fmt(&mut Inside(out), format_args!("{value}"));
    out.put(b"\"");
}

/// Whether nothing is to be escaped. Sixteen octets at a time, or eight; the last of them overlap
/// those before.
#[inline]
fn is_plain(octets: &[u8]) -> bool {
    if let Some(last) = octets.last_chunk::<16>() {
        let mut marked = any_escape(last);
        for run in octets.as_chunks::<16>().0 {
            marked |= any_escape(run);
        }
        return !marked;
    }
    let Some(last) = octets.last_chunk::<8>() else {
        return octets.iter().all(|octet| *octet >= b' ' && !matches!(octet, b'"' | b'\\'));
    };
    let first = octets.first_chunk::<8>().unwrap_or(last);
    escapes_of(*first) | escapes_of(*last) == 0
}

/// Whether one of sixteen octets is to be escaped: without a branch, so that they are looked at
/// together.
#[inline]
fn any_escape(run: &[u8; 16]) -> bool {
    run.iter()
        .fold(false, |any, octet| any | (*octet < b' ') | (*octet == b'"') | (*octet == b'\\'))
}

/// Not zero where one of eight octets is to be escaped: below a blank, a quotation mark or a
/// backslash. The borrow of a subtraction reaches an octet's high bit only where that octet, or one
/// below it, is to be escaped.
#[inline]
fn escapes_of(eight: [u8; 8]) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES * 0x80;
    let all = u64::from_le_bytes(eight);
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word;
    let is = |octet: u8| below(all ^ (ONES * u64::from(octet)), 1);
    (below(all, 0x20) | is(b'"') | is(b'\\')) & HIGHS
}

/// Add a text in which something is to be escaped, as serde_json writes it.
#[inline(never)]
fn escaped(out: &mut Page, text: &str) {
    for octet in text.bytes() {
        let short = match octet {
            b'"' | b'\\' => octet,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            0..0x20 => {
                out.put(b"\\u00");
                out.put(&super::hex(octet));
                continue;
            }
            _ => {
                out.put(&[octet]);
                continue;
            }
        };
        out.put(&[b'\\', short]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_as_serde(value: &str) {
        let mut out = Page::default();
        text(&mut out, value);
        let want = serde_json::to_string(value).expect("a text");
        assert_eq!(String::from_utf8_lossy(out.octets()), want, "{value:?}");
    }

    #[test]
    fn texts_are_escaped_as_serde_json_escapes_them() {
        // Every character of one and two octets, and some longer ones, at each place of texts of
        // every length around the eight octets that are looked at together.
        let odd = (0..=0x7ff).chain([0x2028, 0x2029, 0xfeff, 0xfffd, 0x1_f600, 0x10_ffff]);
        for odd in odd.filter_map(char::from_u32) {
            for len in [0, 1, 2, 6, 7, 8, 9, 15, 16, 17, 24, 33] {
                for place in 0..=len {
                    let (before, after) = ("a".repeat(place), "z".repeat(len - place));
                    assert_as_serde(&format!("{before}{odd}{after}"));
                }
            }
        }
        assert_as_serde("");
        assert_as_serde("\"\\\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f} \u{80}");
    }

    #[test]
    fn what_is_shown_is_one_text() {
        let mut out = Page::default();
        shown(&mut out, format_args!("{}\"{:#06x}", '\n', 26));
        assert_eq!(String::from_utf8_lossy(out.octets()), "\"\\n\\\"0x001a\"");
    }
}
