//! The state file: what the detector must not forget, read at the start, written beside the work.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use detect::{Detector, State, StateError, StateFault};
use model::Health;

use crate::config;
use crate::exit::{Exit, fail, tell};
use crate::limits::STATE_FILE_BYTES_MAX;
use crate::output;

/// Where `run` keeps its state when nobody says, if the folder exists.
const DEFAULT_PATH: &str = "/var/lib/rmmwatch/state";

/// A write begins so much before the last one is as old as it may be: taking the state waits for
/// the next beat, and writing takes its time.
const AHEAD: Duration = Duration::from_secs(2);

/// A state file that is taken up and will be written.
pub(crate) struct Place {
    path: PathBuf,
    /// States that were set aside at the start, since they could not be read.
    damaged: u64,
    /// The file as it was taken up, held against a second sensor.
    held: Option<File>,
}

/// Where `run` keeps its state: flag before settings before the default folder.
pub(crate) fn of_run(flag: Option<&Path>, set: &config::State) -> Option<PathBuf> {
    let default = Path::new(DEFAULT_PATH);
    let default = default.parent().is_some_and(Path::is_dir).then(|| default.to_owned());
    flag.map(Path::to_owned).or_else(|| set.path.clone()).or(default)
}

/// Take up the state that is asked for, if one is.
///
/// # Errors
/// As for [`Place::take_up`]; and when records are to go there.
pub(crate) fn begin(
    path: Option<&Path>,
    outputs: &output::Plan,
    detector: &mut Detector,
) -> Result<Option<Place>, Exit> {
    let Some(path) = path else { return Ok(None) };
    let place = Place::take_up(path, detector)?;
    if let Some(output) = outputs.paths().find(|output| place.is(output)) {
        let why = format_args!("{} is both the state and an output", output.display());
        return Err(fail(Exit::Usage, &why));
    }
    Ok(Some(place))
}

/// Write the last state, if one is wanted, and tell health how writing fared. False: the last one
/// is not written.
pub(crate) fn end(kept: Option<(State, Keeper)>, whole: bool, health: &mut Health) -> bool {
    let Some((last, keeper)) = kept else { return true };
    let (written, counts) = keeper.finish(whole.then_some(last));
    health.memory.extend(counts);
    written
}

impl Place {
    /// Take up what the file holds; without one, or with one that is damaged, memory begins anew.
    ///
    /// # Errors
    /// When the file cannot be read, or is something else: that is not ours to replace.
    pub(crate) fn take_up(path: &Path, detector: &mut Detector) -> Result<Place, Exit> {
        // The new file replaces the old one in its own folder, behind a link, too.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let shown = path.display();
        let mut damaged = 0;
        let held = hold(&path)
            .map_err(|why| fail(Exit::Failed, &format_args!("the state {shown}: {why}")))?;
        let octets = match read(&path) {
            Ok(octets) => octets,
            Err(why) if why.kind() == io::ErrorKind::NotFound && folder(&path).is_dir() => {
                tracing::info!("no state at {shown} yet: memory begins anew");
                return Ok(Place { path, damaged, held });
            }
            Err(why) => {
                return Err(fail(Exit::Failed, &format_args!("the state {shown}: {why}")));
            }
        };
        match detector.restore(&octets) {
            Ok(restored) => tracing::info!(
                names = restored.names,
                uses = restored.uses,
                "memory goes on from the state at {shown}"
            ),
            Err(_) if octets.is_empty() => {
                tracing::info!("the state at {shown} is empty: memory begins anew");
            }
            Err(error @ StateError { fault: StateFault::Foreign, .. }) => {
                let why = format_args!("{shown}: {error}; name another file for --state");
                return Err(fail(Exit::Usage, &why));
            }
            Err(error) => {
                set_aside(&path, error);
                damaged = 1;
            }
        }
        Ok(Place { path, damaged, held })
    }

    /// Whether it is that file.
    pub(crate) fn is(&self, other: &Path) -> bool {
        std::fs::canonicalize(other).is_ok_and(|other| other == self.path) || other == self.path
    }

