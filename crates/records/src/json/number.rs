//! Numbers and addresses as text, by tables that are made while compiling.

use std::net::{IpAddr, Ipv6Addr};

use super::Page;

/// Where the longest run of zeros among eight groups begins and ends, the first of equals, by which
/// of the groups are zero, the first group the highest bit; nowhere, 8 to 8, where it is one group.
const ZERO_RUNS: [(usize, usize); 256] = zero_runs();
/// `00` to `99`.
const PAIRS: [[u8; 2]; 100] = pairs();
/// `00` to `ff`.
const HEX: [[u8; 2]; 256] = hex_pairs();
/// The decimal digits of an octet and how many they are; a dot behind them.
const OCTETS: [([u8; 4], usize); 256] = octets();

/// The two lower-case hexadecimal digits of an octet.
#[inline]
pub(crate) fn hex(octet: u8) -> [u8; 2] {
    HEX.get(usize::from(octet)).copied().unwrap_or_default()
}

/// The two decimal digits of a number below 100.
#[inline]
pub(crate) fn pair(number: u64) -> [u8; 2] {
    let place = usize::try_from(number).unwrap_or(0);
    PAIRS.get(place).copied().unwrap_or_default()
}

/// As many as eight digits tell.
const EIGHT: u64 = 100_000_000;

/// Add a whole number.
#[inline]
pub(crate) fn digits(out: &mut Page, number: u64) {
    // What is counted is small, mostly.
    if number < 100 {
        let [tens, ones] = pair(number);
        return match number < 10 {
            true => out.put(&[ones]),
            false => out.put(&[tens, ones]),
        };
    }
    if number >= EIGHT {
        digits(out, number / EIGHT);
        return out.put(&eight(number % EIGHT).to_le_bytes());
    }
    // Without the zeros before it; the last digit stays. Its first octet is the word's lowest.
    let word = eight(number);
    let zeros = ((word & !ZEROS) | 1 << 56).trailing_zeros() / 8 * 8;
    out.put_first(&(word >> zeros).to_le_bytes(), (64 - zeros as usize) / 8);
}

/// `0`, eight times.
const ZEROS: u64 = u64::from_le_bytes(*b"00000000");

/// The eight decimal digits of a number below [`EIGHT`], the first one lowest. The number is cut
/// into halves that stand beside each other in the word, those into halves again, and so on: each
/// step is one multiplication for all of them, which stands for a division by 10,000, 100 or 10
/// (exact for numbers of that many digits).
#[inline]
fn eight(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let upper = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = upper | ((fours - upper * 100) << 16);
    let upper = ((twos * 103) >> 10) & 0x0f_000f_000f_000f;
    upper | ((twos - upper * 10) << 8) | ZEROS
}

/// Add an address, IPv6 as RFC 5952 recommends.
#[inline]
pub(crate) fn ip(out: &mut Page, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => v4(out, ip.octets()),
        IpAddr::V6(ip) => v6(out, ip),
    }
}

#[inline]
fn v4(out: &mut Page, octets: [u8; 4]) {
    let mut text = [0; 16];
    let mut at = 0;
    for octet in octets {
        let (digits, len) = OCTETS.get(usize::from(octet)).copied().unwrap_or_default();
        // The last of four octets begins at 12 at most.
        if let Some(place) = text.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *place = digits;
        }
        at += len + 1;
    }
    out.put_first(&text, at - 1);
}

/// The longest run of zero groups, if there are two at least, becomes `::`, the first of equals;
/// an IPv4 address in one of IPv6 is shown as that (RFC 5952 §4.2, §5).
fn v6(out: &mut Page, ip: Ipv6Addr) {
    if let Some(mapped) = ip.to_ipv4_mapped() {
        out.put(b"::ffff:");
        return v4(out, mapped.octets());
    }
    let segments = ip.segments();
    let zeros = segments.iter().fold(0, |zeros, segment| zeros << 1 | usize::from(*segment == 0));
    let (from, to) = ZERO_RUNS.get(zeros).copied().unwrap_or((8, 8));
    // Each group with a colon behind it; of the last one that is taken back.
    let (mut text, mut at) = ([0; 48], 0);
    let mut add = |octets: [u8; 8], len: usize| {
        if let Some(place) = text.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *place = octets;
            at += len;
        }
    };
    for segment in segments.get(..from).unwrap_or_default() {
        let (digits, len) = group(*segment);
        add(digits, len);
    }
    if from < to {
        // The colon of the group before is the first of the two.
        add(*b"::\0\0\0\0\0\0", if from == 0 { 2 } else { 1 });
    }
    for segment in segments.get(to..).unwrap_or_default() {
        let (digits, len) = group(*segment);
        add(digits, len);
    }
    let colon = if from < to && to == 8 { 0 } else { 1 };
    out.put_first(&text, at - colon);
}

