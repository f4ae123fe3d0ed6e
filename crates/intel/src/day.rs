//! A day of the calendar, as lists tell when an entry ends.

use jiff::civil::Date;
use model::Timestamp;

/// Days since 1970-01-01 UTC, up to the year 2149.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Day(u16);

impl Day {
    /// The last day that can be told: what ends later does not end.
    pub(crate) const MAX: Day = Day(u16::MAX);

    /// The day that a text begins with, `YYYY-MM-DD`; what stands behind it, a time of day, say,
    /// is not looked at. Days before 1970 are the first, those after 2149 the last.
    pub(crate) fn parse(text: &str) -> Option<Day> {
        let date: Date = text.trim().get(..10)?.parse().ok()?;
        let days = (date - Date::constant(1970, 1, 1)).get_days();
        Some(Day(u16::try_from(days.max(0)).unwrap_or(u16::MAX)))
    }

    /// The day `days` later.
    pub(crate) const fn after(self, days: u16) -> Day {
        Day(self.0.saturating_add(days))
    }

    /// Its first moment; `None` for the day that never comes.
    pub(crate) fn begins(self) -> Option<Timestamp> {
        (self != Day::MAX).then(|| Timestamp::from_secs(u64::from(self.0) * 86_400, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted() {
        let table = [
            ("1970-01-01", Some(0)),
            ("1970-01-02T23:59:59Z", Some(1)),
            ("2000-03-01", Some(11_017)),
            ("2024-02-29", Some(19_782)),
            ("2026-11-22 10:00", Some(20_779)),
            ("9999-01-01", Some(u16::MAX)),
            ("1960-01-01", Some(0)),
            ("2026-13-01", None),
            ("2026-1-1", None),
            ("soon", None),
        ];
        for (text, want) in table {
            assert_eq!(Day::parse(text), want.map(Day), "{text}");
        }
        assert_eq!(Day(1).begins(), Some(Timestamp::from_secs(86_400, 0)));
        assert_eq!(Day(u16::MAX - 1).after(5).begins(), None);
    }
}
