//! When a rule holds: `Mon-Fri 07:00-19:00 Europe/Berlin`.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::Timestamp;

use super::nearest::nearest;

/// A daily window on some days of the week, in one time zone.
///
/// Half-open: its first minute belongs to it, its last does not. A window that ends before it
/// begins crosses midnight and belongs to the day on which it begins. It follows the wall clock,
/// so that an hour that daylight saving skips is missing and one that it repeats counts twice.
#[derive(Clone, Debug)]
pub(crate) struct Hours {
    /// As it was written, for people.
    pub(crate) text: Box<str>,
    pub(crate) zone: TimeZone,
    /// Bit 0 is Monday.
    days: u8,
    /// Minutes since midnight, 0 to 1439.
    from: u16,
    /// Minutes since midnight, 1 to 1440.
    to: u16,
}

/// What is wrong in a text, and where: `offset` in octets from its beginning.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) offset: usize,
    pub(crate) why: String,
    pub(crate) fix: String,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EVERY_DAY: u8 = 0x7f;
const SHAPE: &str = "write it as `Mon-Fri 07:00-19:00 Europe/Berlin`";

impl Hours {
    /// Read `[days] HH:MM-HH:MM [time zone]`; without days every day, without a zone UTC.
    pub(crate) fn parse(text: &str) -> Result<Hours, Wrong> {
        let mut days = EVERY_DAY;
        let mut span = None;
        let mut zone = TimeZone::UTC;
        let mut words = words(text).peekable();
        if let Some(&(offset, word)) = words.peek()
            && !word.starts_with(|c: char| c.is_ascii_digit())
        {
            days = read_days(offset, word)?;
            words.next();
        }
        if let Some((offset, word)) = words.next() {
            span = Some(read_span(offset, word)?);
        }
        if let Some((offset, word)) = words.next() {
            zone = read_zone(offset, word)?;
        }
        if let Some((offset, word)) = words.next() {
            return Err(wrong(offset, format!("`{word}` is one word too many"), SHAPE));
        }
        let Some((from, to)) = span else {
            return Err(wrong(text.len(), "the time of day is missing".into(), SHAPE));
        };
        Ok(Hours { text: text.into(), zone, days, from, to })
    }

    /// The windows of a week: the day, 0 is Monday, the first minute of that day, and how many
    /// minutes it lasts.
    pub(crate) fn windows(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let (from, to) = (usize::from(self.from), usize::from(self.to));
        let lasts = if from < to { to - from } else { 24 * 60 - from + to };
        (0..7).filter(|day| self.days >> day & 1 == 1).map(move |day| (day, from, lasts))
    }

    /// Whether the window is open at `local`, the wall clock's time in its zone.
    pub(crate) fn hold(&self, local: DateTime) -> bool {
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute()));
        let minute = minute.unwrap_or(0);
        let today = local.date().weekday().to_monday_zero_offset();
        let is_on = |day: i8| self.days >> day & 1 == 1;
        if self.from < self.to {
            return is_on(today) && (self.from..self.to).contains(&minute);
        }
        let yesterday = (today + 6) % 7;
        is_on(today) && minute >= self.from || is_on(yesterday) && minute < self.to
    }
}

/// A moment as people write it: RFC 3339, with its offset from UTC.
#[must_use]
pub fn read_moment(text: &str) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(moment.as_nanosecond()).ok().map(Timestamp::from_nanos)
}

/// A moment as RFC 3339 in UTC, to the second.
#[must_use]
pub fn moment_text(at: Timestamp) -> String {
    local_time(at, &TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The wall clock's time at `at` in `zone`.
pub(crate) fn local_time(at: Timestamp, zone: &TimeZone) -> DateTime {
    // A `u64` of nanoseconds ends in 2554, far inside of what can be told.
    let at = jiff::Timestamp::from_nanosecond(i128::from(at.nanos())).unwrap_or_default();
    zone.to_datetime(at)
}

fn wrong(offset: usize, why: String, fix: &str) -> Wrong {
    Wrong { offset, why, fix: fix.to_owned() }
}

/// The words of a text, each with its offset.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_ascii_whitespace().map(move |word| {
        // Both point into the same text: the difference of their addresses is the offset.
        (word.as_ptr().addr().saturating_sub(text.as_ptr().addr()), word)
    })
}

