//! A reader of capture files that is just good enough for a test.
#![allow(dead_code, unreachable_pub)] // Each test uses a part.
#![allow(clippy::indexing_slicing)] // It is a test's.

use std::fs;
use std::path::{Path, PathBuf};

use model::{Frame, LinkType, Timestamp};

mod pcapng;

/// The frames of one capture.
pub struct Capture {
    octets: Vec<u8>,
    frames: Vec<pcapng::Found>,
}

impl Capture {
    /// Read a pcapng or a classic pcap file of either order and precision; `None` for anything else.
    /// What follows a damaged record is left out.
    #[allow(clippy::disallowed_methods)] // A test may read files.
    pub fn read(path: &Path) -> Option<Capture> {
        let octets = fs::read(path).ok()?;
        if let Some(frames) = pcapng::read(&octets) {
            return Some(Capture { octets, frames });
        }
        let magic: [u8; 4] = octets.get(..4)?.try_into().ok()?;
        let (big, nanos) = match magic {
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, 1000),
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, 1000),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, 1),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, 1),
            _ => return None,
        };
        let number = |at: usize| {
            let word: [u8; 4] = octets.get(at..at + 4)?.try_into().ok()?;
            Some(if big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
        };
        let link = LinkType(number(20)? as u16);
        let mut frames = Vec::new();
        let mut at = 24;
        while let (Some(secs), Some(part), Some(kept), Some(whole)) =
            (number(at), number(at + 4), number(at + 8), number(at + 12))
        {
            let range = at + 16..at + 16 + kept as usize;
            if octets.get(range.clone()).is_none() {
                break;
            }
            at = range.end;
            let moment = Timestamp::from_secs(u64::from(secs), u64::from(part) * nanos);
            frames.push((moment, link, range, whole));
        }
        Some(Capture { octets, frames })
    }

    pub fn frames(&self) -> Vec<Frame<'_>> {
        let frames = self.frames.iter().enumerate().map(|(number, frame)| {
            let (at, link, range, orig_len) = frame.clone();
            let bytes = &self.octets[range];
            Frame { at, order: number as u64 * 2 + 1, link, bytes, orig_len }
        });
        frames.collect()
    }
}

/// The captures that a user points at with `RMMWATCH_CORPUS`, sorted; empty without it.
#[allow(clippy::disallowed_methods)] // A test may look around.
pub fn corpus() -> Vec<PathBuf> {
    let Ok(folder) = std::env::var("RMMWATCH_CORPUS") else { return Vec::new() };
    let mut folders = vec![Path::new(&folder).join("captures/files")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}
