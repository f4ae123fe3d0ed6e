//! The octets of one capture, in order: from a file, a pipe or standard input, unpacked where they
//! are packed.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ahead::Ahead;
use crate::limits::{AHEAD_FROM, PACKED_READ_OCTETS};
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
    octets: Octets,
    /// Octets of the file that were read for what was given.
    pub(crate) raw_octets: u64,
    /// Octets still to be unpacked on this thread before another one takes over.
    here: usize,
    /// Whether it can be read anew, and so never waits for anyone.
    again: bool,
}

enum Octets {
    Plain {
        raw: Raw,
        /// What was read to see how the file is packed; not yet given.
        first: Vec<u8>,
    },
    Packed(Packed),
    Ahead(Ahead),
    /// Between two of these.
    None,
}

type Raw = Box<dyn Read + Send>;

/// Packed octets and their decompressor.
pub(crate) struct Packed {
    raw: Raw,
    /// Octets read of `raw`.
    pub(crate) raw_octets: u64,
    unpacker: Unpacker,
}

impl Packed {
    /// Unpack into `into`; `Ok(0)` is the end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize, Fault> {
        let Packed { raw, raw_octets, unpacker } = self;
        let mut read = |room: &mut [u8]| {
            let len = read_raw(raw, room)?;
            *raw_octets += len as u64;
            Ok(len)
        };
        unpacker.read(&mut read, into)
    }

    /// Octets that the decompressor holds.
    pub(crate) fn memory(&self) -> usize {
        self.unpacker.memory()
    }
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
        let (raw, again, len): (Raw, bool, Option<u64>) = match self {
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
        let (source, packing) = Source::of(raw, again, len)?;
        Ok(Opened { source, again, len, packing })
    }

    /// Open it again, `skip` octets on (of what is unpacked).
    pub(crate) fn open_again(&self, packing: Option<Packing>, skip: u64) -> Result<Source, Fault> {
        if let (None, Origin::Path(path)) = (packing, self) {
            let mut file = File::open(path).map_err(Fault::System)?;
            file.seek(SeekFrom::Start(skip)).map_err(Fault::System)?;
            let octets = Octets::Plain { raw: Box::new(file), first: Vec::new() };
            return Ok(Source { octets, raw_octets: skip, here: 0, again: true });
        }
        let mut source = self.open()?.source;
        // Nobody has use for another thread while this one waits.
        source.here = usize::MAX;
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
        source.here = AHEAD_FROM;
        Ok(source)
    }
}

impl Source {
    /// Read the first octets and see whether they are packed.
    fn of(mut raw: Raw, again: bool, len: Option<u64>) -> Result<(Source, Option<Packing>), Fault> {
        // No more than there is to read: of a folder with thousands of captures most are small.
        let all = len.map_or(usize::MAX, |len| usize::try_from(len).unwrap_or(usize::MAX));
        let mut first = vec![0; all.clamp(Packing::MAGIC_OCTETS, PACKED_READ_OCTETS)];
        let mut len = 0;
        while len < Packing::MAGIC_OCTETS {
            let room = first.get_mut(len..).unwrap_or_default();
            let read = read_raw(&mut raw, room).map_err(Fault::System)?;
            if read == 0 {
                break;
            }
            len += read;
        }
        let raw_octets = len as u64;
        first.truncate(len);
        let packing = Packing::of(&first);
        let octets = match packing {
            Some(packing) => {
                Octets::Packed(Packed { raw, raw_octets, unpacker: Unpacker::new(packing, first)? })
            }
            None => Octets::Plain { raw, first },
        };
        Ok((Source { octets, raw_octets, here: AHEAD_FROM, again }, packing))
    }

    /// Octets that its decompressor holds.
    pub(crate) fn memory(&self) -> usize {
        match &self.octets {
            Octets::Plain { .. } | Octets::None => 0,
            Octets::Packed(packed) => packed.memory(),
            Octets::Ahead(ahead) => ahead.memory(),
        }
    }

