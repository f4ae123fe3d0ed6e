//! What a feed format must be able to do: tell whether a text is its own, and give its entries.

use std::borrow::Cow;

use ipnet::IpNet;
use model::{Severity, Stage};

use crate::pattern::NamePattern;
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
}

/// Where a format's entries go. `false`: there is no more place, so stop.
pub(crate) type Out<'o> = &'o mut dyn FnMut(Listed<'_>) -> bool;

/// A feed format.
pub(crate) struct Format {
    /// Its name in messages and tests.
    pub(crate) name: &'static str,
    /// Whether a file of that name and text is of this format. The first that says so reads it.
    pub(crate) fits: fn(file: &str, text: &str) -> bool,
    /// Give each entry; complain about what is none.
    pub(crate) read: fn(text: &str, complaints: &mut Complaints<'_>, out: Out<'_>) -> Head,
    /// A small text of this format, for the harnesses that walk the list.
    pub(crate) sample: &'static str,
}
