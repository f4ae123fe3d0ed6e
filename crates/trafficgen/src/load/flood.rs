//! A flood of SYNs from everywhere, and beneath it an office that goes on working.

use std::io::{self, Write};

use super::office::Office;
use super::small::{STEP_NANOS, stranger};
use super::tape::Tape;
use super::{START, Scale, Truth};
use crate::random::Random;

/// From one flow of the office to the next, in frames of the flood: a thousand flows a second.
const OFFICE_EACH: u64 = 500;

/// Write a flood of `flows` SYNs, each of a flow that was not there before, half a million a
/// second, and a thousand of an office's flows a second in between. Names and flows of the truth
/// are the office's.
pub fn flood(flows: u64, scale: &Scale, sink: impl Write) -> io::Result<Truth> {
    let mut tape = Tape::new(sink)?;
    let mut office = Office::new(1, scale);
    let mut random = Random::new(scale.seed, 1);
    let (mut now, mut frames) = (START, Vec::new());
    for number in 0..flows {
        if number % OFFICE_EACH == 0 {
            office.flow(now, &mut frames);
        }
        frames.push((now, stranger(number, &mut random)));
        tape.add(now, &mut frames)?;
        now += STEP_NANOS * scale.pace.max(1);
    }
    tape.finish(office.truth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_office_works_beneath_the_flood() {
        let mut file = Vec::new();
        let truth = flood(100_000, &Scale::default(), &mut file).unwrap();
        assert_eq!(truth.flows, 200);
        assert!((100_500..115_000).contains(&truth.frames), "{}", truth.frames);
        assert!(truth.names.len() > 50, "{}", truth.names.len());
        let (_, frames) = crate::pcap::read(&file).unwrap();
        assert!(frames.is_sorted_by_key(|(at, _)| *at));
    }
}
