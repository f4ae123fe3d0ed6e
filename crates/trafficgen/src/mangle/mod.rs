//! What a network does to packets on their way to a tap: reorder, double, cut, tag, lose.
//!
//! Frames in, frames out, by a seed: the same frames and seed give the same frames. What is lost
//! is lost; everything else carries the same conversation, so that a sensor should say the same.

mod fragment;
mod packet;
mod segments;

use crate::TimedFrame;
use crate::frame::tagged;
use crate::random::Random;

/// What is done to the frames, in the order of the fields. Shares are per cent of the frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mangle {
    /// TCP segments that are cut anew, each into two to four.
    pub segments: u64,
    /// IP packets that are cut into fragments, each into two or three.
    pub fragments: u64,
    /// Frames that come twice, the second a few microseconds behind.
    pub twice: u64,
    /// The VLAN that all frames come in, outside of the tags that they have; 1 to 4,094.
    pub vlan: Option<u16>,
    /// Frames that are lost.
    pub lost: u64,
    /// A fifth of the frames come late, by up to so many nanoseconds, and no more than
    /// [`OVERTAKEN_MAX`] others overtake each.
    pub late: u64,
}

/// The frames as they come to the tap, in the order of time.
#[must_use]
pub fn mangle(frames: &[TimedFrame], how: &Mangle, seed: u64) -> Vec<TimedFrame> {
    // A sequence for each thing that is done: one more of them changes no other.
    let chance = |branch| Random::new(seed, branch);
    let mut frames = frames.to_vec();
    if how.segments > 0 {
        frames = each(&frames, how.segments, &mut chance(1), segments::cut);
    }
    if how.fragments > 0 {
        frames = each(&frames, how.fragments, &mut chance(2), fragment::cut);
    }
    if how.twice > 0 {
        frames = each(&frames, how.twice, &mut chance(3), |(at, frame), random| {
            let again = at + random.between(1_000, 40_000);
            vec![(*at, frame.clone()), (again, frame.clone())]
        });
    }
    if let Some(vlan) = how.vlan {
        frames.iter_mut().for_each(|(_, frame)| *frame = tagged(frame, vlan));
    }
    if how.lost > 0 {
        let mut random = chance(4);
        frames.retain(|_| !happens(how.lost, &mut random));
    }
    if how.late > 0 {
        frames.sort_by_key(|(at, _)| *at);
        delay(&mut frames, how.late, &mut chance(5));
    }
    frames.sort_by_key(|(at, _)| *at);
    frames
}

/// Frames that come late where some do, per cent.
const LATE_SHARE: u64 = 20;

/// Frames that overtake one that is late, at most: a sensor keeps 16 KiB in wait for what is missing
/// of a stream, and so do the hosts behind it (RFC 6928: ten segments go out at first).
pub const OVERTAKEN_MAX: usize = 8;

/// Let some of the frames, which are in the order of time, come later.
fn delay(frames: &mut [TimedFrame], most: u64, random: &mut Random) {
    let times: Vec<u64> = frames.iter().map(|(at, _)| *at).collect();
    for (place, (at, _)) in frames.iter_mut().enumerate() {
        if happens(LATE_SHARE, random) {
            let bound = times.get(place + OVERTAKEN_MAX).copied().unwrap_or(u64::MAX);
            *at = (*at + random.between(0, most)).min(bound);
        }
    }
}

fn happens(share: u64, random: &mut Random) -> bool {
    random.between(0, 100) < share
}

