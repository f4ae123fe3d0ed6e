//! QUIC as it looks from outside: Initials that anyone can open, and packets of chance behind them.

mod hello;
mod packet;
mod protection;
mod session;

use serde::Deserialize;

pub(crate) use session::{Handshake, Session, sealed_data};

/// The longest connection id (RFC 9000 §17.2).
pub(crate) const ID_BYTES_MAX: usize = 20;

/// Which QUIC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Version {
    /// RFC 9000.
    #[default]
    #[serde(rename = "1")]
    V1,
    /// RFC 9369.
    #[serde(rename = "2")]
    V2,
    /// draft-ietf-quic-transport-29, which browsers spoke for a year.
    #[serde(rename = "draft-29")]
    Draft29,
    /// Facebook's mvfst.
    #[serde(rename = "mvfst")]
    Mvfst,
}

impl Version {
    /// Its number on the wire.
    fn number(self) -> u32 {
        match self {
            Version::V1 => 0x0000_0001,
            Version::V2 => 0x6b33_43cf,
            Version::Draft29 => 0xff00_001d,
            Version::Mvfst => 0xface_b002,
        }
    }

    /// The extension that carries its transport parameters (RFC 9001 §8.2; the drafts had another).
    fn parameters(self) -> u16 {
        match self {
            Version::V1 | Version::V2 => 57,
            Version::Draft29 | Version::Mvfst => 0xffa5,
        }
    }
}
