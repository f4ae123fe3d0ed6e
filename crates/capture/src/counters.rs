//! The kernel's 32-bit counters, widened: at ten million packets a second they wrap in minutes.

use model::KernelCounts;

/// One counter.
#[derive(Clone, Copy, Default, Debug)]
struct Wide {
    last: u32,
    total: u64,
}

impl Wide {
    /// The counter reads `now`. It must be asked at least once in 2^31 events.
    fn read(&mut self, now: u32) -> u64 {
        let more = now.wrapping_sub(self.last);
        self.last = now;
        // A step back is a driver that began anew, not four thousand million packets.
        if more < 1 << 31 {
            self.total = self.total.saturating_add(u64::from(more));
        }
        self.total
    }
}

/// All counters of a capture.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Counters {
    received: Wide,
    dropped: Wide,
    interface_dropped: Wide,
}

impl Counters {
    /// The kernel's counters read so much now.
    pub(crate) fn read(&mut self, received: u32, dropped: u32, if_dropped: u32) -> KernelCounts {
        KernelCounts {
            received: self.received.read(received),
            dropped: self.dropped.read(dropped),
            interface_dropped: self.interface_dropped.read(if_dropped),
        }
    }

    /// What they read last.
    pub(crate) fn last(&self) -> KernelCounts {
        KernelCounts {
            received: self.received.total,
            dropped: self.dropped.total,
            interface_dropped: self.interface_dropped.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_wrap_and_the_sum_does_not() {
        let mut counters = Counters::default();
        for (now, total) in [
            (0, 0u64),
            (10, 10),
            (10, 10),
            (u32::MAX / 2, 0x7fff_ffff),
            (u32::MAX - 1, 0xffff_fffe),
            (u32::MAX, 0xffff_ffff),
            (4, 0x1_0000_0004),
            (3, 0x1_0000_0004),
            (5, 0x1_0000_0006),
        ] {
            let counts = counters.read(now, 0, now);
            assert_eq!((counts.received, counts.dropped), (total, 0), "at {now}");
            assert_eq!(counts.interface_dropped, total);
            assert_eq!(counters.last(), counts);
        }
    }
}
