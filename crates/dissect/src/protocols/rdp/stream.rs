//! Reads both ends of a connection up to the protection that they agree on, and hands TLS over.

use model::{Flow, Protocol, Side};

use super::conference::{self, Core};
use super::negotiation::{self, Answer, Options, STANDARD};
use super::preconnection;
use super::x224::{self, Read, Says};
use crate::protocols::reader::{Next, Out, Probe, Step, StreamReader};
use crate::protocols::remote::Told;

/// The first octets of a record of a TLS handshake (RFC 8446 §5.1).
const HANDSHAKE: [u8; 2] = [22, 3];
/// The first octet of an envelope (RFC 1006 §6).
const ENVELOPE: u8 = 3;

/// Whether a stream is a remote desktop's. A greeting without options may be another protocol's:
/// what follows it must tell.
pub(super) fn probe(_flow: &Flow, _side: Side, octets: &[u8]) -> Probe {
    let greeting = match preconnection::read(octets) {
        preconnection::Read::More => return Probe::More,
        preconnection::Read::Is(_, len) => {
            let behind = octets.get(len..).unwrap_or_default();
            if behind.iter().zip(HANDSHAKE).all(|(octet, wanted)| *octet == wanted) {
                return if behind.len() < 2 { Probe::More } else { Probe::Mine(Side::Client) };
            }
            behind
        }
        preconnection::Read::Foreign => octets,
    };
    match x224::read(greeting) {
        Read::Begun(_) => Probe::Mine(Side::Client),
        Read::More => Probe::More,
        Read::Foreign => Probe::NotMine,
        Read::Is(read) => {
            let side = match read.says {
                Says::Request(_) => Side::Client,
                Says::Confirm(_) => Side::Server,
            };
            if read.says.is_sure() {
                return Probe::Mine(side);
            }
            match conference::read(side, greeting.get(read.len..).unwrap_or_default()) {
                conference::Read::Is(_) => Probe::Mine(side),
                conference::Read::More => Probe::More,
                conference::Read::Foreign => Probe::NotMine,
            }
        }
    }
}

/// Begin a reader.
pub(super) fn start() -> Box<dyn StreamReader> {
    Box::new(Reader::default())
}

/// How far one end has come.
#[derive(Clone, Copy, Default)]
struct Half {
    /// Octets of its greeting, once it was read.
    greeted: Option<usize>,
    /// The greeting was consumed, or will never come.
    taken: bool,
}

/// Reads one connection. A greeting is consumed when it was told and not before, so that of a
/// connection that ends early it is still at hand when it does.
#[derive(Default)]
struct Reader {
    first: Option<Side>,
    client: Half,
    server: Half,
    /// The desktop that was asked for before the greeting.
    wanted: Option<Vec<u8>>,
    request: Option<Options>,
    confirm: Option<Option<Answer>>,
    core: Option<Core>,
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
        let len = match self.half(side).greeted {
            Some(len) => len,
            None => match self.greet(side, octets) {
                Ok(Some(len)) => len,
                Ok(None) => return WAIT,
                // One end speaks the protocol, the other something else: no session comes of it.
                Err(Foreign) => return DONE,
            },
        };
        let answer = self.confirm.flatten();
        let protects = matches!(answer, Some(Answer::Selected(bits)) if bits != STANDARD);
        if self.request.is_some() && (protects || matches!(answer, Some(Answer::Refused(_)))) {
            self.tell(out);
            if !protects {
                return DONE;
            }
        }
        match octets.get(len..).unwrap_or_default() {
            // TLS begins with the client: only its greeting stays until then.
            [] if self.told && side == Side::Server => self.take(side),
            [] => WAIT,
            behind @ [ENVELOPE, ..] => self.confer(side, behind, out),
            // A record, or the older framing of a hello.
            [22] | [22, 3, ..] | [0x80..=0xff, ..] => {
                self.tell(out);
                self.take(side)
            }
            _ => {
                self.tell(out);
                DONE
            }
        }
    }

    fn lost(&mut self, side: Side) -> bool {
        self.half_mut(side).taken = true;
        false
    }

    fn cut(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) {
        if side == Side::Client
            && self.request.is_none()
            && let Read::Begun(options) = x224::read(octets)
        {
            self.first.get_or_insert(side);
            self.request = Some(options);
        }
        self.tell(out);
    }

    fn handed_over(&self) -> bool {
        self.handed_over
    }

    fn protocol(&self) -> Protocol {
        Protocol::Rdp
    }
}