/// `Mon`, `Mon-Fri`, `Mon,Wed,Sat-Sun`; a range may run over the week's end.
fn read_days(offset: usize, word: &str) -> Result<u8, Wrong> {
    let mut days = 0;
    let mut at = offset;
    for part in word.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let first_day = read_day(at, first)?;
        let last_day = read_day(at + part.len() - last.len(), last)?;
        let mut day = first_day;
        loop {
            days |= 1 << day;
            if day == last_day {
                break;
            }
            day = (day + 1) % 7;
        }
        at += part.len() + 1;
    }
    Ok(days)
}

fn read_day(offset: usize, word: &str) -> Result<u8, Wrong> {
    let lower = word.to_ascii_lowercase();
    let found = DAYS.iter().position(|day| *day == lower);
    found.and_then(|day| u8::try_from(day).ok()).ok_or_else(|| {
        let fix = "days are Mon, Tue, Wed, Thu, Fri, Sat, Sun";
        wrong(offset, format!("`{word}` is no day of the week"), fix)
    })
}

fn read_span(offset: usize, word: &str) -> Result<(u16, u16), Wrong> {
    let Some((from, to)) = word.split_once('-') else {
        return Err(wrong(offset, format!("`{word}` is no span of time"), SHAPE));
    };
    let to_offset = offset + from.len() + 1;
    let (from_minute, to_minute) = (read_time(offset, from)?, read_time(to_offset, to)?);
    if from_minute == 24 * 60 {
        let fix = "a window can end at 24:00, but begins at 00:00";
        return Err(wrong(offset, "a day does not begin at 24:00".into(), fix));
    }
    if from_minute == to_minute {
        let fix = "write 00:00-24:00 for the whole day";
        return Err(wrong(offset, format!("`{word}` is no time at all"), fix));
    }
    // Until midnight of the next day is until the end of this one.
    Ok((from_minute, if to_minute == 0 { 24 * 60 } else { to_minute }))
}

/// `HH:MM` as minutes since midnight, 0 to 1440.
fn read_time(offset: usize, word: &str) -> Result<u16, Wrong> {
    let read = |digits: &str| match digits.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(u16::from(tens - b'0') * 10 + u16::from(ones - b'0'))
        }
        _ => None,
    };
    word.split_once(':')
        .and_then(|(hours, minutes)| Some((read(hours)?, read(minutes)?)))
        .filter(|&(hours, minutes)| minutes < 60 && (hours < 24 || hours == 24 && minutes == 0))
        .map(|(hours, minutes)| hours * 60 + minutes)
        .ok_or_else(|| {
            let fix = "times run from 00:00 to 24:00, with two digits each";
            wrong(offset, format!("`{word}` is no time of day"), fix)
        })
}

fn read_zone(offset: usize, word: &str) -> Result<TimeZone, Wrong> {
    time_zone(word).map_err(|(why, fix)| Wrong { offset, why, fix })
}

