//! Lines and columns of offsets that mostly grow, without an index of all lines.

/// Counts lines and columns up to an offset, from the one that was asked for last: a feed may be a
/// single line of many MiB.
#[derive(Clone, Debug)]
pub(in super::super) struct Places<'a> {
    text: &'a str,
    /// How far it has been counted.
    at: usize,
    line: u32,
    /// Characters of that line up to there.
    passed: usize,
}

impl<'a> Places<'a> {
    pub(in super::super) const fn new(text: &'a str) -> Places<'a> {
        Places { text, at: 0, line: 1, passed: 0 }
    }

    /// The line of an offset, from 1.
    pub(in super::super) fn line(&mut self, offset: usize) -> u32 {
        self.place(offset).0
    }

    /// Line and column of an offset, both from 1.
    pub(in super::super) fn place(&mut self, offset: usize) -> (u32, u32) {
        let octets = self.text.as_bytes();
        let offset = offset.min(octets.len());
        let (from, to) = (self.at.min(offset), self.at.max(offset));
        let between = octets.get(from..to).unwrap_or_default();
        let lines = between.iter().filter(|octet| **octet == b'\n').count();
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        let onward = offset >= self.at;
        self.line =
            if onward { self.line.saturating_add(lines) } else { self.line.saturating_sub(lines) };
        self.passed = match (lines, onward) {
            (0, true) => self.passed.saturating_add(characters(between)),
            (0, false) => self.passed.saturating_sub(characters(between)),
            _ => {
                let before = octets.get(..offset).unwrap_or_default();
                let start = before.iter().rposition(|octet| *octet == b'\n');
                let start = start.map_or(0, |end| end.saturating_add(1));
                characters(before.get(start..).unwrap_or_default())
            }
        };
        self.at = offset;
        (self.line, u32::try_from(self.passed).unwrap_or(u32::MAX).saturating_add(1))
    }
}

/// Octets of a character beyond its first are no column.
fn characters(octets: &[u8]) -> usize {
    octets.iter().filter(|octet| !matches!(octet, 0x80..=0xbf)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_forth_and_back() {
        let mut places = Places::new("ab\né\n\nc");
        let table = [(0, (1, 1)), (1, (1, 2)), (3, (2, 1)), (5, (2, 2)), (7, (4, 1)), (1, (1, 2))];
        for (offset, want) in table {
            assert_eq!(places.place(offset), want, "{offset}");
        }
        assert_eq!(places.place(99), (4, 2));
        assert_eq!((places.place(4), places.place(2), places.line(0)), ((2, 2), (1, 3), 1));
    }

    #[test]
    fn a_long_line_is_counted_once() {
        let text = "ab".repeat(8 << 20);
        let mut places = Places::new(&text);
        for number in 0..200_000 {
            let at = number * 80;
            assert_eq!(places.place(at).1 as usize, at + 1);
            assert_eq!(places.line(at.saturating_sub(30)), 1);
        }
    }
}
