//! Frames of an interface through libpcap: where the kernel gives us no ring of our own, or frames
//! are not those of Ethernet.
//!
//! Immediate mode is off: with it the kernel wakes us for each packet, at twenty times the cost.
//! The handle never blocks: with a ring of blocks a blocking read never times out on a silent
//! link, so we wait with poll(2) and then take what is there.

use std::time::{Duration, Instant};

use model::{Frame, KernelCounts, LinkType, Timestamp};
use pcap::{Active, Capture, Device, Precision};
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::bpf::reason;
use crate::counters::Counters;
use crate::error::CaptureError;
use crate::limits::{FRAME_MAX, FRAMES_PER_POLL};
use crate::live::LiveOptions;
use crate::ring::Numbering;

/// How often a silent interface is asked whether it is still up.
///
/// With some versions libpcap says nothing when it goes down, and a blind sensor must not look
/// like a quiet network.
const UP_CHECK: Duration = Duration::from_secs(1);

/// A handle of libpcap.
pub(crate) struct Handle {
    name: String,
    handle: Capture<Active>,
    link: LinkType,
    /// Frames lent so far.
    pub(crate) lent: u64,
    numbering: Numbering,
    /// Why the interface does not show frames that are meant for others, where it was asked to.
    pub(crate) own_only: Option<String>,
    counters: Counters,
    /// When it was last known to be up.
    up_at: Instant,
}

impl Handle {
    /// Open one.
    pub(crate) fn open(
        options: &LiveOptions,
        numbering: Numbering,
    ) -> Result<Handle, CaptureError> {
        let name = &options.interface;
        let mut own_only = None;
        let handle = match activate(options, options.promiscuous) {
            // Some interfaces, `any` among them, cannot be promiscuous; libpcap only warns.
            Err(why) if options.promiscuous && why.contains("romiscuous") => {
                own_only = Some(why);
                activate(options, false)
            }
            done => done,
        };
        let handle = handle.map_err(|why| refusal(name, why))?;
        if options.promiscuous && name == "any" {
            // Not all versions of libpcap warn (pcap_open_live(3) says that it is so).
            own_only.get_or_insert_with(|| "`any` cannot be promiscuous".to_owned());
        }
        let failed = |error| CaptureError::Interface { name: name.clone(), why: reason(error) };
        let mut handle = handle.setnonblock().map_err(failed)?;
        if let Some(filter) = options.filter() {
            handle.filter(filter, true).map_err(|error| CaptureError::Filter {
                filter: filter.to_owned(),
                why: reason(error),
            })?;
        }
        // A handle's numbers are those of files, but for raw IP, which the model knows as both.
        let link = LinkType(u16::try_from(handle.get_datalink().0).unwrap_or(u16::MAX));
        let counters = Counters::default();
        let (name, up_at) = (name.clone(), Instant::now());
        Ok(Handle { name, handle, link, lent: 0, numbering, own_only, counters, up_at })
    }

    /// Wait at most `wait` for frames and lend those that are there. A frame is lent out of the
    /// ring, a run of one: libpcap says where the next lies only when the last was taken.
    pub(crate) fn poll(
        &mut self,
        wait: Duration,
        each: &mut dyn FnMut(&[Frame<'_>]),
    ) -> Result<usize, CaptureError> {
        let mut lent = self.take(each)?;
        if lent == 0 && self.wait(wait)? {
            lent = self.take(each)?;
        }
        if lent > 0 {
            self.up_at = Instant::now();
        } else if self.up_at.elapsed() >= UP_CHECK {
            if is_down(&self.name) {
                return Err(self.lost("it is down".to_owned()));
            }
            self.up_at = Instant::now();
        }
        Ok(lent)
    }

    /// What the kernel counted so far. Must be asked at least once in 2^31 packets.
    pub(crate) fn counts(&mut self) -> KernelCounts {
        match self.handle.stats() {
            Ok(now) => self.counters.read(now.received, now.dropped, now.if_dropped),
            Err(_) => self.counters.last(),
        }
    }

    /// What the first octets of its frames are.
    pub(crate) fn link(&self) -> LinkType {
        self.link
    }

    /// Lend what is there.
    fn take(&mut self, each: &mut dyn FnMut(&[Frame<'_>])) -> Result<usize, CaptureError> {
        let Handle { handle, link, lent, numbering, .. } = self;
        let taken = handle.dispatch(Some(FRAMES_PER_POLL), |packet| {
            let header = packet.header;
            // With nanosecond precision the field of microseconds holds nanoseconds.
            let secs = u64::try_from(header.ts.tv_sec).unwrap_or(0);
            let nanos = u64::try_from(header.ts.tv_usec).unwrap_or(0);
            each(&[Frame {
                at: Timestamp::from_secs(secs, nanos),
                order: numbering.order(*lent),
                link: *link,
                bytes: packet.data,
                orig_len: header.len.max(header.caplen),
            }]);
            *lent += 1;
        });
        taken.map_err(|error| self.lost(reason(error)))
    }

    /// Wait until there may be frames; false when there are none yet.
    fn wait(&self, wait: Duration) -> Result<bool, CaptureError> {
        let timeout = Timespec::try_from(wait).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        let mut ready = [PollFd::new(&self.handle, PollFlags::IN)];
        match rustix::event::poll(&mut ready, Some(&timeout)) {
            Ok(count) => Ok(count > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(self.lost(error.to_string())),
        }
    }

    fn lost(&self, why: String) -> CaptureError {
        CaptureError::InterfaceLost { name: self.name.clone(), why }
    }
}

/// Open a handle; libpcap's reason when it cannot be.
fn activate(options: &LiveOptions, promiscuous: bool) -> Result<Capture<Active>, String> {
    let snap_len = options.snap_len.clamp(64, FRAME_MAX as u32);
    Capture::from_device(options.interface.as_str())
        .map_err(reason)?
        .promisc(promiscuous)
        .immediate_mode(false)
        .timeout(i32::try_from(options.block_wait_ms).unwrap_or(i32::MAX))
        .snaplen(i32::try_from(snap_len).unwrap_or(i32::MAX))
        .buffer_size(i32::try_from(options.ring_bytes).unwrap_or(i32::MAX))
        .precision(Precision::Nano)
        .open()
        .map_err(reason)
}

/// Whether an interface is known to be down.
fn is_down(name: &str) -> bool {
    let devices = Device::list().unwrap_or_default();
    devices.iter().any(|device| device.name == name && !device.flags.is_up())
}

/// libpcap's reason not to open an interface, as our error.
fn refusal(name: &str, why: String) -> CaptureError {
    let name = name.to_owned();
    let lower = why.to_lowercase();
    let forbidden = ["permission", "not permitted", "cap_net"];
    if forbidden.iter().any(|word| lower.contains(word)) {
        return CaptureError::NoPermission { name, why };
    }
    CaptureError::Interface { name, why }
}
