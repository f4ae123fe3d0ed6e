//! Bodies for fuzzing: they take any octets and assert what must hold for all of them.

use crate::cursor;
use crate::frame;
use crate::scan::Scan;
use crate::segment::{Found, HEAD, Head, Name, Seal};

/// Records of the segment that is damaged.
const RECORDS: u64 = 24;
const NAME: Name = Name { first: 1000, salt: 0x5eed_1e55 };

/// A cursor of any octets is none, or comes from octets that are as it would be written.
pub fn cursor(octets: &[u8]) {
    if let Some(cursor) = cursor::read(octets) {
        assert!(cursor.len() <= octets.len());
    }
}

/// A segment of any octets is read to its end, with numbers that only grow; heads and seals of any
/// octets say what is possible.
pub fn segment(octets: &[u8]) {
    for salt in [0, NAME.salt] {
        let name = Name { salt, ..NAME };
        let mut last = name.first - 1;
        let mut passed = HEAD;
        for (seq, payload, at, skipped) in scan(octets.to_vec(), name) {
            assert!(seq > last && at == passed + skipped);
            passed = at + (frame::HEAD + payload.len()) as u64;
            last = seq;
        }
        assert!(passed <= octets.len().max(64) as u64);
    }
    if let Some(seal) = Seal::read(octets, octets.len() as u64) {
        assert!(seal.end >= seal.name.first && seal.len < octets.len() as u64);
    }
    if let Found::Whole(head) = Head::read(octets) {
        assert!(Name::read(std::path::Path::new(&head.name.text())) == Some(head.name));
    }
}

/// A segment of ours that these octets damage gives records of ours and no other, in their order;
/// what lies before the first damage is all there. Each edit is four octets: what, where (two),
/// how much.
pub fn damage(octets: &[u8]) {
    let whole = sample();
    let mut bad = whole.clone();
    for edit in octets.chunks(4).take(16) {
        let [what, high, low, much] = *edit else { break };
        let at = usize::from(u16::from_be_bytes([high, low])) % bad.len().max(1);
        let end = (at + usize::from(much)).min(bad.len());
        match what % 6 {
            0 => bad.truncate(at),
            1 => bad.iter_mut().skip(at).take(end - at).for_each(|octet| *octet = 0),
            2 => bad.iter_mut().skip(at).take(1).for_each(|octet| *octet ^= much),
            3 => drop(bad.drain(at..end)),
            4 => drop(bad.splice(at..at, octets.iter().copied())),
            _ => {
                let copy = bad.get(at..end).unwrap_or_default().to_vec();
                bad.extend_from_slice(&copy);
            }
        }
    }
    let unharmed = whole.iter().zip(&bad).take_while(|(one, other)| one == other).count();
    let mut last = NAME.first - 1;
    let mut got = Vec::new();
    for (seq, payload, ..) in scan(bad, NAME) {
        assert!(seq > last && seq < NAME.first + RECORDS, "{seq} after {last}");
        assert_eq!(payload, self::payload(seq), "record {seq}");
        last = seq;
        got.push(seq);
    }
    let mut end = HEAD as usize;
    for seq in NAME.first..NAME.first + RECORDS {
        end += frame::HEAD + payload(seq).len();
        assert!(end > unharmed || got.contains(&seq), "{seq} is whole");
    }
}

/// Samples for [`segment`] and [`damage`].
#[must_use]
pub fn samples() -> Vec<Vec<u8>> {
    vec![sample(), vec![2, 0, 200, 1, 1, 1, 0, 90], vec![4, 0, 64, 0, 0, 3, 0, 0]]
}

/// Samples for [`cursor`].
#[must_use]
pub fn cursor_samples() -> Vec<Vec<u8>> {
    vec![cursor::text(&[("alerts".to_owned(), 1234), ("facts".to_owned(), 7)].into()).into_bytes()]
}

fn sample() -> Vec<u8> {
    let mut out = Head { name: NAME, begun: 1 }.write("alerts");
    for seq in NAME.first..NAME.first + RECORDS {
        frame::write(NAME.salt, seq, &payload(seq), &mut out);
    }
    out
}

/// Some payloads hold a record themselves, of another salt; some look like many heads.
fn payload(seq: u64) -> Vec<u8> {
    let mut out = vec![b'a'; usize::try_from(seq * 37 % 400).unwrap_or_default()];
    match seq % 4 {
        0 => frame::write(0, seq + 1, b"not a record of ours", &mut out),
        1 => (0..20).for_each(|_| out.extend_from_slice(&(seq + 2).to_le_bytes())),
        _ => {}
    }
    out
}

fn scan(octets: Vec<u8>, name: Name) -> Vec<(u64, Vec<u8>, u64, u64)> {
    let len = octets.len() as u64;
    let mut scan = Scan::new(octets, name);
    let mut found = Vec::new();
    while let Ok(Some(record)) = scan.next(len, name.first + RECORDS) {
        found.push((record.seq, record.payload.to_vec(), record.at, record.skipped));
    }
    assert!(scan.at() >= len, "passed to its end");
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_hold_over_samples_and_random_edits() {
        for octets in samples() {
            segment(&octets);
            damage(&octets);
        }
        cursor_samples().iter().for_each(|octets| cursor(octets));
        let mut state = 7_u64;
        let long = std::env::var_os("RMMWATCH_LONG").is_some();
        for round in 0..if long { 3_000_000 } else { 4_000 } {
            let edits: Vec<u8> = (0..4 + round % 32)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state.to_le_bytes()[3]
                })
                .collect();
            damage(&edits);
            segment(&edits);
        }
    }

    #[test]
    fn octets_that_all_look_like_heads_end_within_their_budget() {
        // Every place may begin a record of up to 1 MiB with a likely number.
        let mut octets = vec![0; 64];
        let mut head = vec![9, 9, 9, 9];
        head.extend_from_slice(&0x000f_0000_u32.to_le_bytes());
        head.extend_from_slice(&(NAME.first + 3).to_le_bytes());
        (0..1 << 18).for_each(|_| octets.extend_from_slice(&head));
        let begun = std::time::Instant::now();
        assert_eq!(scan(octets, NAME), []);
        assert!(begun.elapsed().as_secs() < 10);
    }
}
