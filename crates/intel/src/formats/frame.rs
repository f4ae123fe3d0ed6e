//! What a feed format must be able to do: tell whether a text is its own, and give its entries.

use std::borrow::Cow;

use ipnet::IpNet;
use model::{ListKind, Severity, Stage};

use crate::day::Day;
use crate::pattern::NamePattern;
use crate::rows::Column;
use crate::sheet::Complaints;

/// What an indicator is about.
#[derive(Debug)]
pub(crate) enum Subject<'a> {
    /// A name, valid and in the wire's spelling.
    Name(Cow<'a, str>),
    /// An address or a network.
    Network(IpNet),
    /// A family of names.
    Pattern(Box<NamePattern>),
    /// One page: a host in the wire's spelling and the path behind it, as in `host/path?query`;
    /// `host:port/path` when the port is not the scheme's own.
    Url(Cow<'a, str>),
    /// The JA3 fingerprint of a hello: 32 hexadecimal digits in lower case.
    Ja3(Cow<'a, str>),
    /// The JA4 fingerprint of a hello.
    Ja4(Cow<'a, str>),
    /// A certificate's SHA-1 or SHA-256: 40 or 64 hexadecimal digits in lower case.
    Certificate(Cow<'a, str>),
    /// The name of a file that comes down, in lower case.
    File(Cow<'a, str>),
}

impl Subject<'_> {
    /// The same, owning its text.
    pub(crate) fn into_owned(self) -> Subject<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Subject::Name(text) => Subject::Name(own(text)),
            Subject::Network(network) => Subject::Network(network),
            Subject::Pattern(pattern) => Subject::Pattern(pattern),
            Subject::Url(text) => Subject::Url(own(text)),
            Subject::Ja3(text) => Subject::Ja3(own(text)),
            Subject::Ja4(text) => Subject::Ja4(own(text)),
            Subject::Certificate(text) => Subject::Certificate(own(text)),
            Subject::File(text) => Subject::File(own(text)),
        }
    }
}

/// One indicator.
#[derive(Debug)]
pub(crate) struct Listed<'a> {
    pub(crate) subject: Subject<'a>,
    /// Just the name, nothing below it.
    pub(crate) exact: bool,
    pub(crate) stage: Option<Stage>,
    /// What the list says of it; empty when nothing.
    pub(crate) description: Cow<'a, str>,
    /// How sure the list is of it, where that differs from the rest.
    pub(crate) confidence_pct: Option<u8>,
    /// The first day on which it no longer counts.
    pub(crate) until: Option<Day>,
    /// Where it stands, counted from 1.
    pub(crate) line: u32,
}

/// What a feed says of itself.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) confidence_pct: Option<u8>,
    pub(crate) severity: Option<Severity>,
    pub(crate) licence: Option<String>,
    pub(crate) kind: Option<ListKind>,
    /// Days after its version's day, at which entries end that do not say when.
    pub(crate) expires_days: Option<u16>,
    /// Values that no wire shows, e.g. hashes of files and mail addresses: no mistakes, but of no
    /// use here.
    pub(crate) unseen: u64,
    /// Entries that the feed itself says not to look for: revoked, deleted, refuted, or just noted.
    pub(crate) withdrawn: u64,
}

/// A feed's text and what its owner says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    /// For formats that are read by line, at least the first 64 KiB of it.
    pub(crate) text: &'a str,
    /// Which column holds what, where the owner says so: counted from 1, or by the header's word.
    pub(crate) columns: &'a [(Column, String)],
}

/// Where a format's entries go. `false`: there is no more place, so stop.
pub(crate) type Out<'o> = &'o mut dyn FnMut(Listed<'_>) -> bool;

/// How a format is read.
#[derive(Clone, Copy)]
pub(crate) enum Reading {
    /// All at once.
    Whole(fn(source: &Source<'_>, complaints: &mut Complaints<'_>, out: Out<'_>) -> Head),
    /// Line by line, so that a feed of any length needs no memory of its own. Given the beginning
    /// of the text, a reader of its lines.
    Lines(fn(beginning: &Source<'_>) -> Box<dyn LineReader>),
}

/// Reads a feed line by line.
pub(crate) trait LineReader {
    /// Read a line, without its end; `number` counts from 1. `false`: there is no more place.
    fn line(
        &mut self,
        number: u32,
        line: &str,
        complaints: &mut Complaints<'_>,
        out: Out<'_>,
    ) -> bool;

    /// The feed ended: give what was held back, and what the feed said of itself.
    fn end(self: Box<Self>, complaints: &mut Complaints<'_>, out: Out<'_>) -> Head;
}

/// A feed format.
pub(crate) struct Format {
    /// Its name in messages and tests.
    pub(crate) name: &'static str,
    /// Whether a file of that name and text is of this format. The first that says so reads it.
    pub(crate) fits: fn(file: &str, text: &str) -> bool,
    /// Gives each entry, and complains about what is none.
    pub(crate) read: Reading,
    /// A small text of this format, for the harnesses that walk the list.
    pub(crate) sample: &'static str,
}
