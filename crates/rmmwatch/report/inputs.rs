//! What the report is made of: records are read, captures are replayed first. Which is which, the
//! first octets say.

use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, Read};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use records::Reader;

use crate::cli::{OutputArgs, ReplayArgs, ReportArgs, Summary};
use crate::exit::{Exit, fail};
use crate::knowledge::Knowledge;
use crate::{output, replay};

/// First octets of captures, and of what may hold one.
const MAGICS: &[&[u8]] = &[
    b"\xa1\xb2\xc3\xd4",
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\xcd\x34",
    b"\x34\xcd\xb2\xa1",
    b"\x0a\x0d\x0d\x0a",
    b"snoop\0\0\0",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
];

/// Inputs, told apart.
pub(super) struct Sorted {
    records: Vec<(String, Box<dyn BufRead>)>,
    /// Paths to replay.
    pub(super) captures: Vec<PathBuf>,
    /// Every input as the user named it, with its kind.
    pub(super) named: Vec<(String, &'static str)>,
    /// Pipes of ours that carry a capture; they stay open until it is read.
    relays: Vec<PipeReader>,
}

impl Sorted {
    /// Look at the first octets of each.
    ///
    /// # Errors
    /// How the program ends when an input cannot be had.
    pub(super) fn of(paths: &[PathBuf]) -> Result<Sorted, Exit> {
        let mut sorted = Sorted {
            records: Vec::new(),
            captures: Vec::new(),
            named: Vec::new(),
            relays: Vec::new(),
        };
        for path in paths {
            sorted.add(path).map_err(|why| {
                let name = path.display();
                fail(Exit::Failed, &format_args!("{name} cannot be read: {why}"))
            })?;
        }
        Ok(sorted)
    }

    fn add(&mut self, path: &Path) -> std::io::Result<()> {
        let name = path.display().to_string();
        if path.is_dir() {
            if holds_records_alone(path)? {
                let why = "it holds records and no captures, and of a folder captures are read; \
                           name the records' files";
                return Err(std::io::Error::other(why));
            }
            self.captures.push(path.to_owned());
            self.named.push((name, "capture"));
            return Ok(());
        }
        let standard = path.as_os_str() == "-";
        let source: Box<dyn Read + Send> =
            if standard { Box::new(std::io::stdin()) } else { Box::new(File::open(path)?) };
        let mut source = BufReader::new(source);
        let first = source.fill_buf()?;
        if !MAGICS.iter().any(|magic| first.starts_with(magic)) {
            self.named.push((name.clone(), "records"));
            self.records.push((name, Box::new(source)));
            return Ok(());
        }
        self.named.push((name, "capture"));
        if !standard && path.metadata()?.is_file() {
            self.captures.push(path.to_owned());
            return Ok(());
        }
        // What was looked at of a pipe is gone from it: it goes through one of ours.
        let (read, mut write) = std::io::pipe()?;
        self.captures.push(PathBuf::from(format!("/proc/self/fd/{}", read.as_raw_fd())));
        self.relays.push(read);
        std::thread::Builder::new().name("relay".into()).spawn(move || {
            // A reader that is gone wants no more, and a source that fails ends the capture there.
            let _ = std::io::copy(&mut source, &mut write);
        })?;
        Ok(())
    }

    /// Read all records.
    ///
    /// # Errors
    /// How the program ends when an input fails.
    pub(super) fn read(self) -> Result<(Reader, Vec<PipeReader>), Exit> {
        let mut reader = Reader::new();
        for (name, input) in self.records {
            reader
                .read(&name, input)
                .map_err(|why| fail(Exit::Failed, &format_args!("{name} cannot be read: {why}")))?;
        }
        Ok((reader, self.relays))
    }
}

/// Whether a folder has files that begin as our records do, and neither a capture nor a folder.
fn holds_records_alone(folder: &Path) -> std::io::Result<bool> {
    let mut records = false;
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.is_dir() {
            return Ok(false);
        }
        if !path.is_file() {
            continue;
        }
        let mut first = Vec::with_capacity(8);
        // One that cannot be read is told of when it is its turn.
        let Ok(_) = File::open(&path).and_then(|file| file.take(8).read_to_end(&mut first)) else {
            continue;
        };
        if MAGICS.iter().any(|magic| first.starts_with(magic)) {
            return Ok(false);
        }
        records |= first.starts_with(b"{\"");
    }
    Ok(records)
}

/// Replay captures as `rmmwatch replay` would, and read the records that this gives.
///
/// They come through a pipe, so that no file is written, whatever the settings say of outputs.
///
/// # Errors
/// How the program ends when captures cannot be read.
pub(super) fn replay(
    args: &ReportArgs,
    captures: Vec<PathBuf>,
    knowledge: Knowledge,
    reader: &mut Reader,
) -> Result<Exit, Exit> {
    let cannot = |why: std::io::Error| fail(Exit::Failed, &why);
    let (read, write) = std::io::pipe().map_err(cannot)?;
    let place = PathBuf::from(format!("/proc/self/fd/{}", write.as_raw_fd()));
    let args = ReplayArgs {
        inputs: captures,
        knowledge: args.knowledge.clone(),
        output: OutputArgs {
            alerts: Some(place.clone()),
            health: Some(place),
            summary: Some(Summary::None),
            quiet: args.quiet,
            ..OutputArgs::default()
        },
        lanes: args.lanes,
        filter: args.filter.clone(),
        state: None,
        sinks: false,
    };
    // The settings' own outputs are a sensor's; a report writes one thing only.
    let outputs = output::plan(&args.output, &Default::default(), output::Mode::Replay);
    std::thread::scope(|scope| {
        let records = scope.spawn(move || reader.read("captures", BufReader::new(read)));
        let ended = replay::replay(&args, knowledge, outputs);
        // The last end to write closes here, and with it the records end.
        drop(write);
        let read = records.join().map_err(|_| fail(Exit::Failed, &"the reader panicked"))?;
        read.map_err(cannot)?;
        ended
    })
}
