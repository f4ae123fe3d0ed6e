//! Which names that lie were seen here before, when first, and by how many hosts.

use std::net::IpAddr;

use model::Timestamp;

use super::prints::Prints;
use super::sightings::Sightings;
use crate::limits::{FIRST_HOSTS_MAX, LURE_COMMON_AFTER, LURE_FRESH, LURE_HOSTS_MAX, Limits};

/// Registered names by what is known of them here: those that lie, and those that might.
#[derive(Debug)]
pub(crate) struct Lures {
    pub(crate) seen: Sightings<FIRST_HOSTS_MAX>,
    pub(crate) prints: Prints,
}

/// How well a name is known here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Familiarity {
    /// Nobody asked for it before the last day, though the sensor watched.
    pub(crate) fresh: bool,
    /// Many hosts have used it for days: most likely it is ours.
    pub(crate) common: bool,
}

impl Lures {
    pub(crate) fn new(limits: &Limits) -> Lures {
        Lures { seen: Sightings::new(limits.lures_max), prints: Prints::FIXED }
    }

    /// Names held, and names that went since there was no room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        self.seen.counts()
    }

    /// A host had to do with a name; how well the name is known now. `learnt`: whether the sensor
    /// has watched for long enough to call it new.
    pub(crate) fn see(
        &mut self,
        registrable: &str,
        host: IpAddr,
        at: Timestamp,
        learnt: bool,
    ) -> Familiarity {
        let (print, host) = (self.prints.name(registrable), self.prints.host(host));
        let seen = self.seen.meet(print, host, at, learnt);
        let age = at.since(seen.first());
        Familiarity {
            fresh: seen.learnt() && age < LURE_FRESH,
            common: usize::from(seen.hosts()) >= LURE_HOSTS_MAX && age >= LURE_COMMON_AFTER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 3600;

    /// It learns on the first day, as by default.
    fn see(lures: &mut Lures, name: &str, host: u8, secs: u64) -> (bool, bool) {
        let at = Timestamp::from_secs(secs, 0);
        let known = lures.see(name, [10, 0, 0, host].into(), at, secs >= DAY);
        (known.fresh, known.common)
    }

    #[test]
    fn a_name_is_fresh_for_a_day_once_the_sensor_has_learnt() {
        let mut lures = Lures::new(&Limits::default());
        assert_eq!(see(&mut lures, "a.example", 1, 100), (false, false), "still learning");
        assert_eq!(see(&mut lures, "a.example", 1, 2 * DAY), (false, false), "known since");
        assert_eq!(see(&mut lures, "b.example", 1, 2 * DAY), (true, false));
        assert_eq!(see(&mut lures, "b.example", 2, 2 * DAY + 3600), (true, false), "of a wave");
        assert_eq!(see(&mut lures, "b.example", 1, 3 * DAY), (false, false));
    }

    #[test]
    fn a_name_is_common_by_many_hosts_for_days() {
        let mut lures = Lures::new(&Limits::default());
        for host in 1..=20 {
            assert_eq!(see(&mut lures, "ours.example", host, 100), (false, false), "a wave");
        }
        assert_eq!(see(&mut lures, "ours.example", 3, 3 * DAY + 99), (false, false));
        assert_eq!(see(&mut lures, "ours.example", 3, 3 * DAY + 100), (false, true));
        for day in 0..9 {
            assert!(!see(&mut lures, "one.example", 1, day * DAY).1, "one host, day {day}");
        }
    }

    #[test]
    fn the_bound_lets_the_oldest_go() {
        let mut lures = Lures::new(&Limits { lures_max: 2, ..Limits::default() });
        for name in ["a.example", "b.example", "c.example"] {
            see(&mut lures, name, 1, 0);
        }
        assert_eq!(lures.counts(), (2, 1));
        let mut none = Lures::new(&Limits { lures_max: 0, ..Limits::default() });
        assert_eq!(see(&mut none, "a.example", 1, 9 * DAY), (false, false));
    }
}
