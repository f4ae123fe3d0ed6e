//! Lines of an input, each within a bound.

use std::io::{self, BufRead, ErrorKind};

use crate::limits::LINE_BYTES_MAX;

/// A line's octets without its end.
pub(super) enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// It is longer than [`LINE_BYTES_MAX`].
    TooLong,
}

/// Give each line of an input with its number, from 1, to `each`.
pub(super) fn each(mut input: impl BufRead, mut each: impl FnMut(u64, Line<'_>)) -> io::Result<()> {
    let mut held = Vec::new();
    let (mut number, mut too_long) = (1u64, false);
    loop {
        let octets = match input.fill_buf() {
            Ok(octets) => octets,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let last = octets.is_empty();
        let end = octets.iter().position(|octet| *octet == b'\n');
        let part = octets.get(..end.unwrap_or(octets.len())).unwrap_or_default();
        let used = part.len() + usize::from(end.is_some());
        too_long |= held.len() + part.len() > LINE_BYTES_MAX;
        if !too_long {
            held.extend_from_slice(part);
        }
        input.consume(used);
        if end.is_none() && !last {
            continue;
        }
        if too_long {
            each(number, Line::TooLong);
        } else if let Some(line) = trimmed(&held) {
            each(number, Line::Whole(line));
        }
        if last {
            return Ok(());
        }
        held.clear();
        (number, too_long) = (number.saturating_add(1), false);
    }
}

/// A line without the marks that other systems put around it; `None` for an empty one.
fn trimmed(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    (!line.is_empty()).then_some(line)
}
