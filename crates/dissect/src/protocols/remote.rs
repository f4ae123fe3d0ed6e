//! What the readers of remote access tell, in one shape: text that is safe to print, and bounded.

use model::{Fact, Protocol, RemoteProtocol, Side};

use super::http::text::printable;
use super::limits::{REMOTE_DETAIL_MAX, REMOTE_VERSION_MAX};
use super::reader::Out;

/// What a greeting told, word by word.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Told {
    pub(super) version: Option<Box<str>>,
    pub(super) details: Vec<(&'static str, Box<str>)>,
}

impl Told {
    /// The version, as it came.
    pub(super) fn version(&mut self, octets: &[u8]) {
        self.version = Some(printable(octets, REMOTE_VERSION_MAX));
    }

    /// One more detail. One that is empty is left out.
    pub(super) fn add(&mut self, word: &'static str, octets: &[u8]) {
        if !octets.is_empty() {
            self.details.push((word, printable(octets, REMOTE_DETAIL_MAX)));
        }
    }

    /// Tell it: `side` was the first to show `protocol`.
    pub(super) fn tell(self, protocol: Protocol, side: Side, out: &mut Out<'_>) {
        let Told { version, details } = self;
        (out.fact)(Fact::Remote(Box::new(RemoteProtocol { protocol, side, version, details })));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_safe_and_bounded() {
        let mut told = Told::default();
        told.version(&[b'1'; 100]);
        told.add("software", b"a\r\nb");
        told.add("cookie", b"");
        told.add("desktop", &[0xff; 100]);
        assert_eq!(told.version.as_deref().map(str::len), Some(REMOTE_VERSION_MAX));
        let shown: Vec<_> = told.details.iter().map(|(word, text)| (*word, text.len())).collect();
        assert_eq!(shown, [("software", 10), ("desktop", REMOTE_DETAIL_MAX)]);
        assert_eq!(&*told.details[0].1, "a\\x0d\\x0ab");
    }
}
