//! When people use a tool, as a window of hours that a rule can have.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use model::Timestamp;

use super::super::hours::{Hours, local_time};
use super::SuggestOptions;

/// Days with a use that make a habit: a working week.
const DAYS_MIN: usize = 5;
/// Days between the first and the last use: one week-end at least lies in them.
const SPAN_DAYS_MIN: i32 = 7;
/// Hours of the longest window: a longer one says little.
const WINDOW_HOURS_MAX: usize = 14;

/// The hours in which something was used, rounded out to whole ones, on all days or on those of
/// the working week or the week-end; nothing where that is not enough to tell, or all day long.
pub(super) fn habit(hours: &BTreeSet<u32>, options: &SuggestOptions) -> Option<String> {
    let slots: Vec<DateTime> = hours.iter().flat_map(|hour| ends(*hour, options)).collect();
    let dates: BTreeSet<_> = slots.iter().map(|slot| slot.date()).collect();
    let span = dates.last()?.since(*dates.first()?).ok()?.get_days();
    if dates.len() < DAYS_MIN || span < SPAN_DAYS_MIN {
        return None;
    }
    let mut used = [false; 24];
    for slot in &slots {
        *used.get_mut(usize::try_from(slot.hour()).ok()?)? = true;
    }
    let (from, lasts) = window(&used)?;
    let to = (from + lasts - 1) % 24 + 1;
    // The early hours of a window that crosses midnight belong to the day before.
    let begins = |slot: &DateTime| {
        let early = from + lasts > 24 && usize::try_from(slot.hour()).is_ok_and(|hour| hour < to);
        let day = slot.date().weekday().to_monday_zero_offset();
        if early { (day + 6) % 7 } else { day }
    };
    let days: BTreeSet<i8> = slots.iter().map(begins).collect();
    let days = match (days.iter().all(|day| *day < 5), days.iter().all(|day| *day >= 5)) {
        (true, _) => "Mon-Fri ",
        (_, true) => "Sat-Sun ",
        _ => "",
    };
    let text = format!("{days}{from:02}:00-{to:02}:00 {}", options.zone_name);
    let read = Hours::parse(&text).ok()?;
    slots.iter().all(|slot| read.hold(*slot)).then_some(text)
}

/// The wall clock's time at both ends of an hour: in some zones these are two hours.
fn ends(hour: u32, options: &SuggestOptions) -> [DateTime; 2] {
    let begin = u64::from(hour) * 3600;
    [0, 3599].map(|more| local_time(Timestamp::from_secs(begin + more, 0), &options.zone))
}

/// The shortest window that holds all hours used: its first hour, and how many.
fn window(used: &[bool; 24]) -> Option<(usize, usize)> {
    let at = |hour: usize| used.get(hour % 24).copied().unwrap_or(false);
    let begins = (0..24).filter(|hour| at(*hour) && !at(hour + 23));
    begins
        .map(|begin| {
            let gap = (1..=24).take_while(|back| !at(begin + 24 - back)).count();
            (begin, 24 - gap)
        })
        .min_by_key(|(_, lasts)| *lasts)
        .filter(|(_, lasts)| *lasts <= WINDOW_HOURS_MAX)
}