    /// Read into `into`; `Ok(0)` is the end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<usize, Fault> {
        if self.here == 0 {
            self.go_ahead();
        }
        match &mut self.octets {
            Octets::Plain { raw, first } if first.is_empty() => {
                let len = read_raw(raw, into).map_err(Fault::System)?;
                self.raw_octets += len as u64;
                Ok(len)
            }
            Octets::Plain { first, .. } => {
                let len = first.len().min(into.len());
                for (to, from) in into.iter_mut().zip(first.drain(..len)) {
                    *to = from;
                }
                if first.is_empty() {
                    *first = Vec::new();
                }
                Ok(len)
            }
            Octets::Packed(packed) => {
                let len = packed.read(into);
                self.raw_octets = packed.raw_octets;
                self.here = self.here.saturating_sub(*len.as_ref().unwrap_or(&0));
                len
            }
            Octets::Ahead(ahead) => {
                let len = ahead.read(into);
                self.raw_octets = ahead.raw_octets();
                len
            }
            Octets::None => Ok(0),
        }
    }

    /// Unpack on another thread from now on, if it is packed.
    fn go_ahead(&mut self) {
        self.octets = match std::mem::replace(&mut self.octets, Octets::None) {
            Octets::Packed(packed) => match Ahead::start(packed, self.again) {
                Ok(ahead) => Octets::Ahead(ahead),
                Err(packed) => {
                    self.here = usize::MAX;
                    Octets::Packed(packed)
                }
            },
            other => other,
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::AHEAD_OCTETS;

    /// All that can be read, and why no more.
    fn drain(octets: &[u8], step: usize, here: usize) -> (Vec<u8>, u64, Option<String>) {
        let mut source = Origin::Octets(octets.into(), step).open().unwrap().source;
        source.here = here;
        let (mut all, mut room) = (Vec::new(), vec![0; 100_000]);
        loop {
            match source.read(&mut room) {
                Ok(0) => return (all, source.raw_octets, None),
                Ok(len) => all.extend(&room[..len]),
                Err(fault) => return (all, source.raw_octets, Some(format!("{fault:?}"))),
            }
        }
    }

    #[test]
    fn another_thread_unpacks_the_same_and_breaks_at_the_same_place() {
        let plain: Vec<u8> = (0..5 * AHEAD_OCTETS as u32 / 4)
            .flat_map(|nth| (nth.wrapping_mul(0x9e37_79b9) >> 20).to_le_bytes())
            .collect();
        let zstd = zstd::stream::encode_all(plain.as_slice(), 1).unwrap();
        let mut gzip = flate2::bufread::GzEncoder::new(&plain[..], flate2::Compression::fast());
        let mut packed = Vec::new();
        gzip.read_to_end(&mut packed).unwrap();
        for whole in [zstd, packed] {
            let mut spoilt = whole.clone();
            let middle = whole.len() / 2;
            spoilt[middle..middle + 64].fill(0xff);
            let twice = [&whole[..], &whole].concat();
            let (cut, late) = (&whole[..middle], &whole[..whole.len() - 1]);
            let followed = [&whole[..], b"something else"].concat();
            for octets in [&whole[..], &twice, cut, late, &spoilt, &followed] {
                for step in [usize::MAX, 7_001] {
                    let wanted = drain(octets, step, usize::MAX);
                    for here in [0, 1, 300_000] {
                        assert!(drain(octets, step, here) == wanted, "{step} {here}");
                    }
                }
            }
            assert!(drain(&twice, usize::MAX, 0).0 == plain.repeat(2));
            assert!(drain(cut, usize::MAX, 0).2.is_some());
        }
    }

    #[test]
    fn who_is_ahead_may_be_given_up_at_any_time() {
        let packed = zstd::stream::encode_all(&vec![7; 40 * AHEAD_OCTETS][..], 1).unwrap();
        for reads in 0..6 {
            let origin = Origin::Octets(packed.as_slice().into(), usize::MAX);
            let mut source = origin.open().unwrap().source;
            source.here = 0;
            let mut room = vec![0; AHEAD_OCTETS];
            for _ in 0..reads {
                assert_eq!(source.read(&mut room).unwrap(), AHEAD_OCTETS);
            }
            let mut on = origin.open_again(Some(Packing::Zstd), 39 * AHEAD_OCTETS as u64).unwrap();
            assert_eq!(on.read(&mut room).unwrap(), AHEAD_OCTETS);
        }
    }
}
