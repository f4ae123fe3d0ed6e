//! Bodies (RFC 9112 §6): passed over by their length, but for their first octets.

use super::file::First;
use super::head::Head;
use super::text::hex;
use crate::protocols::limits::HTTP_CHUNK_LINE_MAX;

/// Where in a body a reader stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Body {
    /// So many octets are left.
    Length(u64),
    /// All that follows on the connection.
    Close,
    /// Before the line that begins a chunk.
    ChunkLine,
    /// So many octets of a chunk are left.
    Chunk(u64),
    /// Before the line end behind a chunk.
    ChunkEnd,
    /// Before a line of the trailer section.
    Trailer,
}

/// What came of octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// More octets are needed.
    More,
    /// The body has ended.
    Ended,
    /// The framing makes no sense.
    Malformed,
}

/// The body that a head announces, where it announces one; `Err` when its length is no number.
pub(super) fn announced(head: Head<'_>) -> Result<Option<Body>, ()> {
    // RFC 9112 §6.3: a transfer coding overrides the length.
    if let Some(codings) = head.field("Transfer-Encoding")
        && codings.to_ascii_lowercase().ends_with(b"chunked")
    {
        return Ok(Some(Body::ChunkLine));
    }
    declared(head).map(|len| len.map(Body::Length))
}

/// The declared length in octets.
pub(super) fn declared(head: Head<'_>) -> Result<Option<u64>, ()> {
    let Some(value) = head.field("Content-Length") else { return Ok(None) };
    // RFC 9110 §8.6: the same length, repeated, is to be taken as one.
    let mut parts = value.split(|octet| *octet == b',').map(<[u8]>::trim_ascii);
    let first = parts.next().unwrap_or_default();
    if !parts.all(|part| part == first) {
        return Err(());
    }
    let digits = std::str::from_utf8(first).map_err(|_| ())?;
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(());
    }
    digits.parse().map(Some).map_err(|_| ())
}

impl Body {
    /// Pass over octets of the body, the first of which go to `first`: how many (more than there
    /// are, when those that follow are known to be of the body), and what came of it.
    pub(super) fn read(&mut self, octets: &[u8], first: &mut First) -> (u64, Progress) {
        let mut rest = octets;
        loop {
            let done = octets.len().saturating_sub(rest.len()) as u64;
            let (line, after) = match *self {
                Body::Close => {
                    first.push(rest);
                    return (octets.len() as u64, Progress::More);
                }
                Body::Length(len) | Body::Chunk(len) => {
                    let there = usize::try_from(len).unwrap_or(usize::MAX).min(rest.len());
                    let (data, after) = rest.split_at_checked(there).unwrap_or((rest, &[]));
                    first.push(data);
                    let left = len.saturating_sub(there as u64);
                    // Skip what cannot be seen yet, once nobody wants to see it.
                    let left = if first.wants_more() { left } else { 0 };
                    let is_chunk = matches!(self, Body::Chunk(_));
                    if left > 0 {
                        *self = if is_chunk { Body::Chunk(left) } else { Body::Length(left) };
                        return (octets.len() as u64, Progress::More);
                    }
                    let skipped = len.saturating_sub(there as u64);
                    *self = Body::ChunkEnd;
                    if !is_chunk {
                        *self = Body::Length(0);
                        return (done.saturating_add(len), Progress::Ended);
                    }
                    if skipped > 0 {
                        return (done.saturating_add(len), Progress::More);
                    }
                    rest = after;
                    continue;
                }
                Body::ChunkLine | Body::ChunkEnd | Body::Trailer => match line(rest) {
                    Some(parts) => parts,
                    None if rest.len() > HTTP_CHUNK_LINE_MAX => return (done, Progress::Malformed),
                    None => return (done, Progress::More),
                },
            };
            rest = after;
            *self = match *self {
                Body::ChunkLine => match chunk_size(line) {
                    Some(0) => Body::Trailer,
                    Some(size) => Body::Chunk(size),
                    None => return (done, Progress::Malformed),
                },
                Body::ChunkEnd if line.is_empty() => Body::ChunkLine,
                Body::ChunkEnd => return (done, Progress::Malformed),
                _ if line.is_empty() => {
                    let done = octets.len().saturating_sub(rest.len()) as u64;
                    return (done, Progress::Ended);
                }
                same => same,
            };
        }
    }
}

fn line(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = octets.iter().position(|octet| *octet == b'\n')?;
    let (line, rest) = octets.split_at_checked(end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..)?))
}

/// The size of a chunk (RFC 9112 §7.1); extensions are passed over.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
    if size.is_empty() || size.len() > 15 {
        return None;
    }
    let mut value = 0u64;
    for digit in size {
        value = value << 4 | u64::from(hex(*digit)?);
    }
    Some(value)
}

#[cfg(test)]
#[allow(clippy::type_complexity, reason = "tables")]
mod tests {
    use super::*;

    /// Feed octets in pieces of `step`: how many of them were consumed until the body ended.
    fn feed(mut body: Body, octets: &[u8], step: usize) -> Result<usize, Progress> {
        let mut first = First::none();
        let (mut start, mut end) = (0usize, 0usize);
        loop {
            end = (end + step).min(octets.len());
            let (count, progress) = body.read(&octets[start.min(end)..end], &mut first);
            start += usize::try_from(count).expect("a short body");
            match progress {
                Progress::Ended => return Ok(start),
                Progress::Malformed => return Err(progress),
                Progress::More if end == octets.len() => return Err(progress),
                Progress::More => {}
            }
        }
    }

    #[test]
    fn bodies_end_where_they_say() {
        let chunked: &[u8] = b"4\r\nWiki\r\n0A;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\nGET";
        for step in 1..chunked.len() {
            assert_eq!(feed(Body::ChunkLine, chunked, step), Ok(chunked.len() - 3), "{step}");
        }
        assert_eq!(feed(Body::ChunkLine, b"1\na\n0\n\nrest", 3), Ok(7));
        assert_eq!(feed(Body::Length(5), b"0123456789", 3), Ok(5));
        assert_eq!(feed(Body::Length(0), b"GET", 3), Ok(0));
        assert_eq!(feed(Body::ChunkLine, b"xyz\r\n", 9), Err(Progress::Malformed));
        assert_eq!(feed(Body::ChunkLine, b"1\r\nab\r\n", 9), Err(Progress::Malformed));
        assert_eq!(feed(Body::ChunkLine, b"5\r\nab", 9), Err(Progress::More));
    }

    #[test]
    fn a_body_that_nobody_wants_is_skipped_unseen() {
        let mut body = Body::Length(1 << 40);
        assert_eq!(body.read(b"abc", &mut First::none()), (1 << 40, Progress::Ended));
        let mut body = Body::ChunkLine;
        let (count, progress) = body.read(b"ffff\r\nabc", &mut First::none());
        assert_eq!((count, progress, body), (6 + 0xffff, Progress::More, Body::ChunkEnd));
    }

    #[test]
    fn lengths() {
        let table: &[(&[u8], Result<Option<u64>, ()>)] = &[
            (b"a\r\n", Ok(None)),
            (b"a\nContent-Length:    22\n", Ok(Some(22))),
            (b"a\nContent-Length: 5, 5\n", Ok(Some(5))),
            (b"a\nContent-Length: 5, 6\n", Err(())),
            (b"a\nContent-Length: +5\n", Err(())),
            (b"a\nContent-Length:\n", Err(())),
            (b"a\nContent-Length: 99999999999999999999\n", Err(())),
        ];
        for (head, want) in table {
            assert_eq!(declared(Head(head)), *want, "{head:?}");
        }
    }
}
