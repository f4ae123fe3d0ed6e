//! Reads both ends of a connection up to the security that they agree on.

use model::{Flow, Protocol, Side};

use super::greeting::{self, Version};
use super::reading::Read;
use super::security::{self, NONE, Offer, TLS, VENCRYPT};
use crate::protocols::limits::{RFB_SECURITY_MAX, RFB_WAIT_MAX};
use crate::protocols::reader::{Next, Out, Probe, Step, StreamReader};
use crate::protocols::remote::Told;

/// Whether a stream is RFB: it begins with a version, or with what a server tells a repeater. The
/// server speaks first (RFC 6143 §7.1.1).
pub(super) fn probe(_flow: &Flow, side: Side, octets: &[u8]) -> Probe {
    match (greeting::version(octets), greeting::identifier(octets)) {
        (Read::Is(..), _) => Probe::Mine(Side::Server),
        (_, Read::Is(..)) => Probe::Mine(side),
        (Read::More, _) | (_, Read::More) => Probe::More,
        (Read::Foreign, Read::Foreign) => Probe::NotMine,
    }
}

/// Begin a reader.
pub(super) fn start() -> Box<dyn StreamReader> {
    Box::new(Reader::default())
}

/// What one end has shown.
#[derive(Clone, Copy, Default)]
struct Half {
    version: Option<Version>,
    /// Octets up to the end of its version, all of which are still at hand.
    start: usize,
    /// What it said before TLS was consumed, or will never come.
    taken: bool,
}

/// Reads one connection. Nothing is consumed before it is told, so that of a connection that ends
/// early the greeting is still at hand when it does.
#[derive(Default)]
struct Reader {
    /// The end that spoke first: the RFB server, where the desktop is, whoever opened the
    /// connection. In a capture of one direction it may be the viewer.
    desk: Option<Side>,
    client: Half,
    server: Half,
    /// A repeater stands where the desktop is looked for.
    relayed: bool,
    /// What a repeater was told.
    repeater: Option<Box<[u8]>>,
    offer: Option<Offer>,
    chosen: Option<u8>,
    desktop: Option<Box<[u8]>>,
    told: bool,
    handed_over: bool,
}

const WAIT: Step = Step { consumed: 0, next: Next::More };
const DONE: Step = Step { consumed: 0, next: Next::FlowDone };

impl StreamReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Step {
        if self.half(side).taken {
            return WAIT;
        }
        let step = match self.greet(side, octets) {
            Read::Is((), start) => {
                let behind = octets.get(start..).unwrap_or_default();
                match (behind.is_empty(), self.seen(side.other()), self.desk == Some(side)) {
                    (true, ..) => WAIT,
                    (false, Some(_), false) => self.choose(side, behind, out),
                    (false, None, _) if side == Side::Client => self.alone(behind, out),
                    (false, ..) => self.serve(side, behind, out),
                }
            }
            Read::More => WAIT,
            // What looked like a version was some other text.
            Read::Foreign => DONE,
        };
        if step == WAIT && octets.len() > RFB_WAIT_MAX {
            return self.conclude(out);
        }
        step
    }

    fn lost(&mut self, side: Side) -> bool {
        self.half_mut(side).taken = true;
        false
    }

    fn cut(&mut self, _side: Side, _octets: &[u8], out: &mut Out<'_>) {
        self.tell(out);
    }

    fn handed_over(&self) -> bool {
        self.handed_over
    }

    fn protocol(&self) -> Protocol {
        Protocol::Rfb
    }
}

impl Reader {
    const fn half(&self, side: Side) -> Half {
        match side {
            Side::Client => self.client,
            Side::Server => self.server,
        }
    }

    const fn half_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// The number of an end's own version.
    fn seen(&self, side: Side) -> Option<(u16, u16)> {
        self.half(side).version.filter(|version| !version.is_repeaters()).map(|known| known.number)
    }

    /// Read an end's version, behind what a repeater is told or says.
    fn greet(&mut self, side: Side, octets: &[u8]) -> Read<()> {
        let is_desk = *self.desk.get_or_insert(side) == side;
        if self.half(side).start == 0 {
            let field = match (is_desk, self.relayed) {
                (true, _) => greeting::identifier(octets),
                (false, true) => greeting::field(octets),
                (false, false) => Read::Foreign,
            };
            match field {
                Read::Is(text, len) => {
                    self.repeater = Some(text.into());
                    self.half_mut(side).start = len;
                }
                Read::More if greeting::version(octets) == Read::Foreign => return Read::More,
                Read::More | Read::Foreign => {}
            }
        }
        // A repeater's version, then the server's.
        for _ in 0..2 {
            if self.seen(side).is_some() {
                break;
            }
            let start = self.half(side).start;
            let again = self.half(side).version.is_some();
            match greeting::version(octets.get(start..).unwrap_or_default()) {
                Read::Is(version, _) if again && version.is_repeaters() => return Read::Foreign,
                Read::Is(version, len) => {
                    self.relayed |= is_desk && version.is_repeaters();
                    let half = self.half_mut(side);
                    half.version = Some(version);
                    half.start = start.saturating_add(len);
                }
                Read::More => return Read::More,
                Read::Foreign => return Read::Foreign,
            }
        }
        match self.seen(side) {
            Some(_) => Read::Is((), self.half(side).start),
            None => Read::Foreign,
        }
    }

