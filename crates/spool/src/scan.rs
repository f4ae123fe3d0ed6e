//! Record after record out of a segment, past whatever is damaged.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::frame::{self, Head};
use crate::limits::{SEARCH_PASSES_MAX, WINDOW_BYTES};
use crate::segment;

/// Octets by their place: a file, or memory where a test has it so.
pub(crate) trait Octets {
    fn read_at(&self, octets: &mut [u8], at: u64) -> io::Result<usize>;
}

impl Octets for File {
    fn read_at(&self, octets: &mut [u8], at: u64) -> io::Result<usize> {
        FileExt::read_at(self, octets, at)
    }
}

impl Octets for Vec<u8> {
    fn read_at(&self, octets: &mut [u8], at: u64) -> io::Result<usize> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let held = self.get(at..).unwrap_or_default();
        let len = held.len().min(octets.len());
        if let (Some(to), Some(from)) = (octets.get_mut(..len), held.get(..len)) {
            to.copy_from_slice(from);
        }
        Ok(len)
    }
}

/// A piece of a file in memory.
struct Window<S> {
    file: S,
    octets: Vec<u8>,
    /// Where in the file the piece begins.
    at: u64,
}

impl<S: Octets> Window<S> {
    /// At least `want` octets from `at` on, and more where they are at hand, but none behind `end`;
    /// fewer only where the file ends.
    fn octets(&mut self, at: u64, want: usize, end: u64) -> io::Result<&[u8]> {
        let room = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
        let want = want.min(room);
        let begin = at.checked_sub(self.at).and_then(|gone| usize::try_from(gone).ok());
        let held = begin.and_then(|begin| self.octets.get(begin..)).map_or(0, <[u8]>::len);
        if held < want {
            self.fill(at, want.max(WINDOW_BYTES).min(room))?;
        }
        let begin = usize::try_from(at - self.at).unwrap_or(usize::MAX);
        let held = self.octets.get(begin..).unwrap_or_default();
        Ok(held.get(..room.min(held.len())).unwrap_or_default())
    }

    fn fill(&mut self, at: u64, len: usize) -> io::Result<()> {
        self.at = at;
        self.octets.resize(len, 0);
        let mut got = 0;
        while let Some(room) = self.octets.get_mut(got..).filter(|room| !room.is_empty()) {
            match self.file.read_at(room, at + got as u64) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => {
                    self.octets.clear();
                    return Err(why);
                }
            }
        }
        self.octets.truncate(got);
        Ok(())
    }
}

/// A record that was found.
pub(crate) struct Record<'a> {
    pub(crate) seq: u64,
    pub(crate) payload: &'a [u8],
    /// Where it begins.
    pub(crate) at: u64,
    /// Octets in front of it that belong to no record.
    pub(crate) skipped: u64,
}

impl Record<'_> {
    /// Octets of the whole record.
    pub(crate) fn size(&self) -> u64 {
        (frame::HEAD + self.payload.len()) as u64
    }
}

/// The records of one segment in their order. Numbers only grow: what does not is damage.
pub(crate) struct Scan<S = File> {
    window: Window<S>,
    salt: u32,
    /// Where the next record begins.
    at: u64,
    /// The least number that the next record may have.
    next: u64,
    /// Octets that may still be summed in search of a whole record.
    budget: Option<u64>,
}

impl<S: Octets> Scan<S> {
    pub(crate) fn new(file: S, name: segment::Name) -> Scan<S> {
        let window = Window { file, octets: Vec::new(), at: 0 };
        Scan { window, salt: name.salt, at: segment::HEAD, next: name.first.max(1), budget: None }
    }

    /// Go to a place where a record is known to begin.
    pub(crate) fn go_to(&mut self, at: u64, next: u64) {
        self.at = at;
        self.next = next;
    }

    /// Where the next record begins.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// The next record in the first `len` octets of the file, whose number is below `end`. `None`:
    /// there is no other, and all of `len` is passed.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn next(&mut self, len: u64, end: u64) -> io::Result<Option<Record<'_>>> {
        let from = self.at;
        if from >= len {
            return Ok(None);
        }
        let Some((at, head)) = self.find(len, end)? else {
            self.at = len;
            return Ok(None);
        };
        self.at = at + head.size() as u64;
        self.next = head.seq + 1;
        let octets = self.window.octets(at, head.size(), len)?;
        let payload = octets.get(frame::HEAD..head.size()).unwrap_or_default();
        Ok(Some(Record { seq: head.seq, payload, at, skipped: at - from }))
    }

    /// The place of the next whole record.
    fn find(&mut self, len: u64, end: u64) -> io::Result<Option<(u64, Head)>> {
        if let Some(head) = self.whole(self.at, len, end)? {
            return Ok(Some((self.at, head)));
        }
        let mut at = self.at + 1;
        loop {
            let next = self.next;
            let octets = self.window.octets(at, WINDOW_BYTES, len)?;
            if octets.len() < frame::HEAD {
                return Ok(None);
            }
            let room = len - at;
            let likely = octets.windows(frame::HEAD).enumerate().position(|(offset, head)| {
                Head::read(head).is_some_and(|head| {
                    (next..end).contains(&head.seq) && offset as u64 + head.size() as u64 <= room
                })
            });
            let Some(offset) = likely else {
                at += (octets.len() - frame::HEAD + 1) as u64;
                continue;
            };
            at += offset as u64;
            if let Some(head) = self.whole(at, len, end)? {
                return Ok(Some((at, head)));
            }
            // Octets can be written so that each looks like a head: there is an end to trying.
            let size = self.window.octets(at, frame::HEAD, len)?;
            let size = Head::read(size).map_or(1, |head| head.size() as u64);
            let budget = self.budget.get_or_insert(len.saturating_mul(SEARCH_PASSES_MAX));
            *budget = budget.saturating_sub(size);
            if *budget == 0 {
                return Ok(None);
            }
            at += 1;
        }
    }

    /// The head of the record at `at`, when that is whole and may stand here.
    fn whole(&mut self, at: u64, len: u64, end: u64) -> io::Result<Option<Head>> {
        let (salt, next) = (self.salt, self.next);
        let Some(head) = Head::read(self.window.octets(at, frame::HEAD, len)?) else {
            return Ok(None);
        };
        if !(next..end).contains(&head.seq) {
            return Ok(None);
        }
        let octets = self.window.octets(at, head.size(), len)?;
        Ok(head.payload(salt, octets).map(|_| head))
    }
}
