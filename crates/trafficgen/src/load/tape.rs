//! A capture in the making: frames of open flows wait for their time.

use std::io::{self, Write};

use super::Truth;
use super::waiting::Waiting;
use crate::TimedFrame;
use crate::pcap::{Precision, Writer};

/// What is written, and what waits.
pub(super) struct Tape<W: Write> {
    writer: Writer<W>,
    waiting: Waiting,
    frames: u64,
    frame_bytes: u64,
}

impl<W: Write> Tape<W> {
    pub(super) fn new(sink: W) -> io::Result<Tape<W>> {
        let writer = Writer::new(sink, Precision::Microseconds)?;
        Ok(Tape { writer, waiting: Waiting::default(), frames: 0, frame_bytes: 0 })
    }

    /// Octets of the file, with what waits.
    pub(super) fn bytes(&self) -> u64 {
        24 + 16 * self.frames + self.frame_bytes + self.waiting.bytes
    }

    /// Frames written, and those that wait.
    pub(super) fn frames(&self) -> u64 {
        self.frames + self.waiting.count()
    }

    /// Add frames, none of which is before `now`; what was before is written. `frames` is empty
    /// after that.
    pub(super) fn add(&mut self, now: u64, frames: &mut Vec<TimedFrame>) -> io::Result<()> {
        self.waiting.add(std::mem::take(frames));
        self.write_before(now)
    }

    fn write_before(&mut self, end: u64) -> io::Result<()> {
        while let Some((at, frame)) = self.waiting.before(end) {
            self.frames += 1;
            self.frame_bytes += frame.len() as u64;
            self.writer.frame(at, &frame)?;
        }
        Ok(())
    }

    /// Write what waits, and count it into `truth`.
    pub(super) fn finish(mut self, mut truth: Truth) -> io::Result<Truth> {
        self.write_before(u64::MAX)?;
        self.writer.finish()?;
        (truth.frames, truth.frame_bytes) = (self.frames, self.frame_bytes);
        Ok(truth)
    }
}
