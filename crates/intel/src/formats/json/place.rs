//! Lines and columns of offsets that mostly grow, without an index of all lines.

/// Counts lines up to an offset.
#[derive(Clone, Debug)]
pub(in super::super) struct Places<'a> {
    text: &'a str,
    /// How far it has been counted.
    at: usize,
    line: u32,
    /// Offset at which that line begins.
    start: usize,
}

impl<'a> Places<'a> {
    pub(in super::super) const fn new(text: &'a str) -> Places<'a> {
        Places { text, at: 0, line: 1, start: 0 }
    }

    /// The line of an offset, from 1. An offset before the last asked for is counted anew.
    pub(in super::super) fn line(&mut self, offset: usize) -> u32 {
        if offset < self.at {
            *self = Places::new(self.text);
        }
        let offset = offset.min(self.text.len());
        let between = self.text.as_bytes().get(self.at..offset).unwrap_or_default();
        for (at, _) in between.iter().enumerate().filter(|(_, octet)| **octet == b'\n') {
            self.line = self.line.saturating_add(1);
            self.start = self.at.saturating_add(at).saturating_add(1);
        }
        self.at = offset;
        self.line
    }

    /// Line and column of an offset, both from 1.
    pub(in super::super) fn place(&mut self, offset: usize) -> (u32, u32) {
        let line = self.line(offset);
        let before = self.text.as_bytes().get(self.start..self.at).unwrap_or_default();
        // Octets of a character beyond its first are no column.
        let column = before.iter().filter(|octet| !matches!(octet, 0x80..=0xbf)).count();
        (line, u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1))
    }
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
    }
}