/// The hexadecimal digits of a group without zeros before them and a colon behind them, and how
/// many octets that is: 2 to 5.
#[inline]
fn group(group: u16) -> ([u8; 8], usize) {
    let [high, low] = group.to_be_bytes();
    let ([first, second], [third, fourth]) = (hex(high), hex(low));
    let word = u64::from_le_bytes([first, second, third, fourth, b':', 0, 0, 0]);
    let zeros = (group | 1).leading_zeros() / 4;
    // The first octet is the word's lowest.
    ((word >> (8 * zeros)).to_le_bytes(), 5 - zeros as usize)
}

#[allow(clippy::indexing_slicing)] // While compiling: a wrong place would not build.
const fn zero_runs() -> [(usize, usize); 256] {
    let mut table = [(8, 8); 256];
    let mut zeros = 0;
    while zeros < 256 {
        let (mut place, mut run, mut longest) = (0, 0, 1);
        while place < 8 {
            run = if zeros >> (7 - place) & 1 == 1 { run + 1 } else { 0 };
            place += 1;
            if run > longest {
                longest = run;
                table[zeros] = (place - run, place);
            }
        }
        zeros += 1;
    }
    table
}

#[allow(clippy::indexing_slicing)] // While compiling, too.
#[allow(clippy::cast_possible_truncation)]
const fn pairs() -> [[u8; 2]; 100] {
    let mut table = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        table[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    table
}

#[allow(clippy::indexing_slicing)] // While compiling, too.
const fn hex_pairs() -> [[u8; 2]; 256] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut number = 0;
    while number < 256 {
        table[number] = [DIGITS[number / 16], DIGITS[number % 16]];
        number += 1;
    }
    table
}

#[allow(clippy::indexing_slicing)] // While compiling, too.
#[allow(clippy::cast_possible_truncation)]
const fn octets() -> [([u8; 4], usize); 256] {
    let mut table = [([0; 4], 0); 256];
    let mut number = 0;
    while number < 256 {
        let hundreds = b'0' + (number / 100) as u8;
        let [tens, ones] = [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8];
        table[number] = match number {
            0..10 => ([ones, b'.', 0, 0], 1),
            10..100 => ([tens, ones, b'.', 0], 2),
            _ => ([hundreds, tens, ones, b'.'], 3),
        };
        number += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(write: impl FnOnce(&mut Page)) -> String {
        let mut out = Page::default();
        write(&mut out);
        String::from_utf8(out.octets().to_vec()).expect("text")
    }

    #[test]
    fn whole_numbers() {
        let powers = (0..20).map(|power| 10_u64.pow(power));
        let near = powers.flat_map(|power| [power - 1, power, power.saturating_add(1)]);
        for number in near.chain(0..100_000).chain([u64::MAX, u64::MAX - 1]) {
            assert_eq!(made(|out| digits(out, number)), number.to_string());
        }
    }

    #[test]
    fn octets_in_digits() {
        for octet in 0..=255 {
            assert_eq!(hex(octet), *format!("{octet:02x}").as_bytes());
            for octets in [[octet, 0, 255, 19], [1, octet, 10, 200], [99, 100, octet, octet]] {
                let want = IpAddr::from(octets);
                assert_eq!(made(|out| ip(out, want)), want.to_string());
            }
        }
    }

    #[test]
    fn addresses_of_eight_groups_are_shown_as_the_standard_library_shows_them() {
        // Every pattern of zeros, with groups of one to four digits between.
        for pattern in 0_u32..256 {
            for value in [0x1, 0xf0, 0xabc, 0xffff, 0x1000, 0x100, 0x10] {
                let group = |place: u32| if pattern >> place & 1 == 1 { value } else { 0 };
                let [a, b, c, d, e, f, g, h] = std::array::from_fn(|place| group(place as u32));
                let want = IpAddr::from([a, b, c, d, e, f, g, h]);
                assert_eq!(made(|out| ip(out, want)), want.to_string());
            }
        }
        for text in ["::ffff:10.0.0.1", "::ffff:0:0", "::10.0.0.1", "64:ff9b::10.0.0.1", "fe80::1"]
        {
            let want: IpAddr = text.parse().expect("an address");
            assert_eq!(made(|out| ip(out, want)), want.to_string());
        }
    }
}
