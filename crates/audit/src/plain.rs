//! Foreign text made fit to be shown: nothing in it moves a cursor, turns a line around or hides.

use crate::limits::SHOWN_CHARS_MAX;

/// The text with every character that does not show itself written as `\u{202e}`, and cut at
/// [`SHOWN_CHARS_MAX`] characters.
///
/// Names off the wire may hold line ends, escape sequences of terminals, and marks that turn the
/// direction of writing (Unicode Standard Annex 9), with which `exe.gpj` is read as `jpg.exe`.
pub(crate) fn plain(text: &str) -> String {
    let mut chars = text.chars();
    let mut out = String::with_capacity(text.len());
    chars.by_ref().take(SHOWN_CHARS_MAX).for_each(|c| show(c, &mut out));
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// As [`plain`], and whole.
pub(crate) fn whole(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| show(c, &mut out));
    out
}

fn show(c: char, out: &mut String) {
    if hides(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
}

/// The text in at most `most` characters, with an ellipsis where its middle was.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let text = plain(text);
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= most {
        return text;
    }
    // The beginning tells more than the end, but the end of a host name tells whose it is.
    let head = most.saturating_sub(1).div_ceil(2);
    let tail = most.saturating_sub(1).saturating_sub(head);
    let mut out: String = chars.iter().take(head).collect();
    out.push('…');
    out.extend(chars.iter().skip(chars.len().saturating_sub(tail)));
    out
}

/// Columns of a terminal that the text takes (Unicode Standard Annex 11, as far as it matters).
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// The text cut to `most` columns, with an ellipsis where its end was.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut taken = 0;
    for c in text.chars() {
        if taken + columns(c) + 1 > most {
            break;
        }
        taken += columns(c);
        out.push(c);
    }
    if most > 0 {
        out.push('…');
    }
    out
}

fn columns(c: char) -> usize {
    match u32::from(c) {
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF => 2,
        0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF => 2,
        0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Whether a character steers what is shown instead of being shown.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F
            | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFC | 0xE0000..=0xE0FFF | 0xE000..=0xF8FF)
        // Marks above and below letters: a heap of them covers the lines around.
        || matches!(u32::from(c),
            0x0300..=0x036F | 0x0483..=0x0489 | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF
            | 0x20D0..=0x20FF | 0xFE20..=0xFE2F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_written_out() {
        let table = [
            ("plain · é 日本", "plain · é 日本"),
            ("a\u{202e}gpj.exe", "a\\u{202e}gpj.exe"),
            ("\u{1b}[2J\r\n\t\0", "\\u{1b}[2J\\u{d}\\u{a}\\u{9}\\u{0}"),
            ("e\u{301}\u{301}", "e\\u{301}\\u{301}"),
            ("שלום", "שלום"),
        ];
        for (text, want) in table {
            assert_eq!(plain(text), want);
        }
        let long = plain(&"x".repeat(5_000));
        assert_eq!((long.chars().count(), long.ends_with("x…")), (SHOWN_CHARS_MAX + 1, true));
    }

    #[test]
    fn texts_are_cut_to_their_place() {
        let table = [
            ("abcdef", 6, "abcdef", "abcdef"),
            ("abcdef", 5, "ab…ef", "abcd…"),
            ("abcdef", 4, "ab…f", "abc…"),
            ("abcdef", 1, "…", "…"),
            ("日本語", 5, "日本語", "日本…"),
        ];
        for (text, most, middle, end) in table {
            assert_eq!((shortened(text, most).as_str(), cut(text, most).as_str()), (middle, end));
            assert!(width(&cut(text, most)) <= most);
        }
        assert_eq!(width("a日"), 3);
    }
}
