//! Time along a picture's width: where a moment stands, and which moments are named.

use std::fmt::Write as _;

use model::Timestamp;

use crate::moment;

/// Steps between named moments, in seconds.
const STEPS: [u64; 30] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
    1_209_600,
    2_592_000,
    7_776_000,
    15_552_000,
    31_536_000,
    63_072_000,
    157_680_000,
    315_360_000,
    1_576_800_000,
    3_153_600_000,
];
/// More names than this crowd each other.
const NAMES_MAX: u64 = 7;
/// What is shown at least, in nanoseconds: four seconds.
const SPAN_MIN: u64 = 4_000_000_000;

/// An axis from one moment to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    start: u64,
    end: u64,
    left: f64,
    right: f64,
}

impl Axis {
    /// An axis that shows all of `start` to `end`, with some room around, between two places of the
    /// picture.
    pub(crate) fn new(start: Timestamp, end: Timestamp, left: f64, right: f64) -> Axis {
        let (start, end) = (start.nanos().min(end.nanos()), start.nanos().max(end.nanos()));
        let span = (end - start).max(SPAN_MIN);
        let room = (span - (end - start)) / 2 + span / 40;
        Axis { start: start.saturating_sub(room), end: end.saturating_add(room), left, right }
    }

    /// Where a moment stands; one outside stands at the end.
    pub(crate) fn place(&self, at: Timestamp) -> f64 {
        let at = at.nanos().clamp(self.start, self.end);
        let share = (at - self.start) as f64 / (self.end - self.start).max(1) as f64;
        self.left + (self.right - self.left) * share
    }

    /// How far one of `count` slots goes, from its number.
    pub(crate) fn slot_of(&self, at: Timestamp, count: usize) -> usize {
        let at = at.nanos().clamp(self.start, self.end);
        let share = (at - self.start) as f64 / (self.end - self.start).max(1) as f64;
        ((share * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// Draw the named moments: their names at `top`, a line from there down to `bottom`.
    pub(crate) fn draw(&self, top: f64, bottom: f64, out: &mut String) {
        let span = (self.end - self.start) / 1_000_000_000;
        let fits = STEPS.iter().find(|step| span / **step < NAMES_MAX);
        let step = fits.or(STEPS.last()).copied().unwrap_or(1) * 1_000_000_000;
        let mut at = self.start.div_ceil(step).saturating_mul(step);
        let mut day = String::new();
        while at <= self.end {
            let moment = Timestamp::from_nanos(at);
            let x = self.place(moment);
            let date = moment::date(moment);
            let clock = moment::clock(moment);
            let names = match step / 1_000_000_000 {
                86_400.. => (date.clone(), None),
                60.. => (clock.get(..5).unwrap_or(&clock).to_owned(), Some(&date)),
                _ => (clock, Some(&date)),
            };
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{top:.1}\">{}</text>",
                top + 6.0,
                names.0
            );
            // The day is named once, above its first moment.
            if let Some(date) = names.1.filter(|date| **date != day) {
                let _ = write!(
                    out,
                    "<text class=\"tick day\" x=\"{x:.1}\" y=\"{:.1}\">{date}</text>",
                    top - 14.0
                );
            }
            day = date;
            at = match at.checked_add(step) {
                Some(next) => next,
                None => break,
            };
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_span_has_a_few_names() {
        let start = Timestamp::from_secs(1_795_292_142, 0);
        for secs in [0, 1, 9, 60, 61, 3_599, 86_400, 1 << 20, 1 << 25, 1 << 29, u64::MAX] {
            let end = start.after(std::time::Duration::from_secs(secs));
            let axis = Axis::new(start, end, 100.0, 900.0);
            let mut out = String::new();
            axis.draw(20.0, 40.0, &mut out);
            let names = out.matches("class=\"tick\"").count();
            assert!((1..=8).contains(&names), "{secs}: {names}");
            let places = (axis.place(start), axis.place(end));
            assert!(places.0 >= 100.0 && places.1 <= 900.0 && places.0 <= places.1, "{places:?}");
            assert!(axis.slot_of(end, 60) < 60);
        }
    }
}
