//! Lines out of octets that come in any pieces, in bounded memory.

use std::io::{self, Read};

use crate::limits::LINE_BYTES_MAX;

/// Octets asked for at once.
const PIECE_OCTETS: usize = 256 << 10;

/// Give each line of `begun` and of `rest` behind it, without its end, numbered from 1, until
/// `each` says `false` or `most` octets of `rest` were read. `true`: all was read.
///
/// A line longer than [`LINE_BYTES_MAX`] is given cut, one octet longer than that. Octets that are
/// no UTF-8 become U+FFFD.
pub(crate) fn each_line(
    begun: &[u8],
    rest: &mut dyn Read,
    most: u64,
    each: &mut dyn FnMut(u32, &str) -> bool,
) -> io::Result<bool> {
    let mut cutter = Cutter { number: 0, carried: Vec::new() };
    if !cutter.take(begun, each) {
        return Ok(true);
    }
    let mut rest = rest.take(most);
    let mut piece = vec![0u8; PIECE_OCTETS];
    loop {
        let len = match rest.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => len,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
            Err(why) => return Err(why),
        };
        if !cutter.take(piece.get(..len).unwrap_or_default(), each) {
            return Ok(true);
        }
    }
    if !cutter.carried.is_empty() {
        cutter.give(&[], each);
    }
    if rest.limit() > 0 {
        return Ok(true);
    }
    let mut more = [0u8; 1];
    Ok(rest.into_inner().read(&mut more)? == 0)
}

struct Cutter {
    number: u32,
    /// The beginning of a line whose end is not there yet; at most an octet over the bound.
    carried: Vec<u8>,
}

impl Cutter {
    fn take(&mut self, mut piece: &[u8], each: &mut dyn FnMut(u32, &str) -> bool) -> bool {
        while let Some(end) = piece.iter().position(|octet| *octet == b'\n') {
            let (line, after) = piece.split_at_checked(end).unwrap_or((piece, &[]));
            if !self.give(line, each) {
                return false;
            }
            piece = after.get(1..).unwrap_or_default();
        }
        self.carry(piece);
        true
    }

    fn carry(&mut self, piece: &[u8]) {
        let room = (LINE_BYTES_MAX + 1).saturating_sub(self.carried.len());
        self.carried.extend_from_slice(piece.get(..room).unwrap_or(piece));
    }

    fn give(&mut self, end: &[u8], each: &mut dyn FnMut(u32, &str) -> bool) -> bool {
        self.number = self.number.saturating_add(1);
        let whole = if self.carried.is_empty() && end.len() <= LINE_BYTES_MAX + 1 {
            end
        } else {
            self.carry(end);
            &self.carried
        };
        let line = whole.strip_suffix(b"\r").unwrap_or(whole);
        let go_on = match std::str::from_utf8(line) {
            Ok(line) => each(self.number, line),
            Err(_) => each(self.number, &String::from_utf8_lossy(line)),
        };
        self.carried.clear();
        go_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `step` octets at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len()).min(into.len());
            let (now, later) = self.0.split_at(len);
            into[..len].copy_from_slice(now);
            self.0 = later;
            Ok(len)
        }
    }

    fn lines(begun: &[u8], rest: &[u8], step: usize, most: u64) -> (Vec<(u32, String)>, bool) {
        let mut lines = Vec::new();
        let all = each_line(begun, &mut Slow(rest, step), most, &mut |number, line| {
            lines.push((number, line.to_owned()));
            line != "stop"
        });
        (lines, all.unwrap())
    }

    #[test]
    fn lines_are_the_same_however_the_octets_come() {
        let long = "x".repeat(LINE_BYTES_MAX + 500);
        let text = format!("a\r\nbc\n\n{long}\nd\u{e9}\nlast");
        let want: Vec<(u32, String)> = ["a", "bc", "", &long[..=LINE_BYTES_MAX], "dé", "last"]
            .iter()
            .zip(1..)
            .map(|(line, number)| (number, (*line).to_owned()))
            .collect();
        for split in [0, 1, 3, 4, text.len()] {
            for step in [1, 3, 4096, usize::MAX] {
                let (begun, rest) = text.as_bytes().split_at(split);
                assert_eq!(
                    lines(begun, rest, step, u64::MAX),
                    (want.clone(), true),
                    "{split} {step}"
                );
            }
        }
    }

    #[test]
    fn reading_stops_where_it_must() {
        let table: &[(&str, u64, &[&str], bool)] = &[
            ("a\nstop\nb\n", 99, &["a", "stop"], true),
            ("a\nbc\n", 5, &["a", "bc"], true),
            ("a\nbc\n", 3, &["a", "b"], false),
            ("", 0, &[], true),
        ];
        for (text, most, want, whole) in table {
            let (got, all) = lines(b"", text.as_bytes(), 2, *most);
            let got: Vec<&str> = got.iter().map(|(_, line)| line.as_str()).collect();
            assert_eq!((got, all), (want.to_vec(), *whole), "{text:?} {most}");
        }
        assert_eq!(lines(b"", b"\xff\xfe", 9, 9).0, [(1, "\u{fffd}\u{fffd}".to_owned())]);
    }
}
