//! Frames (RFC 9113 §4, §6): nine octets of head, and a payload.

use std::borrow::Cow;

use crate::protocols::limits::WAIT_MAX;

/// What a client sends first (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// RFC 9113 §6.
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;

/// Flags.
pub(super) const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

/// A frame's head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Frame {
    /// Octets of its payload.
    pub(super) len: usize,
    /// What it is.
    pub(super) kind: u8,
    /// What that means depends on the kind.
    pub(super) flags: u8,
    /// Number of the exchange that it belongs to; 0 for the connection.
    pub(super) stream: u32,
}

impl Frame {
    /// Octets of a head.
    pub(super) const HEAD: usize = 9;

    /// The head that octets begin with.
    pub(super) fn read(octets: &[u8]) -> Option<Frame> {
        let [a, b, c, kind, flags, d, e, f, g] = *octets.first_chunk::<{ Frame::HEAD }>()?;
        Some(Frame {
            len: u32::from_be_bytes([0, a, b, c]) as usize,
            kind,
            flags,
            // The first bit is reserved.
            stream: u32::from_be_bytes([d & 0x7f, e, f, g]),
        })
    }

    /// Octets of all of it.
    pub(super) const fn whole(&self) -> usize {
        self.len.saturating_add(Frame::HEAD)
    }

    /// As much as there is of the data in a payload, without its padding.
    pub(super) fn data<'a>(&self, payload: &'a [u8]) -> &'a [u8] {
        if self.flags & PADDED == 0 {
            return payload;
        }
        let Some((padding, data)) = payload.split_first() else { return &[] };
        let len = self.len.saturating_sub(usize::from(*padding)).saturating_sub(1);
        data.get(..len).unwrap_or(data)
    }

    /// The part of a block of fields in a whole payload; `None` when lengths contradict.
    fn fragment<'a>(&self, payload: &'a [u8]) -> Option<&'a [u8]> {
        if self.kind == CONTINUATION {
            return Some(payload);
        }
        let data = self.data(payload);
        let before = match self.kind {
            HEADERS if self.flags & PRIORITY != 0 => 5,
            PUSH_PROMISE => 4,
            _ => 0,
        };
        data.get(before..)
    }
}

/// A block of fields.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Block<'a> {
    /// It is whole, and takes so many octets of the stream.
    Whole(Cow<'a, [u8]>, usize),
    /// There is just this much of it yet.
    Part(Cow<'a, [u8]>),
    /// It is longer than is waited for.
    TooLong(Cow<'a, [u8]>),
    /// Frames that contradict themselves.
    Malformed,
}

/// Put together the block of fields that begins with the frame at hand (RFC 9113 §4.3: nothing may
/// stand between its frames).
pub(super) fn block(octets: &[u8]) -> Block<'_> {
    let mut gathered: Cow<'_, [u8]> = Cow::Borrowed(&[]);
    let mut rest = octets;
    let mut first: Option<Frame> = None;
    while let Some(frame) = Frame::read(rest) {
        if let Some(first) = first
            && (frame.kind, frame.stream) != (CONTINUATION, first.stream)
        {
            return Block::Malformed;
        }
        first.get_or_insert(frame);
        let payload = rest.get(Frame::HEAD..).unwrap_or_default();
        let (there, after) = payload.split_at_checked(frame.len).unwrap_or((payload, &[]));
        let Some(part) = frame.fragment(there) else {
            return if there.len() < frame.len { Block::Part(gathered) } else { Block::Malformed };
        };
        if gathered.is_empty() {
            gathered = Cow::Borrowed(part);
        } else {
            gathered.to_mut().extend_from_slice(part);
        }
        if there.len() < frame.len {
            break;
        }
        if frame.flags & END_HEADERS != 0 {
            return Block::Whole(gathered, octets.len().saturating_sub(after.len()));
        }
        rest = after;
    }
    if octets.len() < WAIT_MAX { Block::Part(gathered) } else { Block::TooLong(gathered) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let len = (payload.len() as u32).to_be_bytes();
        [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    }

    #[test]
    fn blocks_at_every_cut() {
        let table: &[(Vec<u8>, &[u8])] = &[
            (frame(HEADERS, END_HEADERS, 1, b"abc"), b"abc"),
            (frame(HEADERS, END_HEADERS | PADDED, 1, b"\x02abc\0\0"), b"abc"),
            (frame(HEADERS, END_HEADERS | PRIORITY, 1, b"\0\0\0\0\x10abc"), b"abc"),
            (frame(HEADERS, END_HEADERS | PRIORITY | PADDED, 1, b"\x01\0\0\0\0\x10abc\0"), b"abc"),
            (frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\x02abc"), b"abc"),
            (
                [
                    frame(HEADERS, 0, 3, b"a"),
                    frame(CONTINUATION, 0, 3, b""),
                    frame(CONTINUATION, END_HEADERS, 3, b"bc"),
                ]
                .concat(),
                b"abc",
            ),
        ];
        for (octets, want) in table {
            for cut in 0..octets.len() {
                let Block::Part(part) = block(&octets[..cut]) else { panic!("cut at {cut}") };
                assert!(want.starts_with(&part), "cut at {cut}");
            }
            let more = [&octets[..], b"more"].concat();
            assert_eq!(block(&more), Block::Whole(Cow::Borrowed(want), octets.len()));
        }
    }

    #[test]
    fn frames_that_contradict_themselves() {
        let table = [
            [frame(HEADERS, 0, 1, b"a"), frame(DATA, 0, 1, b"")].concat(),
            [frame(HEADERS, 0, 1, b"a"), frame(CONTINUATION, END_HEADERS, 3, b"b")].concat(),
            frame(HEADERS, END_HEADERS | PRIORITY, 1, b"\0\0"),
        ];
        for octets in table {
            assert_eq!(block(&octets), Block::Malformed, "{octets:02x?}");
        }
        let endless =
            [frame(HEADERS, 0, 1, b"a"), frame(CONTINUATION, 0, 1, &[7; 12_000])].concat();
        assert_eq!(block(&endless), Block::Part(Cow::Owned([&b"a"[..], &[7; 12_000]].concat())));
        let endless = [endless, frame(CONTINUATION, 0, 1, &[7; 300])].concat();
        assert!(matches!(block(&endless), Block::TooLong(_)));
    }
}
