//! A datagram that is cut at random, shuffled and doubled comes out as it was.

use model::Timestamp;

use super::{Fragments, Gathered};
use crate::flows::HashKey;
use crate::layers::{IpNumber, Piece};
use crate::limits::Limits;

/// The octets choose where a datagram is cut, in what order its fragments come, which come twice
/// and which are forged; the datagram is the octets themselves. Without a forged one it comes out
/// as it was, just when the last octet comes; with one, what was there first stays.
pub(crate) fn fuzz(octets: &[u8]) {
    let Some((&[id, v6, turns, forged], datagram)) = octets.split_first_chunk::<4>() else {
        return;
    };
    let datagram = datagram.get(..60_000).unwrap_or(datagram);
    let mut cuts = Cuts { octets, at: 0 };
    let mut places = Vec::new();
    let mut from = 0;
    while from < datagram.len() {
        let to = from.saturating_add(8 * (1 + cuts.next() % 40)).min(datagram.len());
        places.push((from, to));
        from = to;
    }
    shuffle(&mut places, turns, &mut cuts);
    if places.len() > crate::limits::FRAGMENT_RUNS_MAX {
        return;
    }
    let mut table = Fragments::new(&Limits::default(), HashKey::new([1, 2]));
    let mut forge = (forged % 4 == 0).then_some(usize::from(forged / 4));
    let mut missing = vec![true; places.len()];
    let mut micros = 0;
    let mut whole = None;
    for &(from, to) in &places {
        let (more, payload) = (to < datagram.len(), datagram.get(from..to).unwrap_or_default());
        let piece = |payload| Piece {
            v6: v6 % 2 == 1,
            source: [0, 1],
            destination: [0, 2],
            id: u32::from(id),
            next: IpNumber(17),
            offset: clamp(from),
            more,
            payload,
            payload_len: clamp(payload.len()),
            vlan: None,
            depth: 0,
        };
        micros += cuts.next() as u64 * 50;
        let at = Timestamp::from_secs(1, micros * 1000);
        if places.len() == 1 {
            return;
        }
        let came = table.push(&piece(payload), None, at);
        assert_eq!((came.anomaly, came.given_up, came.twin), (None, 0, false));
        let number = places.iter().position(|place| *place == (from, to)).unwrap_or_default();
        if let Some(missing) = missing.get_mut(number) {
            *missing = false;
        }
        assert_eq!(came.whole.is_some(), !missing.contains(&true), "whole when all is there");
        if let Some(done) = came.whole {
            whole = Some(done);
            break;
        }
        // The same again, or another in its place: neither changes anything.
        let again = table.push(&piece(payload), None, at);
        assert!(again.twin && again.whole.is_none());
        if forge.take_if(|place| *place == number).is_some() {
            let other: Vec<u8> = payload.iter().map(|octet| octet ^ 1).collect();
            let came = table.push(&piece(&other), None, at);
            assert_eq!((came.anomaly, came.whole), (Some("ip_fragments_contradict"), None));
        }
    }
    let mut left = Vec::new();
    let given_up = table.finish(&mut left);
    assert_eq!((given_up, left.len()), (0, 0), "nothing is left behind");
    assert_eq!(table.cost, 0);
    assert_eq!(
        whole.as_ref().map(|whole: &Gathered| &*whole.octets),
        Some(datagram).filter(|all| !all.is_empty())
    );
}

/// Numbers that the octets give, over and over.
struct Cuts<'a> {
    octets: &'a [u8],
    at: usize,
}

impl Cuts<'_> {
    fn next(&mut self) -> usize {
        let octet = self.octets.get(self.at % self.octets.len().max(1));
        self.at = self.at.wrapping_add(7);
        octet.map_or(0, |octet| usize::from(*octet))
    }
}

fn shuffle(places: &mut [(usize, usize)], turns: u8, cuts: &mut Cuts<'_>) {
    match turns % 3 {
        0 => {}
        1 => places.reverse(),
        _ => {
            for one in 0..places.len() {
                let other = (cuts.next() << 8 | cuts.next()) % places.len().max(1);
                places.swap(one, other);
            }
        }
    }
}

fn clamp(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
