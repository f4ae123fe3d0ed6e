//! Kernel-side relief: packets of flows of which nothing more is wanted are counted in the kernel
//! and dropped before they are copied.
//!
//! A filter of eBPF ([`program`]) looks each frame's flow up in a map. Who has the frames tells
//! which flows those are ([`Relief::drop_rest`]), when one is over ([`Relief::over`]) and how far
//! frames have been seen ([`Relief::seen`]), and asks each second for what was counted
//! ([`Relief::counts`]). What begins or ends a connection always passes, and so does all that is
//! not plain: the program says what.
//!
//! A flow that a span port shows both plain and in a tunnel is counted on both ways: of the copies
//! in the tunnel the program knows nothing.

mod assembler;
#[cfg(test)]
mod interpreter;
mod lane;
mod layout;
mod maps;
mod program;
#[cfg(test)]
mod tests;

use std::os::fd::AsFd;
use std::sync::Arc;

use model::{Flow, ReliefCounts, Timestamp, Volume};
use thiserror::Error;

use crate::kernel;
use crate::limits::RELIEF_FLOWS;
use lane::Lane;
use maps::Kernel;

/// Why there is no relief. Capturing goes on without.
#[derive(Debug, Error)]
pub enum ReliefError {
    /// The system does not let us.
    #[error(
        "no permission to load a filter into the kernel: run as root, or give the program the \
         right once with `setcap cap_net_raw,cap_bpf=ep PROGRAM` (CAP_BPF; before Linux 5.8 \
         CAP_SYS_ADMIN); the system says: {why}"
    )]
    NoPermission {
        /// The system's reason.
        why: String,
    },
    /// The kernel has no eBPF, or not enough of it.
    #[error("the kernel does not take the filter (Linux 4.18 or later would): {why}")]
    Refused {
        /// The system's reason, and the last words of the kernel's verifier.
        why: String,
    },
}

/// One lane's share of the relief of an interface.
pub struct Relief {
    lane: Lane<Arc<Kernel>>,
}

impl Relief {
    /// Load the filter, for the lanes of one interface that share it. `snap_len` is how many octets
    /// a socket keeps of a frame that passes.
    ///
    /// # Errors
    /// The kernel does not let us, or is too old.
    pub fn open(lanes: usize, snap_len: u32) -> Result<Vec<Relief>, ReliefError> {
        let kernel = Arc::new(Kernel::load(snap_len)?);
        let lanes = u32::try_from(lanes).unwrap_or(u32::MAX).clamp(1, RELIEF_FLOWS);
        let most = RELIEF_FLOWS / lanes;
        let lane = |number| Lane::new(Arc::clone(&kernel), number * most, most);
        Ok((0..lanes).map(|number| Relief { lane: lane(number) }).collect())
    }

    /// From now on, the filter decides what reaches this packet socket, in the place of any other.
    ///
    /// # Errors
    /// It is no socket, or its filter is locked.
    pub fn attach(&self, socket: impl AsFd) -> Result<(), ReliefError> {
        let program = self.lane.maps().program();
        kernel::attach_filter(socket.as_fd(), program)
            .map_err(|error| ReliefError::Refused { why: error.to_string() })
    }

    /// Nothing more is wanted of this flow: drop its packets and count them. The first are dropped
    /// when [`Relief::seen`] tells that all frames from before were seen.
    pub fn drop_rest(&mut self, flow: &Flow) {
        self.lane.drop_rest(flow);
    }

    /// A flow ended. What is yet to be counted of it is told by the next [`Relief::counts`].
    pub fn over(&mut self, flow: &Flow) {
        self.lane.over(flow);
    }

    /// All frames that came up to this moment were seen, and what they say was told by
    /// [`Relief::drop_rest`] and [`Relief::over`]. A lane whose ring is empty says what time it is.
    pub fn seen(&mut self, at: Timestamp) {
        self.lane.seen(at);
    }

    /// Tell of each flow what came since last asked: what its client sent, what its server sent,
    /// and when the last packet came. To be asked each second, before time passes for whoever
    /// follows the flows, so that they do not seem silent.
    pub fn counts(&mut self, each: &mut dyn FnMut(&Flow, [Volume; 2], Timestamp)) {
        self.lane.counts(each);
    }

    /// What this lane's relief did so far.
    #[must_use]
    pub fn so_far(&self) -> ReliefCounts {
        self.lane.so_far()
    }
}