    /// The one end that the capture has is the client: a viewer, or a server that called one. It
    /// goes on with a choice or with an offer; either begins with a small number.
    fn alone(&mut self, behind: &[u8], out: &mut Out<'_>) -> Step {
        let small = behind.first().is_some_and(|first| usize::from(*first) <= RFB_SECURITY_MAX);
        let lists = self.seen(Side::Client).is_some_and(security::has_list);
        if !lists || small || security::is_known(behind) { self.conclude(out) } else { DONE }
    }

    /// What the end with the desktop says behind its version.
    fn serve(&mut self, side: Side, behind: &[u8], out: &mut Out<'_>) -> Step {
        let (own, viewer) = (self.seen(side).unwrap_or_default(), self.seen(side.other()));
        let old = (!security::has_list(own)).then_some(own);
        let agreed = viewer.map(|viewer| viewer.min(own)).or(old);
        let (offer, len) = match security::offer(agreed, behind) {
            Read::Is(offer, len) => (offer, len),
            Read::More => return WAIT,
            Read::Foreign if viewer.is_some() => return self.conclude(out),
            Read::Foreign => return DONE,
        };
        let rest = behind.get(len..).unwrap_or_default();
        let only = offer.kinds.first().copied().filter(|_| offer.kinds.len() == 1);
        if offer.decided || self.chosen.is_none() && !rest.is_empty() {
            self.chosen = only;
        }
        let (refused, decided) = (offer.kinds.is_empty(), offer.decided);
        self.offer = Some(offer);
        match self.chosen {
            _ if refused => self.conclude(out),
            None if rest.is_empty() => WAIT,
            Some(NONE) => {
                let result = !decided && agreed.unwrap_or(own) >= (3, 8);
                match security::desktop(result, rest) {
                    Read::Is(name, _) => self.desktop = Some(name.into()),
                    Read::More => return WAIT,
                    Read::Foreign => {}
                }
                self.conclude(out)
            }
            Some(kind @ (TLS | VENCRYPT)) => {
                self.tell(out);
                match security::server_before_tls(kind, rest) {
                    Read::Is((), more) => self.hand_over(side, len.saturating_add(more)),
                    Read::More => WAIT,
                    Read::Foreign => DONE,
                }
            }
            _ => self.conclude(out),
        }
    }

    /// What the viewer says behind its version: up to 3.6 it has no choice.
    fn choose(&mut self, side: Side, behind: &[u8], out: &mut Out<'_>) -> Step {
        let own = self.seen(side).unwrap_or_default();
        let agreed = self.seen(side.other()).map_or(own, |desk| desk.min(own));
        if !security::has_list(agreed) {
            return WAIT;
        }
        self.chosen = behind.first().copied();
        match self.chosen {
            _ if self.offer.is_none() => WAIT,
            Some(NONE) => WAIT,
            Some(kind @ (TLS | VENCRYPT)) => {
                self.tell(out);
                let len = security::client_before_tls(kind).saturating_add(1);
                match behind.get(len) {
                    None => WAIT,
                    Some(&HANDSHAKE) => self.hand_over(side, len),
                    Some(_) => DONE,
                }
            }
            _ => self.conclude(out),
        }
    }

    /// An end goes on with TLS behind `len` octets that follow its version. The flow is handed
    /// over once that is so of both.
    fn hand_over(&mut self, side: Side, len: usize) -> Step {
        let half = self.half_mut(side);
        half.taken = true;
        let consumed = half.start.saturating_add(len) as u64;
        self.handed_over = self.half(side.other()).taken;
        let next = if self.handed_over { Next::FlowDone } else { Next::More };
        Step { consumed, next }
    }

    /// Tell what is known; no more will be.
    fn conclude(&mut self, out: &mut Out<'_>) -> Step {
        self.tell(out);
        DONE
    }

    fn tell(&mut self, out: &mut Out<'_>) {
        let Some(desk) = self.desk.filter(|_| !self.told) else { return };
        let version = self.half(desk).version;
        if version.is_none() && self.repeater.is_none() {
            return;
        }
        self.told = true;
        let mut told = Told::default();
        if let Some(version) = version {
            told.version(&version.text);
        }
        if let Some(viewer) = self.half(desk.other()).version {
            told.add("viewer", &viewer.text);
        }
        if let Some(offer) = &self.offer {
            let words: Vec<_> = offer.kinds.iter().map(|kind| security::word(*kind)).collect();
            told.add("security", words.join(",").as_bytes());
            told.add("refused", &offer.reason);
        }
        if let Some(chosen) = self.chosen {
            told.add("chosen", security::word(chosen).as_bytes());
        }
        told.add("desktop", self.desktop.as_deref().unwrap_or_default());
        told.add("repeater", self.repeater.as_deref().unwrap_or_default());
        // Who opened the connection is known, and both ends have shown who is who: the desktop
        // called its viewer, or left its number with a repeater.
        let both = self.seen(desk.other()).is_some() || self.repeater.is_some() && !self.relayed;
        if desk == Side::Client && !out.flow.guessed && both {
            told.add("direction", b"reverse");
        }
        told.tell(Protocol::Rfb, desk, out);
    }
}

/// The first octet of a record of a TLS handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
