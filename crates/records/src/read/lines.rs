//! Lines of an input, each within a bound.

use std::io::{self, BufRead, ErrorKind};
use std::ops::ControlFlow;

use crate::limits::LINE_BYTES_MAX;

/// A line's octets without its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// It is longer than [`LINE_BYTES_MAX`].
    TooLong,
}

/// Give each line of an input that is not empty, with its number from 1, to `each`, until that
/// breaks off.
///
/// # Errors
/// When the input fails.
pub fn each(
    mut input: impl BufRead,
    mut each: impl FnMut(u64, Line<'_>) -> ControlFlow<()>,
) -> io::Result<()> {
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
        let heard = if too_long {
            each(number, Line::TooLong)
        } else {
            trimmed(&held).map_or(ControlFlow::Continue(()), |line| each(number, Line::Whole(line)))
        };
        if last || heard.is_break() {
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
