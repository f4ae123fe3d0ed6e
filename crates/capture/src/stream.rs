//! One capture, read from its beginning to its end or to where it is broken.

use std::path::{Path, PathBuf};

use model::{Frame, Timestamp};

use crate::error::CaptureError;
use crate::formats::{Format, Step, Verdict};
use crate::look::{LOOK_OCTETS, look};
use crate::report::ReplayReport;
use crate::run::{Gate, Halt, Run};
use crate::source::{Origin, Source};
use crate::unpack::{Fault, Packing};
use crate::walk::refusal;
use crate::window::Window;

/// What all streams share.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) report: ReplayReport,
    /// Memory of windows that is not in use.
    pub(crate) spare: Vec<Vec<u8>>,
}

/// One capture.
pub(crate) struct Stream {
    origin: Origin,
    packing: Option<Packing>,
    /// Whether it can be closed, opened again and read on.
    again: bool,
    source: Option<Source>,
    window: Window,
    format: Format,
    flaws: u32,
    ended: bool,
    /// Octets of the file, where known.
    len: Option<u64>,
    /// Octets of the file that are counted as read.
    raw_octets: u64,
    /// When the next frame is, as last asked.
    pub(crate) head: Timestamp,
}

/// What a file was found to be.
pub(crate) enum Begun {
    /// A capture, and where it is broken already.
    Capture(Box<Stream>),
    /// A capture that cannot be read, and why.
    Broken(String),
    /// No capture, and what it looks like.
    Foreign(String),
}

/// What was lent of a stream in one go.
#[derive(Default)]
pub(crate) struct Lent {
    pub(crate) frames: u64,
    pub(crate) octets: u64,
    pub(crate) filtered: u64,
}

