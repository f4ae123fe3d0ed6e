//! Reads both ends of a connection up to their banners.

use model::{Flow, Protocol, Side};

use super::banner::{self, Banner, Read};
use crate::protocols::limits::{SSH_BEHIND_MAX, SSH_LINES_MAX};
use crate::protocols::reader::{Next, Out, Probe, Step, StreamReader};
use crate::protocols::remote::Told;

/// The port that IANA gave to the protocol: only there are lines before a banner waited for.
const PORT: u16 = 22;

/// Whether a stream is SSH: by its banner. A server may send lines of text before it (RFC 4253
/// §4.2), which look like any protocol's: elsewhere than at the protocol's own port they count
/// only when the banner comes with them.
pub(super) fn probe(flow: &Flow, side: Side, octets: &[u8]) -> Probe {
    match banner::read(octets) {
        Read::Banner(_) | Read::Begun(_) => Probe::Mine(side),
        Read::More => Probe::More,
        Read::Foreign if side == Side::Client && !flow.guessed => Probe::NotMine,
        Read::Foreign => match behind_lines(octets) {
            Lines::Banner(_) => Probe::Mine(Side::Server),
            Lines::More if flow.server.port == PORT && side == Side::Server => Probe::More,
            Lines::More | Lines::Foreign => Probe::NotMine,
        },
    }
}

/// What stands behind lines of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lines {
    /// A banner, from this octet on.
    Banner(usize),
    /// Nothing yet.
    More,
    /// They are no text, or too many.
    Foreign,
}

/// Look for a banner behind lines of text.
fn behind_lines(octets: &[u8]) -> Lines {
    let shown = octets.get(..octets.len().min(SSH_LINES_MAX)).unwrap_or(octets);
    let mut start = 0usize;
    for line in shown.split_inclusive(|octet| *octet == b'\n') {
        let rest = octets.get(start..).unwrap_or_default();
        if matches!(banner::read(rest), Read::Banner(_) | Read::Begun(_)) {
            return Lines::Banner(start);
        }
        let text = |octet: &u8| !octet.is_ascii_control() || matches!(octet, b'\r' | b'\n' | b'\t');
        if !line.iter().all(text) {
            return Lines::Foreign;
        }
        start = start.saturating_add(line.len());
    }
    if octets.len() < SSH_LINES_MAX { Lines::More } else { Lines::Foreign }
}

/// Begin a reader.
pub(super) fn start() -> Box<dyn StreamReader> {
    Box::new(Reader::default())
}

/// A banner that was read.
struct Shown {
    version: Box<[u8]>,
    software: Box<[u8]>,
}

impl Shown {
    fn new(banner: &Banner<'_>) -> Shown {
        Shown { version: banner.version.into(), software: banner.software.into() }
    }
}

/// Reads one connection. Nothing is consumed, so that of a connection that ends early the banner
/// is still at hand when it does.
#[derive(Default)]
struct Reader {
    first: Option<Side>,
    client: Option<Shown>,
    server: Option<Shown>,
    /// The server sent lines that may be any protocol's, and no banner yet; or one behind them, at
    /// any port.
    doubtful: bool,
    told: bool,
}

const WAIT: Step = Step { consumed: 0, next: Next::More };
const DONE: Step = Step { consumed: 0, next: Next::FlowDone };

impl StreamReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Step {
        let start = match behind_lines(octets) {
            Lines::Banner(start) if start == 0 || side == Side::Server => start,
            Lines::More if side == Side::Server => {
                self.doubtful |= banner::read(octets) == Read::Foreign;
                return WAIT;
            }
            _ if banner::read(octets) == Read::More => return WAIT,
            // One end speaks SSH, the other something else: no session comes of it.
            _ => return DONE,
        };
        let rest = octets.get(start..).unwrap_or_default();
        let Read::Banner(banner) = banner::read(rest) else { return WAIT };
        self.first.get_or_insert(side);
        if side == Side::Server {
            self.doubtful = start > 0 && out.flow.server.port != PORT;
        }
        *self.half(side) = Some(Shown::new(&banner));
        let both = self.client.is_some() && self.server.is_some();
        if both || !self.doubtful && went_on(rest.get(banner.len..).unwrap_or_default()) {
            self.tell(out);
            return DONE;
        }
        WAIT
    }

    fn lost(&mut self, _side: Side) -> bool {
        false
    }

    fn cut(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) {
        if let Read::Begun(banner) = banner::read(octets) {
            self.first.get_or_insert(side);
            *self.half(side) = Some(Shown::new(&banner));
        }
        if !self.doubtful {
            self.tell(out);
        }
    }

    fn protocol(&self) -> Protocol {
        Protocol::Ssh
    }
}

/// Whether an end has said more behind its banner than it would without having heard the other:
/// its first packet (RFC 4253 §6: a length, then as many octets) and something after it.
fn went_on(behind: &[u8]) -> bool {
    let Some((len, rest)) = behind.split_first_chunk::<4>() else { return false };
    let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
    rest.len() > len.min(SSH_BEHIND_MAX)
}

impl Reader {
    const fn half(&mut self, side: Side) -> &mut Option<Shown> {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn tell(&mut self, out: &mut Out<'_>) {
        let Some(first) = self.first else { return };
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let mut told = Told::default();
        if let Some(shown) = self.server.as_ref().or(self.client.as_ref()) {
            told.version(&shown.version);
        }
        for (word, shown) in [("software", &self.server), ("client_software", &self.client)] {
            if let Some(shown) = shown {
                told.add(word, &shown.software);
            }
        }
        told.tell(Protocol::Ssh, first, out);
    }
}
