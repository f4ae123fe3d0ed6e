//! A whole session on a connection: hellos, the flights behind them, data in both directions.

use serde::Deserialize;

use super::{ALERT, APPLICATION_DATA, Hello, client_hello, record, server};
use crate::random::Random;
use crate::tcp::{Connection, Order, Side};

/// What server and client agree on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Version {
    #[serde(rename = "1.2")]
    Tls12,
    #[default]
    #[serde(rename = "1.3")]
    Tls13,
}

/// The longest record: 16 KiB of data, a content type and a tag (RFC 8446 §5.2).
const RECORD_DATA_MAX: usize = 1 << 14;

/// What is said, and how.
pub(crate) struct Session<'a> {
    pub(crate) hello: Hello,
    pub(crate) version: Version,
    pub(crate) name: Option<&'a str>,
    pub(crate) alpn: &'a [String],
    /// DER; sent in clear up to TLS 1.2.
    pub(crate) certificate: &'a [u8],
    /// How the hello is cut, and in which order its pieces pass.
    pub(crate) segment: usize,
    pub(crate) order: Order,
}

impl Session<'_> {
    /// Everything up to the first data.
    pub(crate) fn shake_hands(&self, tcp: &mut Connection<'_>) {
        let hello = client_hello(self.hello, self.name, self.alpn, tcp.random());
        tcp.send_as(Side::Client, &hello, self.segment, self.order);
        match self.version {
            Version::Tls13 => {
                let hybrid = self.hello == Hello::Browser;
                // The session id, behind both headers, the version and the random, is echoed.
                let session = match hello.get(43) {
                    Some(32) => hello.get(44..76).unwrap_or_default(),
                    _ => &[],
                };
                let mut flight = server::hello_13(hybrid, session, tcp.random());
                // Extensions, certificates, proof, finished: four records under the key.
                for len in [25, 2600, 264, 53] {
                    sealed(&mut flight, len, tcp.random());
                }
                tcp.send(Side::Server, &flight);
                let mut answer = Vec::new();
                server::change_cipher_spec(&mut answer);
                sealed(&mut answer, 53, tcp.random());
                tcp.send(Side::Client, &answer);
            }
            Version::Tls12 => {
                let alpn = self.alpn.first().map(String::as_str);
                let flight = server::flight_12(self.certificate, alpn, tcp.random());
                tcp.send(Side::Server, &flight);
                let answer = server::client_key_12(tcp.random());
                tcp.send(Side::Client, &answer);
                let mut done = Vec::new();
                server::finished_12(&mut done, tcp.random());
                tcp.send(Side::Server, &done);
            }
        }
    }

    /// The notice that nothing more follows.
    pub(crate) fn take_leave(&self, tcp: &mut Connection<'_>) {
        let mut notice = Vec::new();
        let random = tcp.random();
        match self.version {
            Version::Tls13 => sealed(&mut notice, 19, random),
            Version::Tls12 => record(&mut notice, ALERT, 0x0303, |out| random.fill(out, 26)),
        }
        tcp.send(Side::Client, &notice);
    }
}

/// One record of `len` octets that no one on the way can read.
fn sealed(out: &mut Vec<u8>, len: usize, random: &mut Random) {
    record(out, APPLICATION_DATA, 0x0303, |out| random.fill(out, len));
}

/// `len` octets of data in records.
pub(crate) fn sealed_data(len: usize, random: &mut Random) -> Vec<u8> {
    let mut out = Vec::with_capacity(len + 64);
    let mut left = len;
    while left > 0 {
        let piece = left.min(RECORD_DATA_MAX);
        sealed(&mut out, piece + 17, random);
        left -= piece;
    }
    out
}