    /// Begin to keep it: on a thread of its own, at most every `every`; without a time, only at the
    /// end.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn keep(self, every: Option<Duration>) -> io::Result<Keeper> {
        let counts = Arc::new(Counts { damaged: self.damaged, ..Counts::default() });
        let (to, states) = sync_channel(1);
        let writer = Writer {
            path: self.path,
            counts: Arc::clone(&counts),
            failing: false,
            _held: self.held,
        };
        let thread =
            std::thread::Builder::new().name("state".into()).spawn(move || writer.work(&states))?;
        let every = every.map(|every| every.checked_sub(AHEAD).unwrap_or_default());
        Ok(Keeper { every, last: None, to, thread, counts })
    }
}

/// Hands states over to be written.
pub(crate) struct Keeper {
    every: Option<Duration>,
    /// When one was handed over last.
    last: Option<Instant>,
    to: SyncSender<State>,
    thread: JoinHandle<bool>,
    counts: Arc<Counts>,
}

/// How it fares.
#[derive(Default)]
struct Counts {
    damaged: u64,
    written: AtomicU64,
    failed: AtomicU64,
}

impl Keeper {
    /// Write a state, if the last one is old enough. `take` is called only then; while the disk is
    /// still busy with the last one, this one is left out.
    pub(crate) fn keep(&mut self, take: impl FnOnce() -> State) {
        let Some(every) = self.every else { return };
        if self.last.is_none_or(|last| last.elapsed() >= every) {
            self.last = Some(Instant::now());
            let _ = self.to.try_send(take());
        }
    }

    /// Write the last state and wait until it is there. False: it is not.
    fn finish(self, last: Option<State>) -> (bool, [(&'static str, u64); 3]) {
        if let Some(last) = last {
            let _ = self.to.send(last);
        }
        drop(self.to);
        let written = self.thread.join().unwrap_or(false);
        (written, self.counts.told())
    }

    /// Counts for the health record.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 3] {
        self.counts.told()
    }
}

impl Counts {
    fn told(&self) -> [(&'static str, u64); 3] {
        [
            ("state_written", self.written.load(Ordering::Relaxed)),
            ("state_write_failed", self.failed.load(Ordering::Relaxed)),
            ("state_damaged", self.damaged),
        ]
    }
}

struct Writer {
    path: PathBuf,
    counts: Arc<Counts>,
    /// The last one was not written: told once, until one is again.
    failing: bool,
    /// The file that was written last, else the one that was taken up.
    _held: Option<File>,
}

impl Writer {
    /// Write what comes; whether the last one, if any, was written.
    fn work(mut self, states: &Receiver<State>) -> bool {
        while let Ok(state) = states.recv() {
            match write(&self.path, &state.seal()) {
                Ok(file) => {
                    self._held = Some(file);
                    self.counts.written.fetch_add(1, Ordering::Relaxed);
                    if std::mem::take(&mut self.failing) {
                        tracing::info!("the state {} is written again", self.path.display());
                    }
                }
                Err(why) => {
                    self.counts.failed.fetch_add(1, Ordering::Relaxed);
                    if !std::mem::replace(&mut self.failing, true) {
                        tell(format_args!(
                            "rmmwatch: the state {} cannot be written: {why}; what is remembered \
                             would not outlive a restart",
                            self.path.display()
                        ));
                    }
                }
            }
        }
        !self.failing
    }
}

/// Hold the file, if there is one, against another sensor, which would replace it by what it
/// remembers itself. A file system without locks holds nothing.
fn hold(path: &Path) -> io::Result<Option<File>> {
    // A pipe would be waited for.
    if !path.metadata().is_ok_and(|about| about.is_file()) {
        return Ok(None);
    }
    let Ok(file) = File::open(path) else { return Ok(None) };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err(io::Error::other("another sensor keeps it; name another file for --state"))
        }
        _ => Ok(Some(file)),
    }
}

