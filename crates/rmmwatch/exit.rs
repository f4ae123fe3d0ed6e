//! How the program ends, and the number that tells it.

use std::borrow::Cow;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// All done.
    Done,
    /// The command line, the config, the policy, the catalogue or a feed is wrong.
    Usage,
    /// `--fail-on alert` was asked, and there were alerts.
    Alerts,
    /// Input was damaged; what was readable was processed, and the rest is named.
    Damaged,
    /// A file, interface, disk or permission failed.
    Failed,
    /// Interrupted by the user; the summary is whole.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Usage => 1,
            Exit::Alerts => 2,
            Exit::Damaged => 3,
            Exit::Failed => 4,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Say on standard error what went wrong, in one line, and answer `exit`.
pub(crate) fn fail(exit: Exit, why: &dyn std::fmt::Display) -> Exit {
    tell(format_args!("rmmwatch: {why}"));
    exit
}

/// Print a line on standard error. A closed standard error is no reason to fail.
pub(crate) fn tell(line: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{}", printable(&line.to_string()));
}

/// Text as a terminal may show it: a file's name or a feed's line can hold octets that would move
/// the cursor, rewrite what stands above, or turn a line around (Unicode Standard Annex 9).
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let turns =
        |c| matches!(u32::from(c), 0x061C | 0x200E | 0x200F | 0x2028..=0x202E | 0x2066..=0x2069);
    let hostile = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || turns(c);
    if !text.contains(hostile) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if hostile(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        let table = [
            ("a table\n\tof lines · é", "a table\n\tof lines · é"),
            ("\u{1b}[2Jevil\r\0\u{9b}", "\\u{1b}[2Jevil\\r\\u{0}\\u{9b}"),
            ("a\u{202e}moc.b\u{2028}c", "a\\u{202e}moc.b\\u{2028}c"),
        ];
        for (text, want) in table {
            assert_eq!(printable(text), want);
        }
    }
}
