//! Every capture at hand, damaged in every way and dissected with overflow checks: nothing panics,
//! each frame is counted once, and neither batches nor lanes change a fact.

use capture::{Input, ReplayOptions, Timeline};
use model::LinkType;

use super::{corpus, walk};

/// Frames of a capture that are damaged: hellos and questions stand early.
const FRAMES: usize = 60;

/// Rounds of each kind of damage.
const ROUNDS: u64 = 2;

type Frames = Vec<(LinkType, Vec<u8>)>;

/// A kind of damage.
type Damage = fn(&mut Frames, &mut Dice);

const DAMAGES: &[(&str, Damage)] = &[
    ("bits are flipped", flip),
    ("frames are cut", cut),
    ("frames come twice", double),
    ("frames change places", swap),
    ("lengths lie", lie),
    ("octets are gone or new", splice),
];

#[test]
fn damaged_captures_do_no_harm() {
    let Some(captures) = corpus() else { return };
    let mut frames_in_all = 0;
    for (number, path) in walk(&captures.join("files")).iter().enumerate() {
        let frames = read(path);
        frames_in_all += frames.len();
        for (kind, (name, damage)) in DAMAGES.iter().enumerate() {
            for round in 0..ROUNDS {
                let mut dice = Dice((number as u64) << 16 | (kind as u64) << 8 | round);
                let mut damaged = frames.clone();
                damage(&mut damaged, &mut dice);
                let lent: Vec<_> =
                    damaged.iter().map(|(link, octets)| (*link, octets.as_slice())).collect();
                let sample = dissect::fuzz::sample(&lent);
                let done = std::panic::catch_unwind(|| dissect::fuzz::frames(&sample));
                assert!(done.is_ok(), "{}: {name}, round {round}", path.display());
            }
        }
    }
    let rounds = DAMAGES.len() as u64 * ROUNDS;
    println!("{frames_in_all} frames, each capture damaged {rounds} times");
}

/// The first frames of a capture; none of what is no capture.
fn read(path: &std::path::Path) -> Frames {
    let mut frames = Frames::new();
    let inputs = [Input::Path(path.to_owned())];
    let Ok(mut timeline) = Timeline::open(&inputs, &ReplayOptions::default()) else {
        return frames;
    };
    let mut more = true;
    while more && frames.len() < FRAMES {
        let mut take = |run: &[model::Frame<'_>]| {
            frames.extend(run.iter().map(|frame| (frame.link, frame.bytes.to_vec())));
        };
        more = timeline.read(&mut take).unwrap_or(false);
    }
    frames.truncate(FRAMES);
    frames
}

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides.max(1) as u64) as usize
    }
}

fn flip(frames: &mut Frames, dice: &mut Dice) {
    for (_, octets) in frames {
        for _ in 0..dice.roll(4) {
            let at = dice.roll(octets.len());
            if let Some(octet) = octets.get_mut(at) {
                *octet ^= 1 << dice.roll(8);
            }
        }
    }
}

fn cut(frames: &mut Frames, dice: &mut Dice) {
    for (_, octets) in frames {
        if dice.roll(3) == 0 {
            octets.truncate(dice.roll(octets.len()));
        }
    }
}

fn double(frames: &mut Frames, dice: &mut Dice) {
    let again: Frames = frames.iter().filter(|_| dice.roll(2) == 0).cloned().collect();
    for frame in again {
        frames.insert(dice.roll(frames.len()), frame);
    }
}

fn swap(frames: &mut Frames, dice: &mut Dice) {
    for one in 0..frames.len() {
        let other = (one + dice.roll(5)).min(frames.len() - 1);
        frames.swap(one, other);
    }
}

/// Two octets of the headers become a number that lengths go wrong at.
fn lie(frames: &mut Frames, dice: &mut Dice) {
    for (_, octets) in frames {
        for _ in 0..=dice.roll(2) {
            let at = dice.roll(octets.len().min(120));
            let telling = [0, 1, 7, 0x7fff, 0x8000, 0xffff, octets.len(), octets.len() + 1];
            let [.., high, low] = telling[dice.roll(telling.len())].to_be_bytes();
            if let Some([one, two]) = octets.get_mut(at..at + 2) {
                (*one, *two) = (high, low);
            }
        }
    }
}

fn splice(frames: &mut Frames, dice: &mut Dice) {
    for (_, octets) in frames {
        let at = dice.roll(octets.len());
        let end = (at + dice.roll(12)).min(octets.len());
        let new: Vec<u8> = (0..dice.roll(12)).map(|_| dice.roll(256) as u8).collect();
        octets.splice(at..end, new);
    }
}
