//! Where something stands, told as the text is read: each octet of it is looked at once.

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// Tells places of a text, in the order of reading.
#[derive(Debug)]
pub(super) struct Ruler<'a> {
    rest: &'a [u8],
    at: usize,
    place: Place,
}

impl<'a> Ruler<'a> {
    pub(super) const fn new(text: &'a str) -> Ruler<'a> {
        Ruler { rest: text.as_bytes(), at: 0, place: Place { line: 1, column: 1 } }
    }

    /// The place of the octet at `offset`; for one before the last that was asked for, its place.
    pub(super) fn place(&mut self, offset: usize) -> Place {
        let step = offset.saturating_sub(self.at).min(self.rest.len());
        let Some((passed, rest)) = self.rest.split_at_checked(step) else { return self.place };
        for octet in passed {
            match octet {
                b'\n' => {
                    self.place.line = self.place.line.saturating_add(1);
                    self.place.column = 1;
                }
                // The second octet of a character and those after it (RFC 3629 §3).
                0x80..=0xbf => {}
                _ => self.place.column = self.place.column.saturating_add(1),
            }
        }
        (self.rest, self.at) = (rest, self.at.saturating_add(step));
        self.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_in_order() {
        let mut ruler = Ruler::new("ab\nü<x>\n\n");
        let mut at = |offset| {
            let place = ruler.place(offset);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 3));
        assert_eq!(at(5), (2, 2));
        assert_eq!(at(3), (2, 2), "never back");
        assert_eq!(at(99), (4, 1));
    }
}
