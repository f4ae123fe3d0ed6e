//! The versions of QUIC whose Initial packets can be opened, and what differs between them.
//!
//! Whoever wants to read an Initial needs its version's salt (RFC 9001 §5.2), labels and packet
//! types. The salts are public: they hide nothing, they only keep out who does not know a version.

/// How a client says hello in a protected Initial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialect {
    /// A TLS ClientHello in CRYPTO frames (RFC 9000 §19.6).
    Tls,
    /// The same in the frames of Google's versions T050 and T051.
    GoogleTls,
    /// A CHLO message of Google's own handshake in the frames of Q050.
    GoogleChlo,
}

/// What two bits of a long header's first octet say (RFC 9000 §17.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A client's or server's first words.
    Initial,
    /// Data that a client sends before the handshake.
    ZeroRtt,
    /// The rest of the handshake.
    Handshake,
    /// A server asks the client to come again.
    Retry,
}

/// HKDF labels as they are hashed (RFC 8446 §7.1): length of the output, `tls13 ` and the label
/// behind its length, no context.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Labels {
    /// Of the key of the AEAD.
    pub(super) key: &'static [u8],
    /// Of its initialisation vector.
    pub(super) iv: &'static [u8],
    /// Of the key of the header protection.
    pub(super) hp: &'static [u8],
}

/// A version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Version {
    /// Its number on the wire.
    pub(super) number: u32,
    /// The salt of its Initial secrets.
    pub(super) salt: &'static [u8; 20],
    /// Its labels.
    pub(super) labels: &'static Labels,
    /// How its clients say hello.
    pub(super) dialect: Dialect,
    /// The packet types, by the two bits that mean them.
    kinds: &'static [Kind; 4],
}

/// RFC 9001 §5.1.
const FIRST: Labels = Labels {
    key: b"\x00\x10\x0etls13 quic key\x00",
    iv: b"\x00\x0c\x0dtls13 quic iv\x00",
    hp: b"\x00\x10\x0dtls13 quic hp\x00",
};

/// RFC 9369 §3.3.2.
const SECOND: Labels = Labels {
    key: b"\x00\x10\x10tls13 quicv2 key\x00",
    iv: b"\x00\x0c\x0ftls13 quicv2 iv\x00",
    hp: b"\x00\x10\x0ftls13 quicv2 hp\x00",
};

/// RFC 9000 §17.2, and the drafts before.
const KINDS: [Kind; 4] = [Kind::Initial, Kind::ZeroRtt, Kind::Handshake, Kind::Retry];
/// RFC 9369 §3.2.
const KINDS_SECOND: [Kind; 4] = [Kind::Retry, Kind::Initial, Kind::ZeroRtt, Kind::Handshake];

/// draft-ietf-quic-tls-21 §5.2; draft 22 kept it, and Facebook's first version.
const SALT_22: [u8; 20] =
    *b"\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a";
/// draft-ietf-quic-tls-23 §5.2, up to draft 28; Facebook's later versions.
const SALT_23: [u8; 20] =
    *b"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02";
/// draft-ietf-quic-tls-29 §5.2, up to draft 32.
const SALT_29: [u8; 20] =
    *b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99";
/// RFC 9001 §5.2, since draft 33.
const SALT_V1: [u8; 20] =
    *b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
/// draft-ietf-quic-v2-01 §3.3.1, up to draft 07.
const SALT_V2_DRAFT: [u8; 20] =
    *b"\xa7\x07\xc2\x03\xa5\x9b\x47\x18\x4a\x1d\x62\xca\x57\x04\x06\xea\x7a\xe3\xe5\xd3";
/// RFC 9369 §3.3.1.
const SALT_V2: [u8; 20] =
    *b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9";
/// Google's own, from the source of its QUICHE.
const SALT_Q050: [u8; 20] =
    *b"\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45";
const SALT_T050: [u8; 20] =
    *b"\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10";
const SALT_T051: [u8; 20] =
    *b"\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d";

impl Version {
    /// The version with this number, if its Initials can be opened. Numbers that only force a
    /// negotiation (`?a?a?a?a`, RFC 9000 §15) are none.
    #[rustfmt::skip]
    pub(super) const fn find(number: u32) -> Option<Version> {
        use Dialect::{GoogleChlo, GoogleTls, Tls};
        let (salt, dialect) = match number {
            1 => (&SALT_V1, Tls),
            0x6b33_43cf => (&SALT_V2, Tls),
            0x709a_50c4 => (&SALT_V2_DRAFT, Tls),
            // The drafts, by their number.
            0xff00_0016 => (&SALT_22, Tls),
            0xff00_0017..=0xff00_001c => (&SALT_23, Tls),
            0xff00_001d..=0xff00_0020 => (&SALT_29, Tls),
            0xff00_0021 | 0xff00_0022 => (&SALT_V1, Tls),
            // Facebook's mvfst: the first, the aliases of v1, and all others, experiments too.
            0xface_b001 => (&SALT_22, Tls),
            0xface_b003 | 0xface_b004 => (&SALT_V1, Tls),
            0xface_b002 | 0xface_b00d..=0xface_b015 => (&SALT_23, Tls),
            0x5130_3530 => (&SALT_Q050, GoogleChlo),
            0x5430_3530 => (&SALT_T050, GoogleTls),
            0x5430_3531 => (&SALT_T051, GoogleTls),
            _ => return None,
        };
        let second = matches!(number, 0x6b33_43cf | 0x709a_50c4);
        let (labels, kinds) = if second { (&SECOND, &KINDS_SECOND) } else { (&FIRST, &KINDS) };
        Some(Version { number, salt, labels, dialect, kinds })
    }

    /// What a long header of this version with such a first octet is.
    pub(super) fn kind(self, first: u8) -> Kind {
        let [zero, one, two, three] = *self.kinds;
        match first >> 4 & 3 {
            0 => zero,
            1 => one,
            2 => two,
            _ => three,
        }
    }
}
