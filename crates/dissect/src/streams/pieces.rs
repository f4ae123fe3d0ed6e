//! Which octets of one side are there, and where the gaps between them are.

use std::ops::{Deref, DerefMut, Range};

/// A run of octets that are there, as offsets from the first one that was not consumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Pieces in their order. One needs no memory of its own, and nearly always there is one.
#[derive(Clone, Default, Debug)]
pub(super) struct Pieces {
    one: Option<Piece>,
    /// All of them, as soon as there were two.
    many: Vec<Piece>,
}

impl Deref for Pieces {
    type Target = [Piece];

    fn deref(&self) -> &[Piece] {
        if self.many.is_empty() { self.one.as_slice() } else { &self.many }
    }
}

impl DerefMut for Pieces {
    fn deref_mut(&mut self) -> &mut [Piece] {
        if self.many.is_empty() { self.one.as_mut_slice() } else { &mut self.many }
    }
}

impl Pieces {
    /// Put one in the place of those at `range`.
    pub(super) fn replace(&mut self, range: Range<usize>, piece: Piece) {
        if self.many.is_empty() && self.len() == range.len() {
            self.one = Some(piece);
            return;
        }
        self.many.extend(self.one.take());
        self.many.splice(range, [piece]);
    }

    /// Keep those for which `keep` says so.
    pub(super) fn retain_mut(&mut self, mut keep: impl FnMut(&mut Piece) -> bool) {
        self.many.retain_mut(&mut keep);
        if let Some(one) = &mut self.one
            && !keep(one)
        {
            self.one = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start: usize) -> Piece {
        Piece { start, end: start + 5 }
    }

    fn starts(pieces: &Pieces) -> Vec<usize> {
        pieces.iter().map(|piece| piece.start).collect()
    }

    #[test]
    fn one_piece_or_many_are_a_row() {
        let mut pieces = Pieces::default();
        let steps: [(Range<usize>, usize, &[usize]); 6] = [
            (0..0, 10, &[10]),
            (0..1, 20, &[20]),
            (1..1, 40, &[20, 40]),
            (1..1, 30, &[20, 30, 40]),
            (0..2, 0, &[0, 40]),
            (0..2, 7, &[7]),
        ];
        for (range, start, want) in steps {
            pieces.replace(range, piece(start));
            assert_eq!(starts(&pieces), want);
        }
        pieces.retain_mut(|piece| piece.start != 7);
        assert!(pieces.is_empty());
        pieces.replace(0..0, piece(3));
        pieces.retain_mut(|piece| {
            piece.start += 1;
            true
        });
        assert_eq!(starts(&pieces), [4]);
        pieces.retain_mut(|_| false);
        assert!(pieces.is_empty());
    }
}
