//! A moment on the wire. There is no clock in the core: time comes in with the packets.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01T00:00:00 UTC, up to the year 2554; later moments saturate.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Timestamp(u64);

impl Timestamp {
    /// 1970-01-01T00:00:00 UTC.
    pub const ZERO: Timestamp = Timestamp(0);
    /// The last moment that can be told.
    pub const MAX: Timestamp = Timestamp(u64::MAX);

    /// The moment `nanos` nanoseconds after 1970.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Timestamp {
        Timestamp(nanos)
    }

    /// The moment `secs` seconds and `nanos` nanoseconds after 1970; saturates at [`Self::MAX`].
    #[must_use]
    pub const fn from_secs(secs: u64, nanos: u64) -> Timestamp {
        Timestamp(secs.saturating_mul(1_000_000_000).saturating_add(nanos))
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn secs(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The moment `wait` later; saturates at [`Self::MAX`].
    #[must_use]
    pub fn after(self, wait: Duration) -> Timestamp {
        let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        Timestamp(self.0.saturating_add(nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_saturate_and_never_run_backwards() {
        let early = Timestamp::from_secs(10, 5);
        let late = Timestamp::from_secs(12, 0);
        assert_eq!(late.since(early), Duration::from_nanos(1_999_999_995));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(Timestamp::from_secs(u64::MAX, 0), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.after(Duration::MAX), Timestamp::MAX);
        assert_eq!(late.secs(), 12);
    }
}
