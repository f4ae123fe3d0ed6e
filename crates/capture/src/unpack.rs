//! gzip and zstd, unpacked as a stream: what a small file unpacks to is never in memory at once.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};
use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, get_error_name};

use crate::limits::{PACKED_READ_OCTETS, UNPACK_STEP, ZSTD_WINDOW_LOG_MAX};

/// Why octets cannot be had.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The system failed.
    System(io::Error),
    /// The packed octets are broken; those before were fine.
    Packed(String),
}

/// How a file is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Packing {
    /// Octets that tell.
    pub(crate) const MAGIC_OCTETS: usize = 4;

    /// What a file is packed with that begins with `octets`.
    pub(crate) fn of(octets: &[u8]) -> Option<Packing> {
        match octets {
            // RFC 1952 §2.3.1; the third octet is the method, of which there is one.
            [0x1f, 0x8b, 8, ..] => Some(Packing::Gzip),
            // RFC 8878 §3.1.1, and §3.1.2: a skippable frame.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Some(Packing::Zstd)
            }
            _ => None,
        }
    }
}

/// A decompressor and the packed octets before it.
pub(crate) struct Unpacker {
    input: Vec<u8>,
    /// Octets of `input` that were unpacked.
    used: usize,
    codec: Codec,
    /// Between two members, or at the end.
    between: bool,
    /// The packed octets are at their end.
    dry: bool,
    /// What was found broken after octets that are still to be given.
    broken: Option<String>,
}

enum Codec {
    Gzip(Box<Decompress>),
    Zstd(DCtx<'static>),
}

/// One step's outcome: octets used, octets made, and whether a member ended.
struct Stride {
    used: usize,
    made: usize,
    ended: Result<bool, String>,
}

impl Unpacker {
    /// A decompressor before the octets of a file's first read.
    pub(crate) fn new(packing: Packing, first: Vec<u8>) -> Result<Unpacker, Fault> {
        let codec = match packing {
            // 2^15: the largest window that the format has.
            Packing::Gzip => Codec::Gzip(Box::new(Decompress::new_gzip(15))),
            Packing::Zstd => {
                let mut context = DCtx::try_create()
                    .ok_or_else(|| Fault::System(io::ErrorKind::OutOfMemory.into()))?;
                context
                    .set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX))
                    .map_err(|code| Fault::Packed(get_error_name(code).to_owned()))?;
                Codec::Zstd(context)
            }
        };
        Ok(Unpacker { input: first, used: 0, codec, between: false, dry: false, broken: None })
    }

    /// Octets that it holds.
    pub(crate) fn memory(&self) -> usize {
        let codec = match &self.codec {
            Codec::Gzip(_) => 64 << 10,
            Codec::Zstd(context) => context.sizeof(),
        };
        codec.saturating_add(self.input.capacity())
    }

    /// Unpack into `into`; `Ok(0)` is the end. Gives what there is rather than wait for more.
    pub(crate) fn read(
        &mut self,
        raw: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>,
        into: &mut [u8],
    ) -> Result<usize, Fault> {
        let mut made = 0;
        loop {
            if let Some(why) = self.broken.take() {
                if made > 0 {
                    self.broken = Some(why);
                    return Ok(made);
                }
                return Err(Fault::Packed(why));
            }
            let Some(room) = into.get_mut(made..).filter(|room| !room.is_empty()) else {
                return Ok(made);
            };
            let starved = self.used >= self.input.len();
            if starved && !self.dry {
                if made > 0 {
                    return Ok(made);
                }
                self.refill(raw)?;
            }
            let input = self.input.get(self.used..).unwrap_or_default();
            if self.between && self.codec.padding(input) {
                if self.dry {
                    return Ok(made);
                }
                self.used = self.input.len();
                continue;
            }
            let len = room.len().min(UNPACK_STEP);
            let stride =
                self.codec.step(self.between, input, room.get_mut(..len).unwrap_or_default());
            self.used += stride.used;
            made += stride.made;
            match stride.ended {
                Ok(ended) => self.between = ended,
                Err(why) => self.broken = Some(why),
            }
            let stuck = stride.used == 0 && stride.made == 0;
            if stuck && self.dry && self.broken.is_none() && !self.between {
                self.broken = Some("the packed octets end early".to_owned());
            }
        }
    }

    /// Read on in the packed octets.
    fn refill(&mut self, raw: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>) -> Result<(), Fault> {
        self.input.resize(PACKED_READ_OCTETS, 0);
        self.used = 0;
        let len = raw(&mut self.input).map_err(Fault::System)?;
        self.input.truncate(len);
        self.dry = len == 0;
        Ok(())
    }
}

impl Codec {
    /// Whether nothing but zeros is left of `input` between two members, as tapes have it.
    fn padding(&self, input: &[u8]) -> bool {
        match self {
            Codec::Gzip(_) => input.iter().all(|&octet| octet == 0),
            Codec::Zstd(_) => input.is_empty(),
        }
    }

    /// Unpack one step. `between`: a member begins here.
    fn step(&mut self, between: bool, input: &[u8], room: &mut [u8]) -> Stride {
        match self {
            Codec::Gzip(inflate) => {
                if between {
                    if input.first() != Some(&0x1f) {
                        let why = "something else follows the packed octets".to_owned();
                        return Stride { used: 0, made: 0, ended: Err(why) };
                    }
                    inflate.reset(true);
                }
                let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
                let status = inflate.decompress(input, room, FlushDecompress::None);
                let ended = match status {
                    Ok(Status::StreamEnd) => Ok(true),
                    Ok(Status::Ok | Status::BufError) => Ok(false),
                    Err(_) => Err("the packed octets are broken".to_owned()),
                };
                let used = usize::try_from(inflate.total_in() - before_in).unwrap_or(0);
                let made = usize::try_from(inflate.total_out() - before_out).unwrap_or(0);
                Stride { used, made, ended }
            }
            Codec::Zstd(context) => {
                let mut input = InBuffer::around(input);
                let mut output = OutBuffer::around(room);
                let code = context.decompress_stream(&mut output, &mut input);
                let ended = match code {
                    Ok(hint) => Ok(hint == 0),
                    Err(code) => {
                        Err(format!("the packed octets are broken: {}", get_error_name(code)))
                    }
                };
                Stride { used: input.pos(), made: output.pos(), ended }
            }
        }
    }
}