/// Whether a state could be kept there: it is one or none, and its folder can be written.
///
/// # Errors
/// Why not.
pub(crate) fn try_out(path: &Path) -> io::Result<()> {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match read(&path) {
        Ok(octets) => {
            let blank = || Detector::new(detect::Policy::deny_by_default(), &Default::default());
            if !octets.is_empty()
                && let Err(why) = blank().restore(&octets)
            {
                return Err(io::Error::other(why));
            }
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound => {}
        Err(why) => return Err(why),
    }
    let tried = beside(&path, &format!(".check-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&tried)?;
    std::fs::remove_file(&tried)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe would be waited for, and a device is none of ours.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut octets = Vec::new();
    File::open(path)?.take(STATE_FILE_BYTES_MAX + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > STATE_FILE_BYTES_MAX {
        let most = STATE_FILE_BYTES_MAX >> 20;
        return Err(io::Error::other(format!("it is larger than {most} MiB")));
    }
    Ok(octets)
}

/// Keep a state that cannot be read for who wants to look at it, and out of the way.
fn set_aside(path: &Path, error: StateError) {
    let ending = if matches!(error.fault, StateFault::Newer(_)) { ".newer" } else { ".damaged" };
    let aside = beside(path, ending);
    let shown = path.display();
    match std::fs::rename(path, &aside) {
        Ok(()) => tell(format_args!(
            "rmmwatch: the state {shown} cannot be used: {error}; it is {} now, and memory begins \
             anew",
            aside.display()
        )),
        Err(why) => tell(format_args!(
            "rmmwatch: the state {shown} cannot be used: {error}, nor renamed: {why}; memory \
             begins anew"
        )),
    }
}

/// Put the octets in the place of the file at once: whoever reads it, after a crash too, finds the
/// old ones or the new ones, whole. The answer holds it against another sensor.
fn write(path: &Path, octets: &[u8]) -> io::Result<File> {
    let new = beside(path, ".new");
    // One that a killed process left, or a stranger's link: neither is written into.
    match std::fs::remove_file(&new) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        // Nobody else has it yet, so that a refusal says that there are no locks here.
        let _ = file.try_lock();
        file.write_all(octets)?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        Ok(file)
    })();
    if written.is_err() {
        // The disk may be full: what was written of it is in the way.
        let _ = std::fs::remove_file(&new);
        return written;
    }
    File::open(folder(path))?.sync_all()?;
    written
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn detector() -> Detector {
        Detector::new(detect::Policy::deny_by_default(), &detect::Limits::default())
    }

    #[test]
    fn a_write_replaces_the_whole_file_and_is_for_its_owner() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("state");
        let left = folder.path().join("state.new");
        std::os::unix::fs::symlink("/dev/full", &left).expect("a link");
        for octets in [&b"one"[..], b"another"] {
            write(&path, octets).expect("written");
            assert_eq!(std::fs::read(&path).expect("there"), octets);
            assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, 0o600);
            assert!(!left.exists());
        }
        assert!(write(&folder.path().join("none/state"), b"x").is_err());
    }

    #[test]
    fn the_flag_goes_before_the_settings() {
        let set = config::State { path: Some("set".into()), ..config::State::default() };
        assert_eq!(of_run(Some(Path::new("flag")), &set), Some("flag".into()));
        assert_eq!(of_run(None, &set), Some("set".into()));
    }

    #[test]
    fn states_are_kept_as_often_as_asked_and_at_the_end() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("state");
        let place = Place::take_up(&path, &mut detector()).expect("none yet");
        assert!(place.is(&path) && !place.is(folder.path()));
        let mut keeper = place.keep(Some(Duration::from_secs(3600))).expect("a thread");
        keeper.keep(|| detector().state());
        keeper.keep(|| panic!("too early"));
        let (written, counts) = keeper.finish(Some(detector().state()));
        let told = [("state_written", 2), ("state_write_failed", 0), ("state_damaged", 0)];
        assert_eq!((written, counts), (true, told));
        let place = Place::take_up(&path, &mut detector()).expect("one");
        assert!(Place::take_up(&path, &mut detector()).is_err(), "two sensors, one state");
        assert!(try_out(&path).is_ok() && try_out(&folder.path().join("none/state")).is_err());
        let mut keeper = place.keep(None).expect("a thread");
        keeper.keep(|| panic!("only at the end"));
        std::fs::remove_dir_all(folder.path()).expect("the disk is gone");
        let (written, counts) = keeper.finish(Some(detector().state()));
        assert_eq!((written, counts[1]), (false, ("state_write_failed", 1)));
    }
}
