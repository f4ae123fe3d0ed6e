//! What another end said, fit to be shown: one line, not long, nothing that moves a cursor.

/// Characters of what another end said that are kept.
const CHARS_MAX: usize = 300;

/// Cut `text` to 300 characters, each run of white space and control characters to one blank.
pub(super) fn said(text: &str) -> String {
    let mut kept = String::with_capacity(text.len().min(CHARS_MAX));
    let mut room = CHARS_MAX;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if room == 0 {
            kept.push('…');
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        let length = word.chars().count();
        kept.extend(word.chars().take(room));
        if length > room {
            kept.push('…');
            break;
        }
        room -= length;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_bounded_length() {
        assert_eq!(said("  a\r\n b\u{1b}[2Jc\u{85}d  "), "a b [2Jc d");
        assert_eq!(said(""), "");
        assert_eq!(said(&"ü".repeat(400)).chars().count(), CHARS_MAX + 1);
        assert!(said(&"ab ".repeat(400)).ends_with('…'));
    }
}
