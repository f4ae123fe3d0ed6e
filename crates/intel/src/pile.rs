//! Rows that only ever become more, kept in blocks: growing copies nothing, so that millions of
//! them never stand in memory twice.

/// Rows in one block.
const BLOCK_ROWS: usize = 1 << 14;

/// Rows by number.
#[derive(Clone, Debug)]
pub(crate) struct Pile<T> {
    blocks: Vec<Vec<T>>,
}

impl<T> Default for Pile<T> {
    fn default() -> Pile<T> {
        Pile { blocks: Vec::new() }
    }
}

impl<T> Pile<T> {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        let full = self.blocks.len().saturating_sub(1).saturating_mul(BLOCK_ROWS);
        full.saturating_add(self.blocks.last().map_or(0, Vec::len))
    }

    /// Add a row; its number is the length before.
    pub(crate) fn push(&mut self, row: T) {
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK_ROWS => block.push(row),
            Some(_) => {
                let mut block = Vec::with_capacity(BLOCK_ROWS);
                block.push(row);
                self.blocks.push(block);
            }
            // The first grows by and by: most piles are small.
            None => self.blocks.push(vec![row]),
        }
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        let number = usize::try_from(number).ok()?;
        self.blocks.get(number / BLOCK_ROWS)?.get(number % BLOCK_ROWS)
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let number = usize::try_from(number).ok()?;
        self.blocks.get_mut(number / BLOCK_ROWS)?.get_mut(number % BLOCK_ROWS)
    }

    /// All rows, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_number_over_the_edge_of_a_block() {
        let mut pile = Pile::default();
        for number in 0..BLOCK_ROWS * 2 + 3 {
            assert_eq!(pile.len(), number);
            pile.push(number);
        }
        for number in [0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS * 2 + 2] {
            assert_eq!(pile.get(u32::try_from(number).unwrap()), Some(&number));
        }
        assert_eq!(pile.get(u32::try_from(pile.len()).unwrap()), None);
        assert!(pile.iter().copied().eq(0..BLOCK_ROWS * 2 + 3));
        *pile.get_mut(1).unwrap() = 0;
        assert_eq!(pile.get(1), Some(&0));
    }
}
