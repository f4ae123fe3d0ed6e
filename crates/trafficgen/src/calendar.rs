//! Moments: dates and clocks as a scenario writes them.

use toml::value::Datetime;

/// Seconds of `26:10:05` or `10:05.5`: as many hours, minutes and seconds after the start.
pub(crate) fn clock_seconds(written: &str) -> Option<f64> {
    let parts: Vec<f64> = written.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let smaller = parts.iter().skip(1).all(|part| (0.0..60.0).contains(part));
    let clock = (2..=3).contains(&parts.len()) && smaller && parts.first() >= Some(&0.0);
    clock.then(|| parts.iter().fold(0.0, |sum, part| sum * 60.0 + part))
}

/// Nanoseconds since 1970 of a moment in UTC.
pub(crate) fn nanos_of(at: &Datetime) -> Option<u64> {
    let (date, time) = (at.date?, at.time?);
    if !matches!(at.offset?, toml::value::Offset::Z) {
        return None;
    }
    let days = days_of(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let seconds = u64::try_from(days).ok()? * 86_400
        + u64::from(time.hour) * 3_600
        + u64::from(time.minute) * 60
        + u64::from(time.second.unwrap_or(0));
    // The capture format counts seconds in 32 bits.
    u32::try_from(seconds).ok()?;
    Some(seconds * 1_000_000_000 + u64::from(time.nanosecond.unwrap_or(0)))
}

/// Days since 1970 of a date (H. Hinnant, chrono-compatible low-level date algorithms).
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a count of days since 1970: the way back.
pub(crate) fn civil(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_there_and_back() {
        assert_eq!(days_of(2022, 9, 14) * 86_400 + 14 * 3_600, 1_663_164_000);
        for days in (-1_000..60_000).step_by(17) {
            let (year, month, day) = civil(days);
            assert_eq!(days_of(year, i64::from(month), i64::from(day)), days);
        }
    }

    #[test]
    fn clocks_are_read() {
        for (written, want) in [
            ("1:30", Some(90.0)),
            ("26:10:05", Some(94_205.0)),
            ("0:00.5", Some(0.5)),
            ("90", None),
            ("1:60", None),
            ("1:2:3:4", None),
            ("-1:00", None),
            ("a:b", None),
        ] {
            assert_eq!(clock_seconds(written), want, "{written}");
        }
    }
}
