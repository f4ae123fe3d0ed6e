//! Frames of an interface, lent out of the kernel's rings: one lane or several, each for a thread of
//! its own.
//!
//! Ethernet is read through rings of ours (`ring.rs`, `fanout.rs`), all else through libpcap
//! (`fallback.rs`), which also compiles filters and lists interfaces.

use std::fs;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use model::{Frame, KernelCounts, LinkType};
use pcap::Device;

use crate::bpf::{check_filter, compiled_on};
use crate::error::CaptureError;
use crate::fallback::Handle;
use crate::fanout::Rings;
use crate::interface::{device, driver_drops, is_ethernet};
use crate::kernel::RingLayout;
use crate::limits::{BLOCK_OCTETS, BLOCK_WAIT_MS, BLOCKS_MIN, FRAME_MAX, RING_OCTETS};
use crate::ring::{Numbering, Ring};

/// How to capture on an interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveOptions {
    /// Its name; `any` is all of them.
    pub interface: String,
    /// Octets of the kernel's ring, of each lane.
    pub ring_bytes: u32,
    /// Octets of one of its blocks; a power of two, of whole pages.
    pub block_bytes: u32,
    /// Milliseconds after which the kernel gives a block that is not full.
    pub block_wait_ms: u32,
    /// Octets kept of a frame.
    pub snap_len: u32,
    /// A capture filter (pcap-filter(7)).
    pub filter: Option<String>,
    /// Whether frames for others are asked of the interface.
    pub promiscuous: bool,
}

impl LiveOptions {
    /// Everything that `interface` sees, whole.
    #[must_use]
    pub fn new(interface: &str) -> LiveOptions {
        LiveOptions {
            interface: interface.to_owned(),
            ring_bytes: RING_OCTETS,
            block_bytes: BLOCK_OCTETS,
            block_wait_ms: BLOCK_WAIT_MS,
            snap_len: FRAME_MAX as u32,
            filter: None,
            promiscuous: true,
        }
    }

    /// The filter, if it holds anything back.
    pub(crate) fn filter(&self) -> Option<&str> {
        self.filter.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    fn layout(&self) -> RingLayout {
        let blocks = (self.ring_bytes / self.block_bytes.max(1)).max(BLOCKS_MIN);
        let (block, blocks) = (self.block_bytes as usize, blocks as usize);
        RingLayout { block, blocks, wait_ms: self.block_wait_ms }
    }
}

/// One lane of a capture on an interface.
pub struct Live {
    name: String,
    source: Source,
    /// What went before, where the interface was opened anew.
    before: KernelCounts,
    counts: KernelCounts,
    /// Frames lent by those.
    lent_before: u64,
    /// What the driver had dropped when we began; `None`: another lane tells it.
    drops_before: Option<u64>,
    /// Why it is read through libpcap.
    fallback: Option<String>,
}

/// Where the frames of a lane come from.
enum Source {
    Ring(Ring),
    Handle(Box<Handle>),
}

impl Live {
    /// Begin to capture, alone.
    ///
    /// # Errors
    /// As [`Live::lanes`].
    pub fn open(options: &LiveOptions) -> Result<Live, CaptureError> {
        let mut lanes = Live::lanes(options, 1, (0, 1))?;
        lanes.pop().ok_or_else(|| lost(&options.interface, "it has no lane".to_owned()))
    }

    /// Begin to capture in `count` lanes, each of which sees whole flows. They are the lanes from
    /// `first` on of `all` that number their frames together.
    ///
    /// Where there can be no rings it is one lane, through libpcap.
    ///
    /// # Errors
    /// No such interface, no permission, a filter that does not compile, or the system's reason.
    pub fn lanes(
        options: &LiveOptions,
        count: usize,
        (first, all): (usize, usize),
    ) -> Result<Vec<Live>, CaptureError> {
        let name = &options.interface;
        if let Some(filter) = options.filter() {
            check_filter(filter)?;
        }
        must_exist(name)?;
        let numbering = |lane: usize| Numbering { lanes: all.max(1) as u64, lane: lane as u64 };
        let numberings: Vec<_> = (first..first + count.max(1)).map(numbering).collect();
        let why = match rings(options, &numberings) {
            Ok(rings) => {
                let lane = |(number, ring)| Live {
                    drops_before: (number == 0).then(|| driver_drops(name)),
                    ..Live::new(name, Source::Ring(ring), None)
                };
                return Ok(rings.into_iter().enumerate().map(lane).collect());
            }
            Err(Refused::For(error)) => return Err(error),
            Err(Refused::Ring(why)) => why,
        };
        let handle = Handle::open(options, numbering(first))?;
        Ok(vec![Live::new(name, Source::Handle(Box::new(handle)), Some(why))])
    }

    fn new(name: &str, source: Source, fallback: Option<String>) -> Live {
        let (before, counts) = (KernelCounts::default(), KernelCounts::default());
        let name = name.to_owned();
        let (lent_before, drops_before) = (0, None);
        Live { name, source, before, counts, lent_before, drops_before, fallback }
    }

    /// Go on where another capture of the same lane ended: with its numbers and its counts. Frames
    /// that it did not lend yet count as dropped.
    pub fn follow(&mut self, other: &mut Live) {
        self.before = other.counts();
        self.before.dropped += other.left();
        let lent = match &other.source {
            Source::Ring(ring) => ring.lent,
            Source::Handle(handle) => handle.lent,
        };
        self.lent_before = lent;
        match &mut self.source {
            Source::Ring(ring) => ring.lent = lent,
            Source::Handle(handle) => handle.lent = lent,
        }
    }

