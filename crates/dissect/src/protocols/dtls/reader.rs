//! One flow's handshake, until it encrypts.

use model::{Carrier, DomainName, Fact, Side, TlsHello, TlsVersion};

use super::assembly::Assembly;
use super::envelope;
use super::record::{CERTIFICATE, CLIENT_HELLO, Fragment, Piece, SERVER_HELLO, pieces};
use crate::protocols::limits::{DTLS_DATAGRAMS_MAX, DTLS_FOREIGN_MAX, DTLS_HELLOS_MAX};
use crate::protocols::reader::{DatagramReader, Next, Out};
use crate::protocols::tls::{chain, hello};

/// Facts of one flow: hellos, and a certificate of each side.
pub(super) const FACTS_MAX: usize = DTLS_HELLOS_MAX as usize + 2;

/// The first version that hides certificates (RFC 9147 §5.3).
const DTLS_1_3: TlsVersion = TlsVersion(0xfefc);

/// What one side has said.
#[derive(Default)]
struct Half {
    message: Assembly,
    /// Its certificate was told.
    shown: bool,
}

/// Reads the handshake of one flow.
#[derive(Default)]
struct Reader {
    client: Half,
    server: Half,
    /// The name of the hello that was told last.
    told: Option<Option<DomainName>>,
    hellos: u32,
    datagrams: u32,
    foreign: u32,
}

pub(super) fn begin() -> Box<dyn DatagramReader> {
    Box::new(Reader::default())
}

impl DatagramReader for Reader {
    fn read(&mut self, side: Side, octets: &[u8], out: &mut Out<'_>) -> Next {
        let mut ours = false;
        for piece in pieces(envelope::open(octets)) {
            ours = true;
            let goes_on = match piece {
                Piece::Fragment(fragment) => self.fragment(side, &fragment, out),
                Piece::Encrypted => false,
            };
            if !goes_on {
                self.cut(out);
                return Next::FlowDone;
            }
        }
        let (count, max) = if ours {
            (&mut self.datagrams, DTLS_DATAGRAMS_MAX)
        } else {
            (&mut self.foreign, DTLS_FOREIGN_MAX)
        };
        *count = count.saturating_add(1);
        if *count < max {
            return Next::More;
        }
        self.cut(out);
        Next::FlowDone
    }

    fn cut(&mut self, out: &mut Out<'_>) {
        for half in [&mut self.client, &mut self.server] {
            if self.told.is_none()
                && let Some((CLIENT_HELLO, body)) = half.message.part()
            {
                let hello = read(body, false, out);
                self.told = Some(hello.server_name.clone());
                (out.fact)(Fact::TlsHello(Box::new(hello)));
            }
            half.message.clear();
        }
    }

    fn held(&self) -> usize {
        self.client.message.held().saturating_add(self.server.message.held())
    }
}

impl Reader {
    /// Read a fragment. Whether what follows is worth reading.
    fn fragment(&mut self, side: Side, fragment: &Fragment<'_>, out: &mut Out<'_>) -> bool {
        let half = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        match fragment.kind {
            CLIENT_HELLO => {
                let Some(body) = half.message.put(fragment, out.anomaly) else { return true };
                let hello = read(body, true, out);
                half.message.clear();
                // After a HelloVerifyRequest or a HelloRetryRequest it comes again, as it does when
                // it was lost.
                let again = self.told.as_ref().is_some_and(|name| *name == hello.server_name);
                if !again && self.hellos < DTLS_HELLOS_MAX {
                    self.hellos = self.hellos.saturating_add(1);
                    self.told = Some(hello.server_name.clone());
                    (out.fact)(Fact::TlsHello(Box::new(hello)));
                }
                true
            }
            // From 1.3 on the rest is hidden.
            SERVER_HELLO if fragment.octets.len() == fragment.len => {
                let version = hello::server_version(fragment.octets);
                version != Some(DTLS_1_3) || self.told.is_none()
            }
            CERTIFICATE if !half.shown => {
                if let Some(body) = half.message.put(fragment, out.anomaly) {
                    half.shown = true;
                    chain::tell(side, body, out);
                    half.message.clear();
                }
                true
            }
            _ => true,
        }
    }
}

/// Read a hello's body: that of TLS with a cookie behind the session (RFC 6347 §4.2.1).
fn read(body: &[u8], whole: bool, out: &mut Out<'_>) -> TlsHello {
    let without = without_cookie(body);
    let sound = whole && without.is_some();
    let body = without.as_deref().unwrap_or(body);
    hello::client(body, sound, Carrier::Dtls, out.anomaly)
}

fn without_cookie(body: &[u8]) -> Option<Vec<u8>> {
    /// Version and random.
    const FIXED: usize = 2 + 32;
    let session = usize::from(*body.get(FIXED)?);
    let (before, rest) = body.split_at_checked(FIXED.checked_add(1)?.checked_add(session)?)?;
    let (cookie, rest) = rest.split_first()?;
    let rest = rest.get(usize::from(*cookie)..)?;
    Some([before, rest].concat())
}
