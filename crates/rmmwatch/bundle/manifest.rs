//! What a bundle holds, and who signed it.
//!
//! A bundle is a *manifest*, which lists files by the SHA-256 of their parts, and the parts. The
//! manifest is signed as a DSSE envelope (Dead Simple Signing Envelope 1.0, github.com/secure-systems-lab/dsse)
//! with Ed25519 (RFC 8032), so that other tools can sign and verify it; a part is what its hash says.
//! Nothing of a bundle is looked at before its signature was.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::limits::{
    BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX, BUNDLE_MANIFEST_BYTES_MAX, BUNDLE_PART_BYTES_MAX,
};

/// What the envelope says that it holds.
const PAYLOAD_TYPE: &str = "application/vnd.rmmwatch.bundle+json";

/// The version of the manifest's form.
const FORM: u32 = 1;

/// What a bundle holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The form of this manifest: 1.
    pub(crate) bundle: u32,
    /// For whom it is: the name under which it lies in the bucket. Else a bundle that is right for
    /// one site could be laid before another.
    pub(crate) name: String,
    /// Which of that name: only growing.
    pub(crate) version: u64,
    /// Its files.
    pub(crate) files: Vec<Listed>,
}

/// A file of a bundle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    /// `policy.toml`, or one name below `catalogue`, `brands` or `feeds`.
    pub(crate) path: String,
    /// Its octets.
    pub(crate) octets: u64,
    /// SHA-256 of each part, lower-case hexadecimal, in their order.
    pub(crate) parts: Vec<String>,
}

/// The signed envelope.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    /// A hint; not trusted.
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// Why a bundle is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// No envelope.
    #[error("it is no signed bundle: {0}")]
    NoEnvelope(String),
    /// Signed by nobody whom we trust, or not what was signed.
    #[error("its signature is of none of the keys in [bundle] keys")]
    Unsigned,
    /// Signed, but nothing that can be.
    #[error("what was signed is no bundle of ours: {0}")]
    Unsound(String),
    /// Signed, for somebody else.
    #[error("it was signed for `{0}`")]
    ForAnother(String),
    /// Older than what is there.
    #[error("it is version {offered}, and {known} is here already: a bundle only grows")]
    Old {
        /// The version that was offered.
        offered: u64,
        /// The version that counts.
        known: u64,
    },
}

/// A key that may sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PublicKey([u8; 32]);

impl PublicKey {
    /// Read a key: 32 octets in base64.
    pub(crate) fn parse(text: &str) -> Option<PublicKey> {
        Some(PublicKey(BASE64.decode(text.trim()).ok()?.try_into().ok()?))
    }

    /// The key of a pair.
    pub(crate) fn of(pair: &Ed25519KeyPair) -> Option<PublicKey> {
        use ring::signature::KeyPair as _;
        Some(PublicKey(pair.public_key().as_ref().try_into().ok()?))
    }

    /// As it stands in settings.
    pub(crate) fn text(&self) -> String {
        BASE64.encode(self.0)
    }
}

impl Manifest {
    /// A manifest of those files.
    pub(crate) fn new(name: &str, version: u64, files: Vec<Listed>) -> Manifest {
        Manifest { bundle: FORM, name: name.to_owned(), version, files }
    }

    /// The signed envelope.
    pub(crate) fn sign(&self, pair: &Ed25519KeyPair) -> Result<Vec<u8>, serde_json::Error> {
        let payload = serde_json::to_vec(self)?;
        let signature = pair.sign(&authenticated(PAYLOAD_TYPE, &payload));
        let envelope = Envelope {
            payload: BASE64.encode(&payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![Signature {
                keyid: PublicKey::of(pair).map(|key| key.text()).unwrap_or_default(),
                sig: BASE64.encode(signature),
            }],
        };
        serde_json::to_vec(&envelope)
    }

    /// Read an envelope whose signature is of one of `keys`.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(crate) fn verify(octets: &[u8], keys: &[PublicKey]) -> Result<Manifest, Refusal> {
        let no = |why: &str| Refusal::NoEnvelope(why.to_owned());
        if octets.len() > BUNDLE_MANIFEST_BYTES_MAX {
            return Err(no("it is too long"));
        }
        let envelope: Envelope =
            serde_json::from_slice(octets).map_err(|why| Refusal::NoEnvelope(why.to_string()))?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(no("it holds something else"));
        }
        let payload =
            BASE64.decode(&envelope.payload).map_err(|_| no("its payload is no base64"))?;
        let message = authenticated(PAYLOAD_TYPE, &payload);
        let signed = envelope.signatures.iter().take(16).any(|one| {
            let signature = BASE64.decode(&one.sig).unwrap_or_default();
            let fits = |key: &PublicKey| {
                UnparsedPublicKey::new(&ED25519, key.0).verify(&message, &signature).is_ok()
            };
            keys.iter().any(fits)
        });
        if !signed {
            return Err(Refusal::Unsigned);
        }
        let manifest: Manifest =
            serde_json::from_slice(&payload).map_err(|why| Refusal::Unsound(why.to_string()))?;
        manifest.sound().map_err(Refusal::Unsound)?;
        Ok(manifest)
    }

    /// What the signature cannot vouch for: that whoever signed made no mistake.
    fn sound(&self) -> Result<(), String> {
        if self.bundle != FORM {
            return Err(format!("form {}; this program reads {FORM}", self.bundle));
        }
        if self.files.len() > BUNDLE_FILES_MAX {
            return Err(format!("{} files; at most {BUNDLE_FILES_MAX}", self.files.len()));
        }
        let mut paths = BTreeSet::new();
        let mut octets = 0u64;
        for Listed { path, octets: len, parts } in &self.files {
            if !is_path(path) || !paths.insert(path) {
                return Err(format!("a file `{}`", path.escape_default()));
            }
            octets = octets.saturating_add(*len);
            let most = len.div_ceil(BUNDLE_PART_BYTES_MAX as u64);
            if parts.len() as u64 != most || !parts.iter().all(|part| is_hash(part)) {
                return Err(format!("the parts of {path}"));
            }
        }
        match octets {
            0..=BUNDLE_BYTES_MAX => Ok(()),
            _ => Err(format!("{octets} octets; at most {BUNDLE_BYTES_MAX}")),
        }
    }

    /// Whether it is for `name` and newer than `known`.
    ///
    /// # Errors
    /// Why it is not.
    pub(crate) fn is_for(&self, name: &str, known: Option<u64>) -> Result<(), Refusal> {
        if self.name != name {
            return Err(Refusal::ForAnother(self.name.clone()));
        }
        match known {
            Some(known) if self.version <= known => {
                Err(Refusal::Old { offered: self.version, known })
            }
            _ => Ok(()),
        }
    }
}

