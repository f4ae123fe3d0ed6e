//! Moments as RFC 3339 text, written without an allocation.

use std::fmt;

use model::Timestamp;

use crate::json::{Json, Page, pair};

/// `2026-11-21T20:15:42.123456Z`: packet time in UTC, with microseconds, rounded down.
#[derive(Clone, Copy)]
pub(crate) struct Stamp(pub(crate) Timestamp);

/// `2026-11-21T20:15:42Z`: whole seconds since 1970, as certificates tell them. Moments outside
/// the years 0000 to 9999 become the nearest one inside (RFC 3339 §5.6 has four digits).
#[derive(Clone, Copy)]
pub(crate) struct SecondsStamp(pub(crate) i64);

/// Moments as the text of a [`Stamp`], where most are of one hour: what all of an hour have in
/// common is made once.
#[derive(Clone, Debug)]
pub(crate) struct Stamps {
    /// When that hour begins, in nanoseconds since 1970.
    begins: u64,
    text: [u8; FIRST_LEN],
}

/// How a record begins, up to its time's end.
const FIRST: &[u8; FIRST_LEN] = b"{\"@timestamp\":\"1970-01-01T00:00:00.000000Z";
/// Octets of that.
pub(crate) const FIRST_LEN: usize = 15 + STAMP_LEN;

/// Octets of a [`Stamp`].
pub(crate) const STAMP_LEN: usize = 27;
const SECONDS_LEN: usize = 20;

/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const SECONDS_MIN: i64 = -62_167_219_200;
const SECONDS_MAX: i64 = 253_402_300_799;
const DAY: i64 = 86_400;
const HOUR_NANOS: u64 = 3_600_000_000_000;

/// A text with its quotation marks.
const STAMP_QUOTED: &[u8; STAMP_LEN + 2] = b"\"0000-00-00T00:00:00.000000Z\"";
const SECONDS_QUOTED: &[u8; SECONDS_LEN + 2] = b"\"0000-00-00T00:00:00Z\"";

impl Stamp {
    fn quoted(self) -> [u8; STAMP_LEN + 2] {
        let micros = self.0.nanos() / 1_000;
        let mut text = *STAMP_QUOTED;
        write_seconds(&mut text, i64::try_from(micros / 1_000_000).unwrap_or(SECONDS_MAX));
        let micros = micros % 1_000_000;
        put(&mut text, 21, micros / 10_000);
        put(&mut text, 23, micros / 100 % 100);
        put(&mut text, 25, micros % 100);
        text
    }
}

impl Default for Stamps {
    fn default() -> Stamps {
        Stamps { begins: 0, text: *FIRST }
    }
}

impl Stamps {
    /// The moment's text.
    #[inline]
    pub(crate) fn text(&mut self, at: Timestamp) -> [u8; STAMP_LEN] {
        let first = self.first(at);
        first.last_chunk().copied().unwrap_or([b'0'; STAMP_LEN])
    }

    /// The beginning of a record of that moment: `{"@timestamp":"` and its text.
    #[inline]
    pub(crate) fn first(&mut self, at: Timestamp) -> [u8; FIRST_LEN] {
        let within = at.nanos().wrapping_sub(self.begins);
        let within = if within < HOUR_NANOS { within } else { self.turn(at) };
        let micros = within / 1_000;
        let (secs, micros) = (micros / 1_000_000, micros % 1_000_000);
        let mut text = self.text;
        put(&mut text, 29, secs / 60);
        put(&mut text, 32, secs % 60);
        put(&mut text, 35, micros / 10_000);
        put(&mut text, 37, micros / 100 % 100);
        put(&mut text, 39, micros % 100);
        text
    }

    /// Begin the hour of that moment; how far into it the moment is, in nanoseconds.
    #[cold]
    fn turn(&mut self, at: Timestamp) -> u64 {
        let within = at.nanos() % HOUR_NANOS;
        self.begins = at.nanos() - within;
        let [_, text @ .., _] = Stamp(Timestamp::from_nanos(self.begins)).quoted();
        if let Some(place) = self.text.last_chunk_mut() {
            *place = text;
        }
        within
    }
}

impl Json for Stamp {
    #[inline]
    fn json(&self, out: &mut Page) {
        out.put(&self.quoted());
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = self.quoted();
        f.write_str(std::str::from_utf8(&quoted).unwrap_or_default().trim_matches('"'))
    }
}

impl Json for SecondsStamp {
    fn json(&self, out: &mut Page) {
        let mut text = *SECONDS_QUOTED;
        write_seconds(&mut text, self.0.clamp(SECONDS_MIN, SECONDS_MAX));
        out.put(&text);
    }
}

/// Write `YYYY-MM-DDThh:mm:ss`, behind a quotation mark, of a moment in the years 0 to 9999.
#[inline]
fn write_seconds<const N: usize>(text: &mut [u8; N], secs: i64) {
    let (year, month, day) = civil(secs.div_euclid(DAY));
    let second = secs.rem_euclid(DAY).unsigned_abs();
    put(text, 1, year / 100);
    put(text, 3, year % 100);
    put(text, 6, month);
    put(text, 9, day);
    put(text, 12, second / 3_600);
    put(text, 15, second / 60 % 60);
    put(text, 18, second % 60);
}