/// A time zone of the tz database.
///
/// # Errors
/// Why there is none of that name, and the fix.
pub(crate) fn time_zone(word: &str) -> Result<TimeZone, (String, String)> {
    TimeZone::get(word).map_err(|_| {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let fix = nearest(word, names.iter().map(String::as_str)).map_or_else(
            || "use a name of the tz database, e.g. Europe/Berlin".to_owned(),
            |name| format!("did you mean `{name}`?"),
        );
        (format!("the tz database knows no `{word}`"), fix)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_at(hours: &str, at: &str) -> bool {
        let hours = Hours::parse(hours).expect("good hours");
        let at: jiff::Timestamp = at.parse().expect("a moment");
        let nanos = u64::try_from(at.as_nanosecond()).expect("after 1970");
        hours.hold(local_time(Timestamp::from_nanos(nanos), &hours.zone))
    }

    #[test]
    fn windows_are_half_open_and_follow_the_wall_clock() {
        // 2026-11-20 is a Friday. Berlin is UTC+1 in winter, UTC+2 in summer.
        let table: &[(&str, &str, bool)] = &[
            ("Mon-Fri 07:00-19:00 Europe/Berlin", "2026-11-20T05:59:59.999999999Z", false),
            ("Mon-Fri 07:00-19:00 Europe/Berlin", "2026-11-20T06:00:00Z", true),
            ("Mon-Fri 07:00-19:00 Europe/Berlin", "2026-11-20T17:59:59.999999999Z", true),
            ("Mon-Fri 07:00-19:00 Europe/Berlin", "2026-11-20T18:00:00Z", false),
            ("Mon-Fri 07:00-19:00 Europe/Berlin", "2026-11-21T10:00:00Z", false),
            ("Mon-Fri 07:00-19:00 Europe/Berlin", "2026-07-17T05:00:00Z", true),
            ("Mon-Fri 07:00-19:00", "2026-11-20T07:00:00Z", true),
            ("07:00-19:00", "2026-11-22T08:00:00Z", true),
            // Across midnight: Friday's window runs into Saturday, Sunday's does not begin.
            ("Mon-Fri 22:00-06:00", "2026-11-20T22:00:00Z", true),
            ("Mon-Fri 22:00-06:00", "2026-11-21T05:59:00Z", true),
            ("Mon-Fri 22:00-06:00", "2026-11-21T06:00:00Z", false),
            ("Mon-Fri 22:00-06:00", "2026-11-21T22:00:00Z", false),
            ("Mon-Fri 22:00-06:00", "2026-11-23T05:00:00Z", false),
            ("Mon-Fri 22:00-06:00", "2026-11-24T05:00:00Z", true),
            // Up to the end of the day.
            ("Sat 20:00-24:00", "2026-11-21T23:59:59Z", true),
            ("Sat 20:00-24:00", "2026-11-22T00:00:00Z", false),
            ("Sat 20:00-00:00", "2026-11-21T23:59:59Z", true),
            ("Sat 20:00-00:00", "2026-11-22T00:00:00Z", false),
            ("00:00-24:00", "2026-11-22T00:00:00Z", true),
            // Lists and ranges over the week's end.
            ("Sat-Mon 08:00-09:00", "2026-11-22T08:30:00Z", true),
            ("Sat-Mon 08:00-09:00", "2026-11-24T08:30:00Z", false),
            ("mon,FRI 08:00-09:00", "2026-11-20T08:30:00Z", true),
            ("Mon,Fri 08:00-09:00", "2026-11-19T08:30:00Z", false),
            // Clocks go forward at 02:00 on 2026-03-29: 01:59 is followed by 03:00.
            ("Sun 02:00-03:00 Europe/Berlin", "2026-03-29T00:59:59Z", false),
            ("Sun 02:00-03:00 Europe/Berlin", "2026-03-29T01:00:00Z", false),
            ("Sun 03:00-04:00 Europe/Berlin", "2026-03-29T01:00:00Z", true),
            // Clocks go back at 03:00 on 2026-10-25: the hour from 02:00 comes twice.
            ("Sun 02:00-03:00 Europe/Berlin", "2026-10-25T00:30:00Z", true),
            ("Sun 02:00-03:00 Europe/Berlin", "2026-10-25T01:30:00Z", true),
            ("Sun 02:00-03:00 Europe/Berlin", "2026-10-25T02:00:00Z", false),
        ];
        for (hours, at, want) in table {
            assert_eq!(open_at(hours, at), *want, "{hours} at {at}");
        }
    }

    #[test]
    fn bad_hours_name_the_place_and_the_fix() {
        let table: &[(&str, usize, &str)] = &[
            ("", 0, "the time of day is missing"),
            ("Mon-Fri", 7, "the time of day is missing"),
            ("Mon-Fry 07:00-19:00", 4, "`Fry` is no day"),
            ("Mon,,Fri 07:00-19:00", 4, "`` is no day"),
            ("Mon-Fri 7:00-19:00", 8, "`7:00` is no time"),
            ("Mon-Fri 07:00-24:01", 14, "`24:01` is no time"),
            ("07:60-08:00", 0, "`07:60` is no time"),
            ("07:00", 0, "`07:00` is no span"),
            ("24:00-06:00", 0, "does not begin at 24:00"),
            ("07:00-07:00", 0, "no time at all"),
            ("07:00-08:00 Europe/Berlni", 12, "knows no `Europe/Berlni`"),
            ("07:00-08:00 UTC now", 16, "one word too many"),
        ];
        for (text, offset, why) in table {
            let wrong = Hours::parse(text).expect_err(text);
            assert_eq!(wrong.offset, *offset, "{text}: {wrong:?}");
            assert!(wrong.why.contains(why), "{text}: {wrong:?}");
            assert!(!wrong.fix.is_empty(), "{text}");
        }
        let wrong = Hours::parse("07:00-08:00 Europe/Berlni").expect_err("no such zone");
        assert_eq!(wrong.fix, "did you mean `Europe/Berlin`?");
    }
}