/// An end says something that is none of this protocol.
struct Foreign;

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

    /// Read an end's greeting: how long it is; `None` while it is not whole.
    fn greet(&mut self, side: Side, octets: &[u8]) -> Result<Option<usize>, Foreign> {
        let mut before = 0;
        if side == Side::Client {
            match preconnection::read(octets) {
                preconnection::Read::Is(name, len) => {
                    self.wanted = Some(name);
                    before = len;
                }
                preconnection::Read::More => return Ok(None),
                preconnection::Read::Foreign => {}
            }
        }
        let rest = octets.get(before..).unwrap_or_default();
        let len = match x224::read(rest) {
            Read::Is(greeting) => {
                match (side, greeting.says) {
                    (Side::Client, Says::Request(options)) => self.request = Some(options),
                    (Side::Server, Says::Confirm(answer)) => self.confirm = Some(answer),
                    _ => return Err(Foreign),
                }
                before.saturating_add(greeting.len)
            }
            Read::Begun(_) | Read::More => return Ok(None),
            // A host of virtual machines was told which: TLS follows without a greeting.
            Read::Foreign if self.wanted.is_some() && rest.starts_with(&HANDSHAKE) => before,
            Read::Foreign => return Err(Foreign),
        };
        self.first.get_or_insert(side);
        self.half_mut(side).greeted = Some(len);
        Ok(Some(len))
    }

    /// An end goes on in clear: with its settings, unless it is a greeting again.
    fn confer(&mut self, side: Side, behind: &[u8], out: &mut Out<'_>) -> Step {
        match conference::read(side, behind) {
            conference::Read::More => return WAIT,
            // The client's settings say more.
            conference::Read::Is(core) if side == Side::Server && self.client.greeted.is_some() => {
                self.core.get_or_insert(core);
            }
            conference::Read::Is(core) => self.core = Some(core),
            conference::Read::Foreign => {}
        }
        self.tell(out);
        DONE
    }

    /// What an end said in clear is told; TLS follows. The flow is handed over once that is so of
    /// both.
    fn take(&mut self, side: Side) -> Step {
        self.half_mut(side).taken = true;
        let other = self.half(side.other());
        self.handed_over = other.taken || other.greeted.is_none();
        let consumed = self.half(side).greeted.unwrap_or_default() as u64;
        let next = if self.handed_over { Next::FlowDone } else { Next::More };
        Step { consumed, next }
    }

    fn tell(&mut self, out: &mut Out<'_>) {
        let Some(first) = self.first.filter(|_| !self.told) else { return };
        self.told = true;
        let mut told = Told::default();
        told.add("preconnection", self.wanted.as_deref().unwrap_or_default());
        if let Some(request) = &self.request {
            told.add("cookie", request.cookie.as_deref().unwrap_or_default());
            told.add("token", request.token.as_deref().unwrap_or_default());
            if let Some(asked) = request.asked {
                told.add("requested", negotiation::protocols(asked.protocols).as_bytes());
                told.add("mode", negotiation::mode(asked.flags).as_bytes());
            }
        }
        match self.confirm {
            Some(Some(Answer::Selected(bits))) => {
                told.add("selected", negotiation::protocols(bits).as_bytes());
            }
            Some(Some(Answer::Refused(code))) => {
                told.add("refused", negotiation::refusal(code).as_bytes());
            }
            Some(None) => told.add("selected", negotiation::protocols(STANDARD).as_bytes()),
            None => {}
        }
        if let Some(core) = &self.core {
            told.version(conference::version(core.version).as_bytes());
            let build = core.build.map(|build| build.to_string());
            told.add("build", build.unwrap_or_default().as_bytes());
            let keyboard = core.keyboard.map(|keyboard| format!("{keyboard:#06x}"));
            told.add("keyboard", keyboard.unwrap_or_default().as_bytes());
            told.add("client", &core.name);
        }
        told.tell(Protocol::Rdp, first, out);
    }
}
