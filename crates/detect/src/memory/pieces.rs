//! A list that grows without being copied, and touches no more memory than it holds.

/// Entries one behind the other, each at a place of its own from 0 on.
///
/// They stand in pieces that never move: a list that grew by doubling would write each entry twice
/// on average, into memory that the system has to clear first, and would hold three times as much
/// of it while it moves.
#[derive(Debug)]
pub(crate) struct Pieces<T> {
    pieces: Vec<Vec<T>>,
    len: u32,
}

/// Octets of one piece at most. An allocator has such pieces side by side.
const PIECE_BYTES: usize = 32 << 10;

impl<T> Pieces<T> {
    /// The entries of a piece, a power of two.
    const EACH: usize = {
        let size = if size_of::<T>() == 0 { 1 } else { size_of::<T>() };
        let fit = PIECE_BYTES / size;
        if fit == 0 { 1 } else { 1 << fit.ilog2() }
    };

    pub(crate) const fn new() -> Pieces<T> {
        Pieces { pieces: Vec::new(), len: 0 }
    }

    /// One more entry, of `max` that there will ever be; its place.
    pub(crate) fn push(&mut self, entry: T, max: usize) -> u32 {
        let place = self.len;
        match self.pieces.last_mut() {
            Some(piece) if piece.len() < Self::EACH => piece.push(entry),
            _ => {
                let left = max.saturating_sub(place as usize).clamp(1, Self::EACH);
                let mut piece = Vec::with_capacity(left);
                piece.push(entry);
                self.pieces.push(piece);
            }
        }
        self.len += 1;
        place
    }

    /// How many entries there are.
    pub(crate) const fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(crate) fn get(&self, place: u32) -> Option<&T> {
        let place = place as usize;
        self.pieces.get(place / Self::EACH)?.get(place % Self::EACH)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        let place = place as usize;
        self.pieces.get_mut(place / Self::EACH)?.get_mut(place % Self::EACH)
    }

    /// All entries, in the order of their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_has_its_place() {
        for (count, max) in [(0, 9), (1, 1), (5, 5), (9000, 9000), (9000, 20_000), (9, 3)] {
            let mut pieces: Pieces<u64> = Pieces::new();
            for number in 0..count {
                assert_eq!(u64::from(pieces.push(number, max)), number, "{count} of {max}");
            }
            assert_eq!(u64::from(pieces.len()), count);
            assert!(pieces.iter().copied().eq(0..count), "{count} of {max}");
            for number in 0..=count {
                let place = u32::try_from(number).expect("few");
                let want = (number < count).then_some(number);
                assert_eq!(pieces.get(place).copied(), want, "{count} of {max}");
                assert_eq!(pieces.get_mut(place).copied(), want, "{count} of {max}");
            }
        }
    }

    #[test]
    fn a_piece_is_a_power_of_two() {
        assert_eq!([Pieces::<u64>::EACH, Pieces::<[u64; 9]>::EACH], [4096, 256]);
        assert_eq!(Pieces::<[u8; 65_536]>::EACH, 1);
    }
}
