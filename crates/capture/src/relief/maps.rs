//! The maps and the program in the kernel.

use std::ffi::CStr;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use model::Timestamp;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::ReliefError;
use super::lane::{Clocks, Maps};
use super::layout::{COUNTERS_OCTETS, Counters, ENTRY_OCTETS, Entry, KEY_OCTETS, Key};
use super::program::{Setting, TWINS, program};
use crate::kernel::{Map, MapKind, load_filter};
use crate::limits::{RELIEF_BATCH, RELIEF_FLOWS};

/// What the filter's code may be used under. Ours is MIT, or Apache 2.0 by choice; kernels before
/// 5.8 lend their clock only to programs that name the GPL too.
const LICENCE: &CStr = c"Dual MIT/GPL";

/// Octets of what the verifier says.
const LOG_OCTETS: usize = 64 << 10;

/// What the lanes of one interface share.
pub(super) struct Kernel {
    flows: Map,
    counters: Map,
    /// The program's own memory, as long as it lives.
    _twins: Map,
    program: OwnedFd,
    generations: AtomicU64,
    /// Whether the kernel reads an array in one call.
    at_once: AtomicBool,
}

impl Kernel {
    /// Make the maps and load the program.
    pub(super) fn load(snap_len: u32) -> Result<Kernel, ReliefError> {
        let map = |kind, key, value, entries| {
            match Map::new(kind, key, value, entries) {
                // Before Linux 5.11 maps count as locked memory, of which 64 KiB are allowed.
                Err(error) if error.raw_os_error() == Some(libc::EPERM) && lock_more() => {
                    Map::new(kind, key, value, entries)
                }
                made => made,
            }
            .map_err(|error| refusal(&error, &[]))
        };
        let number = size_of::<u32>();
        let flows = map(MapKind::Hash, KEY_OCTETS, ENTRY_OCTETS, RELIEF_FLOWS)?;
        let counters = map(MapKind::Array, number, COUNTERS_OCTETS, RELIEF_FLOWS)?;
        let twins = map(MapKind::Array, number, size_of::<u64>(), TWINS)?;
        let setting = Setting {
            flows: flows.descriptor(),
            counters: counters.descriptor(),
            twins: twins.descriptor(),
            snap_len,
            // Its seed is random.
            key: RandomState::new().hash_one(snap_len),
        };
        let code = program(&setting).unwrap_or_default();
        let code: Vec<[u8; 8]> = code.into_iter().map(|one| one.octets()).collect();
        let program = load_filter(&code, LICENCE, &mut []).map_err(|error| {
            // Once more, for its reason.
            let mut log = vec![0; LOG_OCTETS];
            let _ = load_filter(&code, LICENCE, &mut log);
            refusal(&error, &log)
        })?;
        Ok(Kernel {
            flows,
            counters,
            _twins: twins,
            program,
            generations: AtomicU64::new(1),
            at_once: AtomicBool::new(true),
        })
    }

    pub(super) fn program(&self) -> BorrowedFd<'_> {
        self.program.as_fd()
    }

    /// Read counters one by one, as kernels before 5.6 want it.
    fn read_each(&self, first: u32, most: u32) -> Vec<Counters> {
        let mut octets = [0; COUNTERS_OCTETS];
        let one = |number: u32| {
            let found = self.counters.look_up(&number.to_ne_bytes(), &mut octets);
            found.ok().filter(|found| *found).map(|_| Counters::read(&octets))
        };
        (first..first.saturating_add(most)).map_while(one).collect()
    }
}

impl Maps for Arc<Kernel> {
    fn put(&self, key: &Key, entry: Entry) -> bool {
        self.flows.put(&key.0, &entry.octets()).is_ok()
    }

    fn remove(&self, key: &Key) {
        // It is there or it is not; and a map has no other reason to refuse.
        let _ = self.flows.remove(&key.0);
    }

    fn read(&self, first: u32, most: u32) -> Vec<Counters> {
        let most = most.min(RELIEF_BATCH);
        if self.at_once.load(Ordering::Relaxed) {
            let mut octets = vec![0; most as usize * COUNTERS_OCTETS];
            if let Ok(count) = self.counters.look_up_many(first, &mut octets) {
                let (each, _) = octets.as_chunks();
                return each.iter().take(count).map(Counters::read).collect();
            }
            self.at_once.store(false, Ordering::Relaxed);
        }
        self.read_each(first, most)
    }

    fn generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed)
    }

    fn clocks(&self) -> Clocks {
        let nanos = |clock| {
            let now = clock_gettime(clock);
            let secs = u64::try_from(now.tv_sec).unwrap_or(0);
            Timestamp::from_secs(secs, u64::try_from(now.tv_nsec).unwrap_or(0))
        };
        let monotonic = nanos(ClockId::Monotonic).nanos();
        Clocks { wall: nanos(ClockId::Realtime), monotonic }
    }
}

/// Let us lock as much memory as the system allows; whether that is more than before.
fn lock_more() -> bool {
    let now = getrlimit(Resource::Memlock);
    let all = Rlimit { current: None, maximum: None };
    let ours = Rlimit { current: now.maximum, maximum: now.maximum };
    now.current.is_some()
        && (setrlimit(Resource::Memlock, all).is_ok()
            || now.current != now.maximum && setrlimit(Resource::Memlock, ours).is_ok())
}

/// The kernel's reason, as our error.
fn refusal(error: &io::Error, log: &[u8]) -> ReliefError {
    if let Some(libc::EPERM | libc::EACCES) = error.raw_os_error()
        && log.iter().all(|octet| *octet == 0)
    {
        return ReliefError::NoPermission { why: error.to_string() };
    }
    let said = log.split(|octet| *octet == 0).next().unwrap_or_default();
    let said = String::from_utf8_lossy(said);
    // The verifier's last line tells how much it looked at, the one before why it stopped.
    let line = said.lines().rfind(|line| !line.starts_with("processed ") && !line.is_empty());
    let why = match line {
        Some(line) => format!("{error}: {line}"),
        None => error.to_string(),
    };
    ReliefError::Refused { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_read_at_once_are_those_read_one_by_one() {
        let kernel = match Kernel::load(9000) {
            Ok(kernel) => Arc::new(kernel),
            Err(why @ ReliefError::NoPermission { .. }) => {
                println!("skipped: {why}");
                return;
            }
            Err(why) => panic!("{why}"),
        };
        for number in 0..RELIEF_FLOWS {
            let mut octets = [0; COUNTERS_OCTETS];
            octets[..4].copy_from_slice(&number.to_ne_bytes());
            kernel.counters.put(&number.to_ne_bytes(), &octets).unwrap();
        }
        for (first, most, want) in [
            (0, 5, 5),
            (7, 1, 1),
            (1000, 70_000, RELIEF_BATCH),
            (RELIEF_FLOWS - 3, 10, 3),
            (RELIEF_FLOWS - 1, 1, 1),
        ] {
            kernel.at_once.store(true, Ordering::Relaxed);
            let at_once = kernel.read(first, most);
            kernel.at_once.store(false, Ordering::Relaxed);
            assert_eq!(at_once, kernel.read(first, most), "{first} {most}");
            let numbers: Vec<u64> = at_once.iter().map(|one| one.volumes[0][0]).collect();
            let expected: Vec<u64> = (first..first + want).map(u64::from).collect();
            assert_eq!(numbers, expected, "{first} {most}");
        }
    }
}
