//! The octets of one capture, in order: from a file, a pipe or standard input, unpacked where they
//! are packed.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::limits::PACKED_READ_OCTETS;
use crate::unpack::{Fault, Packing, Unpacker};

/// Where a capture comes from.
#[derive(Clone)]
pub(crate) enum Origin {
    /// Standard input.
    Stdin,
    /// A file, or a pipe with a name.
    Path(PathBuf),
    /// Octets at hand, given at most so many at a time: how tests and fuzzing see the reader.
    Octets(Arc<[u8]>, usize),
}

/// The octets of one capture.
pub(crate) struct Source {
    raw: Box<dyn Read + Send>,
    /// Octets read of `raw`.
    pub(crate) raw_octets: u64,
    /// What was read to see how the file is packed; not yet given.
    first: Vec<u8>,
    unpacker: Option<Unpacker>,
}

/// What an origin was found to be when it was opened.
pub(crate) struct Opened {
    pub(crate) source: Source,
    /// Whether it can be closed, opened again and read on.
    pub(crate) again: bool,
    /// Octets that it has; unknown of a pipe.
    pub(crate) len: Option<u64>,
    pub(crate) packing: Option<Packing>,
}

impl Origin {
    /// The path as it is named in reports.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Origin::Stdin => Path::new("-"),
            Origin::Path(path) => path,
            Origin::Octets(..) => Path::new("octets"),
        }
    }

    /// Open it at its beginning.
    pub(crate) fn open(&self) -> Result<Opened, Fault> {
        let (raw, again, len): (Box<dyn Read + Send>, bool, Option<u64>) = match self {
            Origin::Stdin => {
                let file = io::stdin().as_fd().try_clone_to_owned().map_err(Fault::System)?;
                (Box::new(File::from(file)), false, None)
            }
            Origin::Path(path) => {
                let file = File::open(path).map_err(Fault::System)?;
                let about = file.metadata().map_err(Fault::System)?;
                let regular = about.is_file();
                (Box::new(file), regular, regular.then_some(about.len()))
            }
            Origin::Octets(octets, step) => {
                let raw = Slow { octets: Cursor::new(octets.clone()), step: *step };
                (Box::new(raw), true, Some(octets.len() as u64))
            }
        };
        let mut source = Source { raw, raw_octets: 0, first: Vec::new(), unpacker: None };
        let packing = source.find_packing()?;
        Ok(Opened { source, again, len, packing })
    }

    /// Open it again, `skip` octets on (of what is unpacked).
    pub(crate) fn open_again(&self, packing: Option<Packing>, skip: u64) -> Result<Source, Fault> {
        if let (None, Origin::Path(path)) = (packing, self) {
            let mut file = File::open(path).map_err(Fault::System)?;
            file.seek(SeekFrom::Start(skip)).map_err(Fault::System)?;
            let raw = Box::new(file);
            return Ok(Source { raw, raw_octets: skip, first: Vec::new(), unpacker: None });
        }
        let mut source = self.open()?.source;
        let mut left = skip;
        let mut scrap = vec![0; PACKED_READ_OCTETS];
        while left > 0 {
            let len = usize::try_from(left).unwrap_or(usize::MAX).min(scrap.len());
            let read = source.read(scrap.get_mut(..len).unwrap_or_default())?;
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read as u64);
        }
        Ok(source)
    }
}

impl Source {
    /// Read the first octets and see whether they are packed.
    fn find_packing(&mut self) -> Result<Option<Packing>, Fault> {
        self.first.resize(PACKED_READ_OCTETS, 0);
        let mut len = 0;
        while len < Packing::MAGIC_OCTETS {
            let room = self.first.get_mut(len..).unwrap_or_default();
            let read = read_raw(&mut self.raw, room).map_err(Fault::System)?;
            if read == 0 {
                break;
            }
            len += read;
        }
        self.raw_octets = len as u64;
        self.first.truncate(len);
        let packing = Packing::of(&self.first);
        if let Some(packing) = packing {
            self.unpacker = Some(Unpacker::new(packing, std::mem::take(&mut self.first))?);
        }
        Ok(packing)
    }

    /// Octets that its decompressor holds.
    pub(crate) fn memory(&self) -> usize {
        self.unpacker.as_ref().map_or(0, Unpacker::memory)
    }

    /// Read into `into`; `Ok(0)` is the end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize, Fault> {
        let Source { raw, raw_octets, first, unpacker } = self;
        let mut read = |room: &mut [u8]| {
            let len = read_raw(raw, room)?;
            *raw_octets += len as u64;
            Ok(len)
        };
        if let Some(unpacker) = unpacker {
            return unpacker.read(&mut read, into);
        }
        if first.is_empty() {
            return read(into).map_err(Fault::System);
        }
        let len = first.len().min(into.len());
        for (to, from) in into.iter_mut().zip(first.drain(..len)) {
            *to = from;
        }
        if first.is_empty() {
            *first = Vec::new();
        }
        Ok(len)
    }
}

/// One read that a signal does not disturb.
fn read_raw(raw: &mut dyn Read, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match raw.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Octets that come a few at a time.
struct Slow {
    octets: Cursor<Arc<[u8]>>,
    step: usize,
}

impl Read for Slow {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let len = room.len().min(self.step.max(1));
        self.octets.read(room.get_mut(..len).unwrap_or_default())
    }
}
