//! The minutes of a week in which a rule holds.

use super::super::hours::Hours;

const DAY: usize = 24 * 60;
const WEEK: usize = 7 * DAY;

/// A set of minutes, Monday 00:00 first, on the wall clock of one time zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Week {
    zone: String,
    minutes: Vec<u64>,
}

impl Week {
    pub(super) fn of(hours: &Hours) -> Week {
        let mut minutes = vec![0u64; WEEK.div_ceil(64)];
        for (day, from, to) in hours.windows() {
            let begin = day * DAY + from;
            for minute in begin..begin + to {
                let minute = minute % WEEK;
                if let Some(word) = minutes.get_mut(minute / 64) {
                    *word |= 1 << (minute % 64);
                }
            }
        }
        let zone = hours.zone.iana_name().unwrap_or_default().to_owned();
        Week { zone, minutes }
    }

    /// Whether all of `other` lies in this one. Of other time zones that is never said: clocks go
    /// forward and back on different days.
    pub(super) fn covers(&self, other: &Week) -> bool {
        let inside = |(mine, its): (&u64, &u64)| its & !mine == 0;
        self.zone == other.zone && self.minutes.iter().zip(&other.minutes).all(inside)
    }

    /// Whether the two may have a minute in common.
    pub(super) fn meets(&self, other: &Week) -> bool {
        let common = |(mine, its): (&u64, &u64)| mine & its != 0;
        self.zone != other.zone || self.minutes.iter().zip(&other.minutes).any(common)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_cover_and_meet() {
        let table: &[(&str, &str, bool, bool)] = &[
            ("07:00-19:00", "Mon-Fri 08:00-09:00", true, true),
            ("Mon-Fri 08:00-09:00", "07:00-19:00", false, true),
            ("Mon-Fri 07:00-19:00", "Mon-Fri 07:00-19:00", true, true),
            ("Mon-Fri 07:00-19:00", "Sat 07:00-19:00", false, false),
            ("08:00-12:00", "12:00-13:00", false, false),
            // Friday's night belongs to Friday, and Sunday's runs into Monday.
            ("Sat 00:00-06:00", "Fri 22:00-06:00", false, true),
            ("Mon 00:00-06:00", "Sun 23:00-01:00", false, true),
            ("00:00-24:00", "Sun 22:00-06:00", true, true),
            ("00:00-24:00", "00:00-24:00 Europe/Berlin", false, true),
        ];
        for (wide, narrow, covers, meets) in table {
            let week = |text: &str| Week::of(&Hours::parse(text).expect(text));
            let (one, other) = (week(wide), week(narrow));
            assert_eq!(
                (one.covers(&other), one.meets(&other)),
                (*covers, *meets),
                "{wide} {narrow}"
            );
        }
    }
}