    /// Wait at most `wait` for frames and lend those that are there, in runs of at most
    /// [`crate::RUN_MAX`].
    ///
    /// `Ok(0)`: silence, or a signal. Several thousand frames may be lent in one call, not many
    /// more. A ring stays silent while its interface is down, and for ever when it is gone:
    /// [`crate::Interface`] tells.
    ///
    /// # Errors
    /// The interface went down or away, as far as libpcap reads it; or the system's reason.
    pub fn poll(
        &mut self,
        wait: Duration,
        each: &mut dyn FnMut(&[Frame<'_>]),
    ) -> Result<usize, CaptureError> {
        match &mut self.source {
            Source::Ring(ring) => {
                ring.poll(wait, each).map_err(|why| lost(&self.name, why.to_string()))
            }
            Source::Handle(handle) => handle.poll(wait, each),
        }
    }

    /// Let no further frame in, in the place of any filter, so that those that came can be lent to
    /// the last one. False where that cannot be had: through libpcap.
    pub fn hush(&self) -> bool {
        match &self.source {
            Source::Ring(ring) => ring.hush().is_ok(),
            Source::Handle(_) => false,
        }
    }

    /// Frames that were in the ring when [`Live::counts`] was last asked and are not lent yet; 0
    /// where libpcap has them, which does not tell.
    #[must_use]
    pub fn left(&self) -> u64 {
        let Source::Ring(ring) = &self.source else { return 0 };
        let lent = ring.lent - self.lent_before;
        self.counts.received.saturating_sub(self.counts.dropped).saturating_sub(lent)
    }

    /// What the kernel counted so far. Must be asked at least once in 2^31 packets.
    pub fn counts(&mut self) -> KernelCounts {
        match &mut self.source {
            Source::Ring(ring) => {
                // Asking sets the kernel's counts to zero.
                if let Ok(more) = ring.take_counts() {
                    self.counts.received += u64::from(more.packets);
                    self.counts.dropped += u64::from(more.drops);
                }
                if let Some(before) = self.drops_before {
                    // Of an interface that is gone there is nothing to read any more.
                    let more = driver_drops(&self.name).saturating_sub(before);
                    self.counts.interface_dropped = self.counts.interface_dropped.max(more);
                }
            }
            Source::Handle(handle) => self.counts = handle.counts(),
        }
        let (mut sum, now) = (self.before, self.counts);
        sum.received += now.received;
        sum.dropped += now.dropped;
        sum.interface_dropped += now.interface_dropped;
        sum
    }

    /// What the first octets of its frames are.
    #[must_use]
    pub fn link(&self) -> LinkType {
        match &self.source {
            Source::Ring(_) => LinkType::ETHERNET,
            Source::Handle(handle) => handle.link(),
        }
    }

    /// Why it is read through libpcap; `None`: it has a ring of ours.
    #[must_use]
    pub fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    /// Why it does not see frames that are meant for others, although they were asked for.
    #[must_use]
    pub fn own_only(&self) -> Option<&str> {
        match &self.source {
            Source::Ring(ring) => ring.own_only.as_deref(),
            Source::Handle(handle) => handle.own_only.as_deref(),
        }
    }

    /// The socket of its ring, to which programs can be attached.
    #[must_use]
    pub fn socket(&self) -> Option<BorrowedFd<'_>> {
        match &self.source {
            Source::Ring(ring) => Some(ring.socket()),
            Source::Handle(_) => None,
        }
    }
}

/// Why there are no rings.
enum Refused {
    /// libpcap may do better.
    Ring(String),
    /// Nobody can do better.
    For(CaptureError),
}

/// Rings of an interface, one for each lane.
fn rings(options: &LiveOptions, lanes: &[Numbering]) -> Result<Vec<Ring>, Refused> {
    let name = &options.interface;
    let asked = std::os::unix::net::UnixDatagram::unbound();
    let device = asked.ok().and_then(|socket| device(&socket, name));
    let Some(device) = device.filter(|&device| is_ethernet(device, name)) else {
        return Err(Refused::Ring("it is not Ethernet".to_owned()));
    };
    if !device.up {
        let (name, why) = (name.clone(), "it is down".to_owned());
        return Err(Refused::For(CaptureError::Interface { name, why }));
    }
    let snap_len = options.snap_len.clamp(64, FRAME_MAX as u32);
    let filter = options.filter().map(|filter| compiled_on(name, filter, snap_len)).transpose();
    let filter = filter.map_err(Refused::Ring)?;
    let (layout, promiscuous) = (options.layout(), options.promiscuous);
    let rings = Rings { layout, filter, snap_len, promiscuous };
    rings.open(device, lanes).map_err(|why| match why.kind() {
        io::ErrorKind::PermissionDenied => {
            let (name, why) = (name.clone(), why.to_string());
            Refused::For(CaptureError::NoPermission { name, why })
        }
        _ => Refused::Ring(why.to_string()),
    })
}

fn lost(name: &str, why: String) -> CaptureError {
    CaptureError::InterfaceLost { name: name.to_owned(), why }
}

/// Whether there is such an interface; if it cannot be told, there is.
fn must_exist(name: &str) -> Result<(), CaptureError> {
    let Ok(devices) = Device::list() else {
        return Ok(());
    };
    let names: Vec<String> = devices.into_iter().map(|device| device.name).collect();
    if names.is_empty() || names.iter().any(|known| known == name) {
        return Ok(());
    }
    // libpcap also lists buses and log groups; where the system tells its network interfaces,
    // name those.
    let networks = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let is_network = |name: &&String| {
        networks.lines().any(|line| line.trim_start().starts_with(&format!("{name}:")))
    };
    let mut known: Vec<String> = names.iter().filter(is_network).cloned().collect();
    if known.is_empty() {
        known = names;
    }
    known.sort();
    Err(CaptureError::NoInterface { name: name.to_owned(), known: known.join(", ") })
}
