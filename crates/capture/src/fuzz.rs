//! Fuzz bodies: whatever the octets, these must hold.

use model::Frame;

use crate::limits::FRAME_MAX;
use crate::report::ReplayReport;
use crate::ring::{self, Numbering};
use crate::run::RUN_MAX;
use crate::timeline::Timeline;
use crate::unpack::Packing;

/// A frame, kept.
type Kept = (u64, u64, u16, Vec<u8>, u32);

/// Any octets, read as a capture: bounded frames in order, and the same ones however few octets
/// come at a time.
///
/// # Panics
/// When that does not hold.
pub fn reader(octets: &[u8]) {
    let whole = read(octets, usize::MAX);
    // Deep files of tiny steps would be slow, not wrong.
    let step = if octets.len() > 4096 { 509 } else { 3 };
    let slow = read(octets, step);
    let damaged = !whole.1.damaged.is_empty() || !slow.1.damaged.is_empty();
    if Packing::of(octets).is_some() && damaged {
        // How much of a broken block comes out depends on how much of it went in at once.
        let both = whole.0.len().min(slow.0.len());
        assert_eq!(whole.0.get(..both), slow.0.get(..both), "a broken end changes no beginning");
    } else {
        assert_eq!(whole, slow, "the size of a read must not matter");
    }
    for (place, frame) in whole.0.iter().enumerate() {
        assert_eq!(frame.0, 2 * place as u64 + 1, "orders count frames");
        assert!(frame.3.len() <= FRAME_MAX, "a frame is bounded");
        assert!(frame.4 as usize >= frame.3.len(), "the wire had at least what was kept");
    }
    let file_counts: u64 = whole.1.files.iter().map(|file| file.frames).sum();
    assert_eq!(file_counts, whole.0.len() as u64, "every frame is counted");
    assert!(whole.1.bytes_read <= whole.1.bytes_total, "no octet is read twice");
}

/// Any octets, read as a block of the kernel's ring: bounded runs of frames that lie in it.
///
/// # Panics
/// When that does not hold.
pub fn block(octets: &[u8]) {
    let (mut block, mut lent, mut frames, mut sum) = (octets.to_vec(), 0, 0, 0);
    ring::lend(&mut block, &mut lent, Numbering { lanes: 1, lane: 0 }, &mut |run| {
        assert!(!run.is_empty() && run.len() <= RUN_MAX, "runs are bounded");
        frames += run.len();
        sum += run.iter().map(|frame| frame.bytes.len()).sum::<usize>();
    });
    assert!(sum <= octets.len(), "no octet is lent twice");
    assert!(frames <= octets.len(), "each frame takes a header");
    assert_eq!(lent, frames as u64, "every frame is counted");
}

/// All frames of a capture, and its report.
#[allow(clippy::expect_used, reason = "octets at hand cannot fail to be read")]
fn read(octets: &[u8], step: usize) -> (Vec<Kept>, ReplayReport) {
    let mut timeline = Timeline::of_octets(octets, step).expect("octets at hand are readable");
    let mut kept = Vec::new();
    let mut each = |frames: &[Frame<'_>]| {
        assert!(!frames.is_empty() && frames.len() <= RUN_MAX, "runs are bounded");
        kept.extend(frames.iter().map(|frame| {
            (frame.order, frame.at.nanos(), frame.link.0, frame.bytes.to_vec(), frame.orig_len)
        }));
    };
    while timeline.read(&mut each).expect("octets at hand are readable") {}
    (kept, timeline.report().clone())
}
