//! Inputs that may wait for ever, standard input and pipes: an interrupt ends them like any end of
//! input, so that the summary is whole.

use std::fs::File;
use std::io::{IsTerminal as _, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use capture::Input;

use crate::exit::tell;
use crate::limits::RELAY_BYTES;
use crate::signals::Signals;

/// Inputs behind a pipe of our own each, whose other end we can close.
#[derive(Default)]
pub(crate) struct Pipes {
    relays: Vec<Relay>,
}

struct Relay {
    /// What the user called it.
    name: PathBuf,
    /// What the reader opens.
    path: PathBuf,
    _read: PipeReader,
}

impl Pipes {
    /// The input to read for what the user named: itself, or a pipe of ours that carries it.
    ///
    /// # Errors
    /// When the operating system gives no pipe or no thread.
    pub(crate) fn input(&mut self, named: &Path, signals: &Signals) -> std::io::Result<Input> {
        let standard = named.as_os_str() == "-";
        if !waits(named, standard) {
            let path = || Input::Path(named.to_owned());
            return Ok(if standard { Input::Stdin } else { path() });
        }
        let (read, write) = std::io::pipe()?;
        let write = Arc::new(Mutex::new(Some(write)));
        let (from, to, stopped) = (named.to_owned(), write.clone(), signals.clone());
        std::thread::Builder::new().name("relay".into()).spawn(move || {
            let source = if standard {
                std::io::stdin().as_fd().try_clone_to_owned().map(File::from)
            } else {
                File::open(&from)
            };
            if let Err(why) = source.and_then(|source| carry(source, &to, &stopped)) {
                tell(format_args!("rmmwatch: {}: cannot be read: {why}", from.display()));
            }
            close(&to);
        })?;
        // The carrier may be about to write: then it looks at the signal itself afterwards.
        signals.when_stopped(Box::new(move || close(&write)));
        let path = PathBuf::from(format!("/proc/self/fd/{}", read.as_raw_fd()));
        let relay = Relay { name: named.to_owned(), path: path.clone(), _read: read };
        self.relays.push(relay);
        Ok(Input::Path(path))
    }

    /// Call inputs as the user did. What we cut off ourselves was not damaged: `stopped` leaves
    /// it out.
    pub(crate) fn names(
        &self,
        noted: &[(PathBuf, String)],
        stopped: bool,
    ) -> Vec<(PathBuf, String)> {
        let named = |(path, why): &(PathBuf, String)| match self
            .relays
            .iter()
            .find(|relay| relay.path == *path)
        {
            Some(_) if stopped => None,
            Some(relay) => Some((relay.name.clone(), why.clone())),
            None => Some((path.clone(), why.clone())),
        };
        noted.iter().filter_map(named).collect()
    }
}

/// Whether reading it may wait for someone else.
fn waits(named: &Path, standard: bool) -> bool {
    let about = if standard {
        if std::io::stdin().is_terminal() {
            return true;
        }
        let file = std::io::stdin().as_fd().try_clone_to_owned().map(File::from);
        file.and_then(|file| file.metadata())
    } else {
        named.metadata()
    };
    about.is_ok_and(|about| about.file_type().is_fifo() || about.file_type().is_socket())
}

fn carry(mut from: File, to: &Mutex<Option<PipeWriter>>, signals: &Signals) -> std::io::Result<()> {
    let mut octets = vec![0; RELAY_BYTES];
    while !signals.stop() {
        let len = match from.read(&mut octets) {
            Ok(0) => break,
            Ok(len) => len,
            Err(why) if why.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(why) => return Err(why),
        };
        let Ok(mut to) = to.lock() else { break };
        let Some(to) = to.as_mut() else { break };
        // The reader left: it has what it wanted.
        if to.write_all(octets.get(..len).unwrap_or_default()).is_err() {
            break;
        }
    }
    Ok(())
}

fn close(write: &Mutex<Option<PipeWriter>>) {
    if let Ok(mut write) = write.try_lock() {
        write.take();
    }
}
