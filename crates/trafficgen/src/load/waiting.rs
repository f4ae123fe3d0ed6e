//! Frames that were made and whose time has not come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::TimedFrame;

/// Frames of open flows, in the order of time and then of making.
#[derive(Default)]
pub(super) struct Waiting {
    heap: BinaryHeap<Reverse<(u64, u64, Vec<u8>)>>,
    made: u64,
    /// Octets in the capture that they will take.
    pub(super) bytes: u64,
}

impl Waiting {
    pub(super) fn add(&mut self, frames: Vec<TimedFrame>) {
        for (at, frame) in frames {
            self.made += 1;
            self.bytes += 16 + frame.len() as u64;
            self.heap.push(Reverse((at, self.made, frame)));
        }
    }

    /// Frames that wait.
    pub(super) fn count(&self) -> u64 {
        self.heap.len() as u64
    }

    /// The next frame, if it comes before `end`.
    pub(super) fn before(&mut self, end: u64) -> Option<TimedFrame> {
        if self.heap.peek()?.0.0 >= end {
            return None;
        }
        let Reverse((at, _, frame)) = self.heap.pop()?;
        self.bytes -= 16 + frame.len() as u64;
        Some((at, frame))
    }
}