/// Whether a bundle may hold a file of that path.
pub(crate) fn is_path(path: &str) -> bool {
    let plain = |name: &str| {
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"._-".contains(&octet);
        (1..=80).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(fits)
    };
    match path.split_once('/') {
        None => path == "policy.toml",
        Some(("catalogue" | "brands", name)) => plain(name) && name.ends_with(".toml"),
        Some(("feeds", name)) => plain(name),
        Some(_) => false,
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'))
}

/// What is signed: DSSE's pre-authentication encoding.
fn authenticated(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed")
    }

    fn key(seed: u8) -> PublicKey {
        PublicKey::of(&pair(seed)).expect("a key")
    }

    fn listed(path: &str, octets: u64) -> Listed {
        let parts = octets.div_ceil(BUNDLE_PART_BYTES_MAX as u64);
        Listed {
            path: path.to_owned(),
            octets,
            parts: (0..parts).map(|_| "0".repeat(64)).collect(),
        }
    }

    #[test]
    fn only_what_a_trusted_key_signed_is_read() {
        let manifest = Manifest::new("all", 7, vec![listed("policy.toml", 3)]);
        let signed = manifest.sign(&pair(1)).expect("text");
        assert_eq!(Manifest::verify(&signed, &[key(2), key(1)]), Ok(manifest.clone()));
        assert_eq!(Manifest::verify(&signed, &[key(2)]), Err(Refusal::Unsigned));
        assert_eq!(Manifest::verify(&signed, &[]), Err(Refusal::Unsigned));
        let text = String::from_utf8(signed.clone()).expect("text");
        let (payload, other) = (
            BASE64.encode(serde_json::to_vec(&manifest).expect("text")),
            BASE64.encode(serde_json::to_vec(&Manifest { version: 8, ..manifest }).expect("text")),
        );
        let forged = text.replace(&payload, &other);
        assert_ne!(forged, text);
        assert_eq!(Manifest::verify(forged.as_bytes(), &[key(1)]), Err(Refusal::Unsigned));
        for cut in 0..signed.len() {
            assert!(Manifest::verify(&signed[..cut], &[key(1)]).is_err(), "{cut}");
        }
    }

    #[test]
    fn what_was_signed_by_mistake_is_not_taken() {
        let long = "x".repeat(81);
        let table = [
            (vec![listed("policy.toml", 3)], None),
            (vec![listed("feeds/a.csv", 0), listed("catalogue/a.toml", 600_000)], None),
            (vec![listed("../policy.toml", 3)], Some("a file `../policy.toml`")),
            (vec![listed("feeds/../../x", 3)], Some("a file `feeds/../../x`")),
            (vec![listed("feeds/.x", 3)], Some("a file `feeds/.x`")),
            (vec![listed("catalogue/a.json", 3)], Some("a file `catalogue/a.json`")),
            (vec![listed("feeds/\u{1b}", 3)], Some("a file `feeds/\\u{1b}`")),
            (vec![listed("feeds/a", 1), listed("feeds/a", 1)], Some("a file `feeds/a`")),
            (
                vec![Listed { parts: vec!["0".repeat(63)], ..listed("feeds/a", 1) }],
                Some("the parts of feeds/a"),
            ),
            (vec![Listed { octets: 1, ..listed("feeds/a", 0) }], Some("the parts of feeds/a")),
        ];
        for (files, want) in table {
            let signed = Manifest::new("all", 1, files).sign(&pair(1)).expect("text");
            let read = Manifest::verify(&signed, &[key(1)]);
            let want = want.map(|why| Refusal::Unsound(why.to_owned()));
            assert_eq!(read.err(), want);
        }
        assert!(!is_path(&format!("feeds/{long}")));
    }

    #[test]
    fn versions_only_grow_and_names_are_kept_apart() {
        let manifest = Manifest::new("site-a", 7, Vec::new());
        let table = [
            ("site-a", None, Ok(())),
            ("site-a", Some(6), Ok(())),
            ("site-a", Some(7), Err(Refusal::Old { offered: 7, known: 7 })),
            ("site-b", None, Err(Refusal::ForAnother("site-a".to_owned()))),
        ];
        for (name, known, want) in table {
            assert_eq!(manifest.is_for(name, known), want, "{name} {known:?}");
        }
    }
}