impl Stream {
    /// Open a file and see what it is.
    pub(crate) fn begin(origin: Origin, desk: &mut Desk) -> Result<Begun, CaptureError> {
        let path = origin.path().to_owned();
        let opened = match origin.open() {
            Ok(opened) => opened,
            Err(Fault::System(error)) => return Err(refusal(&path, &error)),
            Err(Fault::Packed(why)) => return Ok(Begun::Foreign(why)),
        };
        let (mut source, packing) = (opened.source, opened.packing);
        let mut window = Window::default();
        // What is packed has more.
        let plain = opened.len.filter(|_| packing.is_none());
        window.hold(&mut desk.spare, plain);
        let begun = loop {
            let needed = match Format::judge(window.octets()) {
                Verdict::Capture(format, header) => {
                    window.advance(header as u64);
                    break Ok(format);
                }
                Verdict::Unread(why) => break Err(Begun::Broken(format!("octet 0: {why}"))),
                Verdict::Foreign if window.octets().len() >= LOOK_OCTETS => {
                    break Err(Begun::Foreign(appearance(packing, window.octets())));
                }
                Verdict::Foreign => LOOK_OCTETS,
                Verdict::More(needed) => needed,
            };
            match source.read(window.room()) {
                Ok(0) => break Err(cut_short(packing, window.octets(), needed)),
                Ok(len) => window.grow(len),
                Err(Fault::System(error)) => return Err(refusal(&path, &error)),
                Err(Fault::Packed(why)) => {
                    break Err(Begun::Foreign(format!("cannot be unpacked: {why}")));
                }
            }
        };
        desk.report.bytes_total += opened.len.unwrap_or(0);
        let raw_octets = source.raw_octets;
        desk.report.bytes_read += raw_octets;
        match begun {
            Ok(format) => Ok(Begun::Capture(Box::new(Stream {
                origin,
                packing,
                again: opened.again,
                source: Some(source),
                window,
                format,
                flaws: 0,
                ended: false,
                len: opened.len,
                raw_octets,
                head: Timestamp::ZERO,
            }))),
            Err(verdict) => {
                desk.spare.extend(window.release());
                // What is not read on counts as read.
                desk.report.bytes_read += opened.len.unwrap_or(0).saturating_sub(raw_octets);
                Ok(verdict)
            }
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        self.origin.path()
    }

    /// Whether all was read.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// When the next frame is; none at the end.
    pub(crate) fn peek(&mut self, desk: &mut Desk) -> Result<Option<Timestamp>, CaptureError> {
        loop {
            match self.format.next(self.window.octets()) {
                Step::Frame { at, .. } => {
                    self.head = at;
                    return Ok(Some(at));
                }
                Step::Pass(octets) => self.window.advance(octets),
                Step::More(needed) => {
                    if !self.read_on(needed, desk)? {
                        return Ok(None);
                    }
                }
                Step::Flaw { why, taken } => {
                    let at = self.window.at();
                    self.window.advance(taken.unwrap_or(0));
                    self.flaw(at, &why, desk);
                    if taken.is_none() {
                        self.end(desk);
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Lend one run of frames, as far as the gate lets them. Some calls lend none.
    pub(crate) fn lend(
        &mut self,
        gate: &mut Gate<'_>,
        desk: &mut Desk,
        each: &mut dyn FnMut(&[Frame<'_>]),
    ) -> Result<Lent, CaptureError> {
        let mut run = Run::new();
        let at = self.window.at();
        let (taken, halt) = self.format.fill(&mut run, self.window.octets(), gate);
        let frames = run.frames();
        if !frames.is_empty() {
            each(frames);
        }
        let lent = Lent { frames: frames.len() as u64, octets: run.octets, filtered: run.filtered };
        drop(run);
        match halt {
            Halt::Pause | Halt::Until => self.window.advance(taken),
            Halt::More(needed) => {
                self.window.advance(taken);
                if lent.frames == 0 {
                    self.read_on(needed, desk)?;
                }
            }
            Halt::Flaw { why, past } => {
                self.window.advance(taken);
                self.flaw(at.saturating_add(taken), &why, desk);
                match past {
                    Some(past) => self.window.advance(past),
                    None => self.end(desk),
                }
            }
        }
        Ok(lent)
    }

    /// Read until the window holds `needed` octets; false at the end.
    fn read_on(&mut self, needed: usize, desk: &mut Desk) -> Result<bool, CaptureError> {
        // A format that asks for what it has already would ask for ever.
        let needed = needed.max(self.window.octets().len().saturating_add(1));
        while self.window.octets().len() < needed {
            if self.ended {
                return Ok(false);
            }
            let plain = self.len.filter(|_| self.packing.is_none());
            self.window.hold(&mut desk.spare, plain);
            let read = match &mut self.source {
                Some(source) => source.read(self.window.room()),
                None => self.origin.open_again(self.packing, self.window.read_at()).and_then(
                    |mut source| {
                        let read = source.read(self.window.room());
                        self.source = Some(source);
                        read
                    },
                ),
            };
            match read {
                Ok(0) => {
                    if !self.window.is_at_rest() {
                        let why = "the file ends within a record";
                        self.flaw(self.window.at(), why, desk);
                    }
                    self.end(desk);
                }
                Ok(len) => {
                    self.window.grow(len);
                    self.count_raw(desk);
                }
                Err(Fault::System(error)) => return Err(refusal(self.path(), &error)),
                Err(Fault::Packed(why)) => {
                    self.flaw(self.window.read_at(), &why, desk);
                    self.end(desk);
                }
            }
        }
        Ok(true)
    }

    /// Count octets of the file that were read for the first time.
    fn count_raw(&mut self, desk: &mut Desk) {
        let now = self.source.as_ref().map_or(0, |source| source.raw_octets);
        desk.report.bytes_read += now.saturating_sub(self.raw_octets);
        self.raw_octets = self.raw_octets.max(now);
    }

    /// Note what is broken at octet `at` of the capture.
    fn flaw(&mut self, at: u64, why: &str, desk: &mut Desk) {
        let path: PathBuf = self.path().to_owned();
        desk.report.flaw(&path, self.flaws, format!("octet {at}: {why}"));
        self.flaws = self.flaws.saturating_add(1);
    }

    /// Read no more, and give all memory back. What lies behind damage counts as read.
    fn end(&mut self, desk: &mut Desk) {
        self.ended = true;
        let rest = self.len.unwrap_or(0).saturating_sub(self.raw_octets);
        self.raw_octets += rest;
        desk.report.bytes_read += rest;
        self.source = None;
        desk.spare.extend(self.window.release());
    }

    /// Whether its file is open and may be closed for a while.
    pub(crate) fn can_close(&self) -> bool {
        self.source.is_some() && self.again
    }

    /// Whether its file is open.
    pub(crate) fn is_open(&self) -> bool {
        self.source.is_some()
    }

    /// Whether its window has memory that may be given up for a while.
    pub(crate) fn can_release(&self) -> bool {
        self.window.is_held() && self.again
    }

    /// Whether it has an open file or a window.
    pub(crate) fn is_held(&self) -> bool {
        self.is_open() || self.window.is_held()
    }

    /// Octets that its decompressor holds.
    pub(crate) fn memory(&self) -> usize {
        self.source.as_ref().map_or(0, Source::memory)
    }

    /// Close its file for a while.
    pub(crate) fn close(&mut self) {
        self.source = None;
    }

    /// Close its file and give its window up for a while.
    pub(crate) fn release(&mut self, desk: &mut Desk) {
        self.source = None;
        desk.spare.extend(self.window.release());
    }
}

/// What a file looks like that begins with `octets`, unpacked.
fn appearance(packing: Option<Packing>, octets: &[u8]) -> String {
    match packing {
        Some(_) => format!("is packed, and what is inside {}", look(octets)),
        None => look(octets),
    }
}

/// What a file is that ended before its header did.
fn cut_short(packing: Option<Packing>, octets: &[u8], needed: usize) -> Begun {
    // Four octets are every format's magic number.
    if octets.len() >= 4 && needed > 4 && needed != LOOK_OCTETS {
        let why = format!("octet {}: the file ends within its header", octets.len());
        return Begun::Broken(why);
    }
    Begun::Foreign(appearance(packing, octets))
}