/// The moment that a text like a [`Stamp`] tells: RFC 3339 in UTC, with up to nine decimals, since
/// 1970; moments beyond [`Timestamp::MAX`] saturate.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let (text, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if text.len() != 19 || decimals.is_empty() || decimals.len() > 9 {
        return None;
    }
    let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    let number = |from: usize, to: usize| {
        let text = text.get(from..to).filter(|text| digits(text))?;
        text.parse::<u64>().ok()
    };
    for (place, mark) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')] {
        text.as_bytes().get(place).filter(|octet| **octet == mark)?;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let days = days(year, month, day)?;
    if hour > 23 || minute > 59 || second > 59 || !digits(decimals) {
        return None;
    }
    let nanos = format!("{decimals:0<9}").parse().ok()?;
    Some(Timestamp::from_secs(((days * 24 + hour) * 60 + minute) * 60 + second, nanos))
}

/// Days from 1970-01-01 to that day; the inverse of [`civil`].
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if year < 1970 || !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    let year_of_march = if month > 2 { year } else { year - 1 };
    let march_month = (month + 9) % 12;
    let of_year = (153 * march_month + 2) / 5 + day - 1;
    let leaps = year_of_march / 4 - year_of_march / 100 + year_of_march / 400;
    let days = (365 * year_of_march + leaps + of_year).checked_sub(719_468)?;
    // The 31st of a short month is no day of it.
    let signed = i64::try_from(days).ok()?;
    (civil(signed) == (year, month, day)).then_some(days)
}

/// Year, month and day of the day `days` after 1970-01-01, in the Gregorian calendar carried on
/// backwards. Years begin in March here, so that the leap day is the last of its year.
fn civil(days: i64) -> (u64, u64, u64) {
    const ERA: i64 = 146_097; // days in 400 years
    let days = days + 719_468; // since 0000-03-01
    let era = days.div_euclid(ERA);
    let of_era = days.rem_euclid(ERA);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year.unsigned_abs(), month.unsigned_abs(), day.unsigned_abs())
}

/// Write two decimal digits of `value`, below 100, at `at`.
#[inline]
fn put<const N: usize>(text: &mut [u8; N], at: usize, value: u64) {
    if let Some(place) = text.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = pair(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(value: impl Json) -> String {
        let mut out = Page::default();
        value.json(&mut out);
        String::from_utf8(out.octets().to_vec()).expect("text")
    }

    fn stamp(nanos: u64) -> String {
        made(Stamp(Timestamp::from_nanos(nanos)))
    }

    fn seconds(secs: i64) -> String {
        made(SecondsStamp(secs))
    }

    #[test]
    fn packet_times() {
        let table = [
            (0, "1970-01-01T00:00:00.000000Z"),
            (999, "1970-01-01T00:00:00.000000Z"),
            (1_000, "1970-01-01T00:00:00.000001Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_795_292_142_123_456_789, "2026-11-21T20:15:42.123456Z"),
            (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551Z"),
        ];
        for (nanos, want) in table {
            assert_eq!(stamp(nanos), format!("\"{want}\""), "{nanos}");
            assert_eq!(parse(want), Some(Timestamp::from_nanos(nanos / 1_000 * 1_000)));
            assert_eq!(want.len(), STAMP_LEN);
            assert_eq!(Stamp(Timestamp::from_nanos(nanos)).to_string(), want);
        }
    }

    #[test]
    fn moments_of_many_hours() {
        let mut stamps = Stamps::default();
        let steps = [1_000, 999_999_999, 59_999_999_999, 3_599_999_999_999, 86_399_123_456_789];
        for begin in [0, 951_782_399_999_999_999, 1_795_292_142_123_456_789, u64::MAX] {
            let forth = steps.iter().map(|step| u64::saturating_add(begin, *step));
            let back = steps.iter().map(|step| u64::saturating_sub(begin, *step));
            for at in forth.chain(back).chain([begin]).map(Timestamp::from_nanos) {
                let text = stamps.text(at);
                assert_eq!(String::from_utf8_lossy(&text), Stamp(at).to_string());
            }
        }
    }

    #[test]
    fn what_is_no_moment() {
        let table = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T00:00:00.5Z", Some(500_000_000)),
            ("9999-12-31T23:59:59Z", Some(u64::MAX)),
            ("1969-12-31T23:59:59Z", None),
            ("2026-02-29T00:00:00Z", None),
            ("2026-00-10T00:00:00Z", None),
            ("2026-13-10T00:00:00Z", None),
            ("2026-01-10T24:00:00Z", None),
            ("2026-01-10T23:60:00Z", None),
            ("2026-01-10T23:00:00.Z", None),
            ("2026-01-10T23:00:00.1234567890Z", None),
            ("2026-01-10T23:00:00", None),
            ("2026-01-10 23:00:00Z", None),
            ("+026-01-10T23:00:00Z", None),
            ("2026-01-10T23:00:00.12\u{661}Z", None),
            ("202\u{661}-01-10T23:00:0Z", None),
            ("", None),
        ];
        for (text, want) in table {
            assert_eq!(parse(text).map(Timestamp::nanos), want, "{text}");
        }
    }

    #[test]
    fn certificate_times() {
        let table = [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (1_397_183_875, "2014-04-11T02:37:55Z"),
            (-631_152_000, "1950-01-01T00:00:00Z"),
            (SECONDS_MIN, "0000-01-01T00:00:00Z"),
            (SECONDS_MAX, "9999-12-31T23:59:59Z"),
            (i64::MIN, "0000-01-01T00:00:00Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
        ];
        for (secs, want) in table {
            assert_eq!(seconds(secs), format!("\"{want}\""), "{secs}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..214_000 {
            assert_eq!(civil(days), (year, month, day), "day {days}");
            assert_eq!(super::days(year, month, day), u64::try_from(days).ok(), "day {days}");
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > last {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }
}
