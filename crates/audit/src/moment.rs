//! Moments, spans and octets as people and programs read them. All times are UTC.

use std::time::Duration;

use model::Timestamp;

const DAY_SECS: u64 = 86_400;

/// A moment taken apart: year, month, day, hour, minute, second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Parts {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

/// The Gregorian calendar. Years begin in March here, so that the leap day is the last of its year.
fn parts(at: Timestamp) -> Parts {
    const ERA_DAYS: u64 = 146_097; // 400 years
    let secs = at.secs();
    let days = secs / DAY_SECS + 719_468; // since 0000-03-01
    let of_era = days % ERA_DAYS;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + days / ERA_DAYS * 400 + u64::from(month <= 2);
    let of_day = secs % DAY_SECS;
    Parts { year, month, day, hour: of_day / 3_600, minute: of_day / 60 % 60, second: of_day % 60 }
}

/// `2026-11-21T20:15:42.123456Z` (RFC 3339), with microseconds, rounded down.
pub(crate) fn exact(at: Timestamp) -> String {
    let Parts { year, month, day, hour, minute, second } = parts(at);
    let micros = at.nanos() / 1_000 % 1_000_000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// `2026-11-21 20:15:42`.
pub(crate) fn to_second(at: Timestamp) -> String {
    let Parts { year, month, day, hour, minute, second } = parts(at);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// `2026-11-21 20:15`.
pub(crate) fn to_minute(at: Timestamp) -> String {
    let Parts { year, month, day, hour, minute, .. } = parts(at);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// `2026-11-21`.
pub(crate) fn date(at: Timestamp) -> String {
    let Parts { year, month, day, .. } = parts(at);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `20:15:42`.
pub(crate) fn clock(at: Timestamp) -> String {
    let Parts { hour, minute, second, .. } = parts(at);
    format!("{hour:02}:{minute:02}:{second:02}")
}

/// `20 November 2026`.
pub(crate) fn long_date(at: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let Parts { year, month, day, .. } = parts(at);
    let month = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    format!("{day} {} {year}", month.unwrap_or(&""))
}

/// A span in its two largest units: `3 d 4 h`, `2 min 5 s`, `under 1 s`.
pub(crate) fn span(span: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(DAY_SECS, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let secs = span.as_secs();
    let Some(place) = UNITS.iter().position(|(unit, _)| secs >= *unit) else {
        return "under 1 s".to_owned();
    };
    let mut rest = secs;
    let mut said = Vec::new();
    for (unit, word) in UNITS.iter().skip(place).take(2) {
        if rest >= *unit {
            said.push(format!("{} {word}", rest / unit));
        }
        rest %= unit;
    }
    said.join(" ")
}

/// Octets in units that people know: `812 B`, `1.4 MiB`.
pub(crate) fn octets(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count < 1_024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1_024.0;
    let mut unit = 0;
    // What would be printed as 1024.0 is one of the next unit.
    while value >= 1_023.95 && unit + 1 < UNITS.len() {
        value /= 1_024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS.get(unit).unwrap_or(&""))
}

/// A number with commas between thousands: `1,048,576`.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with what it counts: `1 host`, `2,000 hosts`.
pub(crate) fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// A share in per cent: `0 %`, `under 0.1 %`, `12.5 %`, `100 %`. What is nearly all is never all.
pub(crate) fn share(part: u64, whole: u64) -> String {
    let pct = 100.0 * part as f64 / whole.max(1) as f64;
    match part {
        0 => "0 %".to_owned(),
        _ if part >= whole => "100 %".to_owned(),
        _ if pct < 0.1 => "under 0.1 %".to_owned(),
        _ if pct >= 99.95 => "over 99.9 %".to_owned(),
        _ => format!("{pct:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_utc() {
        let table = [
            (0, "1970-01-01T00:00:00.000000Z", "1 January 1970"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z", "29 February 2000"),
            (1_795_292_142_123_456_789, "2026-11-21T20:15:42.123456Z", "21 November 2026"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000Z", "1 March 2100"),
            (u64::MAX, "2554-07-21T23:34:33.709551Z", "21 July 2554"),
        ];
        for (nanos, want, day) in table {
            let at = Timestamp::from_nanos(nanos);
            assert_eq!((exact(at), long_date(at)), (want.to_owned(), day.to_owned()));
            assert_eq!(to_second(at), want[..19].replace('T', " "));
            assert_eq!(format!("{}T{}", date(at), clock(at)), want[..19]);
        }
    }

    #[test]
    fn spans_and_octets_have_two_figures() {
        let spans = [
            (0, "under 1 s"),
            (1, "1 s"),
            (60, "1 min"),
            (125, "2 min 5 s"),
            (3_601, "1 h"),
            (7_260, "2 h 1 min"),
            (86_400 * 3 + 3_600 * 4, "3 d 4 h"),
            (86_400 + 30, "1 d"),
        ];
        for (secs, want) in spans {
            assert_eq!(span(Duration::from_secs(secs)), want);
        }
        let sizes = [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KiB"),
            (1_048_575, "1.0 MiB"),
            (1_500_000, "1.4 MiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (count, want) in sizes {
            assert_eq!(octets(count), want);
        }
        let numbers = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_048_576, "1,048,576")];
        for (value, want) in numbers {
            assert_eq!(number(value), want);
        }
    }

    #[test]
    fn shares_never_round_to_none_or_all() {
        let table = [
            (0, 0, "0 %"),
            (0, 9, "0 %"),
            (1, 8, "12.5 %"),
            (1, 1_000_000, "under 0.1 %"),
            (9_999, 10_000, "over 99.9 %"),
            (5, 5, "100 %"),
        ];
        for (part, whole, want) in table {
            assert_eq!(share(part, whole), want, "{part} of {whole}");
        }
    }
}
