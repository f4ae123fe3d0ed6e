//! The entries of feeds by number. A list without remarks has thousands in a row that differ in
//! their line alone: those are one entry and a count.

use crate::book::Indicator;

/// Indicators in one block.
const BLOCK_ROWS: usize = 1 << 12;

/// Indicators by number; they only ever become more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Indicators {
    blocks: Vec<Block>,
    len: usize,
}

/// A run of indicators, each a line below the one before it and else alike, and rows behind it.
#[derive(Clone, Debug)]
struct Block {
    first: Indicator,
    run: usize,
    rows: Vec<Indicator>,
}

/// The indicator that stands so many lines below.
fn below(first: Indicator, lines: usize) -> Indicator {
    let lines = u32::try_from(lines).unwrap_or(u32::MAX);
    Indicator { line: first.line.saturating_add(lines), ..first }
}

impl Block {
    fn push(&mut self, indicator: Indicator) {
        if self.rows.is_empty() && below(self.first, self.run) == indicator {
            self.run = self.run.saturating_add(1);
        } else {
            self.rows.push(indicator);
        }
    }

    fn get(&self, at: usize) -> Option<Indicator> {
        match at.checked_sub(self.run) {
            None => Some(below(self.first, at)),
            Some(at) => self.rows.get(at).copied(),
        }
    }

    /// The whole block as rows, to be changed one by one.
    fn all_rows(&mut self) -> &mut Vec<Indicator> {
        let run = std::mem::take(&mut self.run);
        let first = self.first;
        self.rows.splice(..0, (0..run).map(|at| below(first, at)));
        &mut self.rows
    }
}

impl Indicators {
    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Add one; its number is the length before.
    pub(crate) fn push(&mut self, indicator: Indicator) {
        let at = self.len % BLOCK_ROWS;
        self.len = self.len.saturating_add(1);
        match self.blocks.last_mut().filter(|_| at > 0) {
            Some(block) => block.push(indicator),
            None => self.blocks.push(Block { first: indicator, run: 1, rows: Vec::new() }),
        }
    }

    pub(crate) fn get(&self, number: u32) -> Option<Indicator> {
        let number = usize::try_from(number).ok()?;
        self.blocks.get(number / BLOCK_ROWS)?.get(number % BLOCK_ROWS)
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Indicator> {
        let number = usize::try_from(number).ok()?;
        self.blocks.get_mut(number / BLOCK_ROWS)?.all_rows().get_mut(number % BLOCK_ROWS)
    }

    /// Change the indicators from one number on: `change` is told how many are alike, and must not
    /// look at their lines.
    pub(crate) fn change_rest(
        &mut self,
        first: usize,
        mut change: impl FnMut(&mut Indicator, usize),
    ) {
        let mut begin = first % BLOCK_ROWS;
        for block in self.blocks.iter_mut().skip(first / BLOCK_ROWS) {
            if begin > 0 {
                block.all_rows();
            } else if block.run > 0 {
                change(&mut block.first, block.run);
            }
            block.rows.iter_mut().skip(begin).for_each(|row| change(row, 1));
            begin = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;

    fn at(feed: u16, line: u32) -> Indicator {
        Indicator {
            feed,
            gate: Indicator::FREE,
            detail: Indicator::PLAIN,
            line,
            until: Day::MAX,
            stage: None,
            marks: 0,
        }
    }

    /// Indicators of one feed at these lines, then of another.
    fn both(lines: impl Iterator<Item = u32> + Clone) -> (Indicators, Vec<Indicator>) {
        let rows: Vec<_> =
            (1..3).flat_map(|feed| lines.clone().map(move |at_| at(feed, at_))).collect();
        let mut all = Indicators::default();
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(all.len(), number);
            all.push(*row);
        }
        (all, rows)
    }

    fn hold(all: &Indicators, rows: &[Indicator]) {
        assert_eq!(all.len(), rows.len());
        for (number, row) in (0u32..).zip(rows) {
            assert_eq!(all.get(number), Some(*row), "{number}");
        }
        assert_eq!(all.get(u32::try_from(rows.len()).unwrap()), None);
    }

    #[test]
    fn indicators_are_found_by_number_whether_in_runs_or_not() {
        let many = u32::try_from(BLOCK_ROWS).unwrap() * 2 + 9;
        let (runs, rows) = both(1..many);
        hold(&runs, &rows);
        let kept =
            |all: &Indicators| all.blocks.iter().map(|block| block.rows.len()).sum::<usize>();
        assert!(kept(&runs) < BLOCK_ROWS, "where one feed ends and the next begins");
        let (all, rows) = both((1..many).filter(|line| line % 100 != 3));
        hold(&all, &rows);
        assert!(kept(&all) > rows.len() * 9 / 10);
    }

    #[test]
    fn one_or_the_rest_is_changed() {
        let (mut all, mut rows) = both(1..9_000);
        for number in [0u32, 4_095, 4_096, 9_000, 17_997] {
            all.get_mut(number).unwrap().detail = number;
            rows[number as usize].detail = number;
        }
        assert!(all.get_mut(17_998).is_none());
        hold(&all, &rows);
        for first in [17_990, 8_999, 4_097, 4_096, 0] {
            let mut counted = 0;
            all.change_rest(first, |row, count| {
                row.marks += 1;
                counted += count;
            });
            rows[first..].iter_mut().for_each(|row| row.marks += 1);
            assert_eq!(counted, rows.len() - first);
            hold(&all, &rows);
        }
    }
}