/// Put what `change` makes of it in the place of each frame of a share.
fn each(
    frames: &[TimedFrame],
    share: u64,
    random: &mut Random,
    change: impl Fn(&TimedFrame, &mut Random) -> Vec<TimedFrame>,
) -> Vec<TimedFrame> {
    let mut out = Vec::with_capacity(frames.len() * 2);
    for frame in frames {
        if happens(share, random) {
            out.extend(change(frame, random));
        } else {
            out.push(frame.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use etherparse::{NetHeaders, PacketHeaders, TransportHeader};

    use super::*;
    use crate::Scenario;

    const TEXT: &str = "about = \"a test\"\nstart = 2022-09-14T14:00:00Z\n\
        resolver = \"192.0.2.53\"\n[hosts.a]\naddresses = [\"10.0.0.1\", \"2001:db8:1::1\"]\n\
        [names]\n\"www.example.com\" = [\"192.0.2.1\", \"2001:db8:f000::1\"]\n\
        [[act]]\nat = 0\nkind = \"tls\"\nclient = \"a\"\nserver = \"www.example.com\"\n\
        [[act]]\nat = 9\nkind = \"http\"\nclient = \"a\"\nserver = \"www.example.com\"\nfamily = 4\n\
        requests = [{ bytes = 9000 }]\n[[act]]\nat = 20\nkind = \"neighbour\"\nclient = \"a\"\n\
        server = \"a\"\nfamily = 4\n";

    fn frames() -> Vec<TimedFrame> {
        Scenario::parse(TEXT).unwrap().frames()
    }

    const ALL: Mangle = Mangle {
        segments: 60,
        fragments: 30,
        twice: 30,
        vlan: Some(999),
        lost: 10,
        late: 3_000_000,
    };

    #[test]
    fn a_seed_has_one_outcome_and_nothing_asked_changes_nothing() {
        let frames = frames();
        assert_eq!(mangle(&frames, &Mangle::default(), 7), frames);
        assert_eq!(mangle(&frames, &ALL, 7), mangle(&frames, &ALL, 7));
        assert_ne!(mangle(&frames, &ALL, 7), mangle(&frames, &ALL, 8));
        assert!(mangle(&frames, &ALL, 7).is_sorted_by_key(|(at, _)| *at));
    }

    #[test]
    fn shares_are_about_what_was_asked() {
        let frames: Vec<TimedFrame> =
            (0..2_000).map(|at| (at * 1_000_000, vec![0xAB; 60])).collect();
        let of = |how: &Mangle| mangle(&frames, how, 3).len();
        assert!((1_700..1_900).contains(&of(&Mangle { lost: 10, ..Mangle::default() })));
        assert!((2_500..2_700).contains(&of(&Mangle { twice: 30, ..Mangle::default() })));
        let late = mangle(&frames, &Mangle { late: 3_000_000, ..Mangle::default() }, 3);
        let moved = late.iter().zip(&frames).filter(|(one, other)| one.0 != other.0).count();
        assert!((300..1_200).contains(&moved), "{moved}");
    }

    /// Octets of each side's TCP stream that a stranger reads out of whole frames, by number.
    fn streams(frames: &[TimedFrame]) -> std::collections::BTreeMap<(u16, u32), u8> {
        let mut seen = std::collections::BTreeMap::new();
        for (_, frame) in frames {
            let headers = PacketHeaders::from_ethernet_slice(frame).unwrap();
            let Some(TransportHeader::Tcp(tcp)) = &headers.transport else { continue };
            let payload = headers.payload.slice();
            let sum = match &headers.net {
                Some(NetHeaders::Ipv4(ip, _)) => {
                    assert_eq!(ip.header_checksum, ip.calc_header_checksum());
                    tcp.calc_checksum_ipv4(ip, payload).unwrap()
                }
                Some(NetHeaders::Ipv6(ip, _)) => tcp.calc_checksum_ipv6(ip, payload).unwrap(),
                found => panic!("{found:?}"),
            };
            assert_eq!(tcp.checksum, sum);
            for (octet, at) in payload.iter().zip(0..) {
                let number = tcp.sequence_number.wrapping_add(at);
                let before = seen.insert((tcp.source_port, number), *octet);
                assert!(before.is_none_or(|before| before == *octet));
            }
        }
        seen
    }

    #[test]
    fn segments_cut_anew_carry_the_same_streams() {
        let (frames, how) = (frames(), Mangle { segments: 100, ..Mangle::default() });
        for seed in 0..20 {
            let cut = mangle(&frames, &how, seed);
            assert!(cut.len() > frames.len());
            assert_eq!(streams(&cut), streams(&frames), "seed {seed}");
        }
    }

    #[test]
    fn fragments_make_the_same_packets() {
        let (frames, how) = (frames(), Mangle { fragments: 100, ..Mangle::default() });
        for seed in 0..20 {
            let cut = mangle(&frames, &how, seed);
            assert!(cut.len() > frames.len());
            let octets = |frames: &[TimedFrame]| -> usize {
                frames.iter().map(|(_, frame)| packet::carried(frame)).sum()
            };
            assert_eq!(octets(&cut), octets(&frames), "seed {seed}");
        }
    }

    #[test]
    fn a_tag_goes_outside_of_others() {
        let frame = frames().remove(0).1;
        let once = tagged(&frame, 7);
        assert_eq!(once[12..18], [0x81, 0, 0, 7, frame[12], frame[13]]);
        assert_eq!(tagged(&once, 9)[12..20], [0x88, 0xA8, 0, 9, 0x81, 0, 0, 7]);
        assert_eq!(crate::wire_len(&once), frame.len() + 4);
    }
}
