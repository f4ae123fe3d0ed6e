//! An office's mix: as much of everything as a day has.

use std::io::{self, Write};

use super::office::Office;
use super::tape::Tape;
use super::{START, Scale, Truth};

/// From one flow to the next on average: at about 7.7 KB a flow some 400 Mbit/s, so that a
/// thousand sessions are open at once, and a few ten megabytes in memory.
const STEP_NANOS: u64 = 150_000;

/// Write about `bytes` octets of capture file, in which sessions carry `volume` times the octets of
/// a day of short sessions: at 1 a flow has ten frames on average, at 9 some thirty.
pub fn mix(bytes: u64, volume: u64, scale: &Scale, sink: impl Write) -> io::Result<Truth> {
    let mut tape = Tape::new(sink)?;
    let mut office = Office::new(volume, scale);
    let step = 2 * STEP_NANOS * volume.max(1) * scale.pace.max(1);
    let (mut now, mut frames) = (START, Vec::new());
    while tape.bytes() < bytes {
        now += office.random.between(1, step);
        office.flow(now, &mut frames);
        tape.add(now, &mut frames)?;
    }
    tape.finish(office.truth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_is_an_offices_and_the_same_each_time() {
        let mut file = Vec::new();
        let truth = mix(20_000_000, 1, &Scale::default(), &mut file).unwrap();
        let mut again = Vec::new();
        assert_eq!(mix(20_000_000, 1, &Scale::default(), &mut again).unwrap(), truth);
        assert!(file == again, "two runs differ");
        assert_eq!(file.len() as u64, 24 + 16 * truth.frames + truth.frame_bytes);
        assert!((20_000_000..22_000_000).contains(&file.len()), "{} octets", file.len());

        let said = |kind| -> u64 {
            truth.names.iter().filter(|((k, _), _)| *k == kind).map(|(_, count)| count).sum()
        };
        let frames = truth.frames as f64;
        let (mean, dns) = (truth.frame_bytes as f64 / frames, 2.0 * said("dns") as f64 / frames);
        let (hellos, flows) = (said("tls") as f64 / frames, truth.flows as f64 / file.len() as f64);
        assert!((650.0..850.0).contains(&mean), "{mean} octets a frame");
        assert!((0.08..0.13).contains(&dns), "{dns} of the frames are DNS");
        assert!((0.03..0.06).contains(&hellos), "{hellos} hellos a frame");
        assert!((100e3..170e3).contains(&(flows * 1e9)), "{} flows a gigabyte", flows * 1e9);
    }
}
