//! A thread kept on one CPU, so that its tables stay in that CPU's caches.

use std::io;

use rustix::thread::{CpuSet, sched_setaffinity};

/// Keep the thread that calls on that CPU.
///
/// # Errors
/// There is no such CPU, or the system does not let us use it.
pub fn pin(cpu: usize) -> io::Result<()> {
    if cpu >= CpuSet::MAX_CPU {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut set = CpuSet::new();
    set.set(cpu);
    Ok(sched_setaffinity(None, &set)?)
}
