//! The part of a capture that is in memory: frames are lent as slices of it.

use crate::limits::{BESIDE_FRAME, READ_OCTETS, WINDOW_OCTETS};

/// Octets of a capture from `at` on.
#[derive(Default)]
pub(crate) struct Window {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where in the capture the window begins.
    at: u64,
    /// Octets to go past that are not in the window yet.
    skip: u64,
}

impl Window {
    /// The octets. None while there are some to go past.
    #[inline]
    pub(crate) fn octets(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Where in the capture the window begins.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Where in the capture the next read begins.
    pub(crate) fn read_at(&self) -> u64 {
        self.at.saturating_add(self.octets().len() as u64)
    }

    /// Whether the capture may end here: no record has begun.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.start == self.end && self.skip == 0
    }

    /// Go `octets` on, beyond the window where need be.
    pub(crate) fn advance(&mut self, octets: u64) {
        let here = (self.end - self.start) as u64;
        let now = octets.min(here);
        self.start += usize::try_from(now).unwrap_or(0);
        self.at = self.at.saturating_add(now);
        self.skip = self.skip.saturating_add(octets - now);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Room for the next read, never none.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        // What is left is most often a cut record. It is moved to the front, so that the next read
        // overwrites what is still in the second-level cache rather than the other half.
        let left = self.end - self.start;
        if left <= BESIDE_FRAME || self.buffer.len().saturating_sub(self.end) < READ_OCTETS {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end = left;
            self.start = 0;
        }
        if self.end == self.buffer.len() && self.end < WINDOW_OCTETS {
            // There is more than it was taken for.
            let held = std::mem::replace(&mut self.buffer, vec![0; WINDOW_OCTETS]);
            for (to, from) in self.buffer.iter_mut().zip(held) {
                *to = from;
            }
        }
        let end = self.end.saturating_add(READ_OCTETS).min(self.buffer.len());
        self.buffer.get_mut(self.end..end).unwrap_or_default()
    }

    /// `octets` were read into the room.
    pub(crate) fn grow(&mut self, octets: usize) {
        self.end = self.end.saturating_add(octets).min(self.buffer.len());
        let skip = std::mem::take(&mut self.skip);
        self.advance(skip);
    }

    /// Whether it has memory.
    pub(crate) fn is_held(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Take memory: one that is `spare`, or fresh for a capture of so many octets, as far as that is
    /// known. It grows to [`WINDOW_OCTETS`] if that was too little.
    pub(crate) fn hold(&mut self, spare: &mut Vec<Vec<u8>>, octets: Option<u64>) {
        if !self.is_held() {
            // One more, in which the end is seen.
            let octets = octets.map_or(u64::MAX, |octets| octets.saturating_add(1));
            let octets = usize::try_from(octets).unwrap_or(usize::MAX).min(WINDOW_OCTETS);
            self.buffer = spare.pop().unwrap_or_else(|| vec![0; octets]);
        }
    }

    /// Give the memory away, if it suffices for any capture; the octets in it must be read again.
    pub(crate) fn release(&mut self) -> Option<Vec<u8>> {
        self.start = 0;
        self.end = 0;
        let buffer = std::mem::take(&mut self.buffer);
        (buffer.len() == WINDOW_OCTETS).then_some(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_past_what_is_not_there_yet() {
        let mut window = Window::default();
        window.hold(&mut Vec::new(), None);
        window.room()[..10].copy_from_slice(b"0123456789");
        window.grow(10);
        window.advance(4);
        assert_eq!((window.octets(), window.at(), window.read_at()), (&b"456789"[..], 4, 10));
        window.advance(9);
        assert!(!window.is_at_rest());
        assert_eq!((window.octets(), window.at()), (&b""[..], 10));
        window.room()[..5].copy_from_slice(b"abcde");
        window.grow(5);
        assert_eq!((window.octets(), window.at()), (&b"de"[..], 13));
        let memory = window.release();
        assert_eq!((window.octets(), window.read_at()), (&b""[..], 13));
        window.hold(&mut Vec::from_iter(memory), None);
        window.advance(0);
        assert!(window.is_at_rest());
    }

    #[test]
    fn one_that_was_too_small_grows_and_keeps_what_it_has() {
        let mut window = Window::default();
        window.hold(&mut Vec::new(), Some(3));
        for octets in [&b"01"[..], b"23", b"4"] {
            let room = window.room();
            room[..octets.len()].copy_from_slice(octets);
            window.grow(octets.len());
        }
        assert_eq!((window.octets(), window.buffer.len()), (&b"01234"[..], WINDOW_OCTETS));
        assert_eq!(window.room().len(), READ_OCTETS);
    }
}
