//! The identification string (RFC 4253 §4.2): `SSH-2.0-software comments`.

use crate::protocols::limits::SSH_BANNER_MAX;

/// What an end said of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Banner<'a> {
    /// `2.0`; `1.99` of a server that speaks both versions (RFC 4253 §5.1).
    pub(super) version: &'a [u8],
    /// The software and its comments, as they came.
    pub(super) software: &'a [u8],
    /// Octets of the whole line, its end included.
    pub(super) len: usize,
}

/// What octets are that begin a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Read<'a> {
    /// A banner.
    Banner(Banner<'a>),
    /// The beginning of one: the version stands, the line does not end yet.
    Begun(Banner<'a>),
    /// Too few octets to tell.
    More,
    /// No banner.
    Foreign,
}

/// How every banner begins.
const MAGIC: &[u8] = b"SSH-";

/// Read the octets that begin a line.
pub(super) fn read(octets: &[u8]) -> Read<'_> {
    let Some(rest) = octets.strip_prefix(MAGIC) else {
        return if MAGIC.starts_with(octets) { Read::More } else { Read::Foreign };
    };
    let Some((version, software)) = version(rest) else {
        return if may_become_version(rest) { Read::More } else { Read::Foreign };
    };
    let shown = software.get(..software.len().min(SSH_BANNER_MAX)).unwrap_or(software);
    let end = shown.iter().position(|octet| *octet == b'\n');
    let line = shown.get(..end.unwrap_or(shown.len())).unwrap_or(shown);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // RFC 4253 §4.2 wants printable US-ASCII; comments in other languages are seen.
    if line.iter().any(|octet| octet.is_ascii_control()) {
        return Read::Foreign;
    }
    let before = octets.len().saturating_sub(software.len());
    let len = before.saturating_add(end.map_or(shown.len(), |end| end.saturating_add(1)));
    let banner = Banner { version, software: line, len };
    match end {
        Some(_) => Read::Banner(banner),
        None if software.len() < SSH_BANNER_MAX => Read::Begun(banner),
        None => Read::Foreign,
    }
}

/// `2.0-`: digits, a dot, digits, a dash. The version, and what follows the dash.
fn version(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let dash = octets.iter().take(VERSION_MAX).position(|octet| *octet == b'-')?;
    let (version, rest) = octets.split_at_checked(dash)?;
    let dot = version.iter().position(|octet| *octet == b'.')?;
    let (major, minor) = version.split_at_checked(dot)?;
    let numbers = [major, minor.get(1..)?];
    let sound = |number: &[u8]| !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    numbers.into_iter().all(sound).then_some((version, rest.get(1..)?))
}

/// Octets in which a version must end: `1.99-` is the longest there is.
const VERSION_MAX: usize = 8;

fn may_become_version(octets: &[u8]) -> bool {
    octets.len() < VERSION_MAX
        && octets.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.')
}
