//! NKeys and JWTs as an operator hands them out (NATS ADR-14), made without NATS' own library.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

/// Kinds of keys, by the letter that their text begins with.
#[derive(Clone, Copy)]
enum Role {
    Operator = 14 << 3,
    Account = 0,
    User = 20 << 3,
}

/// A pair of keys.
struct Key {
    role: Role,
    seed: [u8; 32],
}

impl Key {
    fn public(&self) -> String {
        let pair = Ed25519KeyPair::from_seed_unchecked(&self.seed).expect("a seed");
        text(&[&[self.role as u8], pair.public_key().as_ref()].concat())
    }

    fn secret(&self) -> String {
        let role = self.role as u8;
        text(&[&[18 << 3 | role >> 5, (role & 31) << 3], self.seed.as_slice()].concat())
    }

    /// A claim about `subject`, signed by this key.
    fn signs(&self, subject: &Key, nats: &Value) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({"typ": "JWT", "alg": "ed25519-nkey"}));
        let body = part(json!({
            "iat": 1_700_000_000, "iss": self.public(), "sub": subject.public(), "name": "test",
            "nats": nats,
        }));
        let signed = format!("{head}.{body}");
        let pair = Ed25519KeyPair::from_seed_unchecked(&self.seed).expect("a seed");
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// Base 32 of the octets and their CRC-16/XMODEM, without padding.
fn text(octets: &[u8]) -> String {
    let crc = octets.iter().fold(0_u16, |crc, octet| {
        (0..8).fold(crc ^ u16::from(*octet) << 8, |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
        })
    });
    let octets = [octets, &crc.to_le_bytes()].concat();
    let bits: Vec<u8> =
        octets.iter().flat_map(|octet| (0..8).rev().map(move |at| octet >> at & 1)).collect();
    bits.chunks(5)
        .map(|five| {
            let value = (0..5).fold(0, |value, at| value << 1 | five.get(at).copied().unwrap_or(0));
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(value)])
        })
        .collect()
}

/// The lines of a server's configuration, the credentials of a user of its one account, and those
/// of a user whom another account's key signed.
pub(crate) fn operator() -> (String, String, String) {
    let key = |role, octet| Key { role, seed: [octet; 32] };
    let (operator, account) = (key(Role::Operator, 1), key(Role::Account, 2));
    let system = key(Role::Account, 5);
    let (user, stranger) = (key(Role::User, 3), key(Role::Account, 4));
    let most = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| ((*name).to_owned(), json!(-1)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let connections = ["subs", "data", "payload", "imports", "exports", "conn", "leaf"];
    let stored = ["mem_storage", "disk_storage", "streams", "consumer"];
    let claim = |account: &Key, limits: &[&str]| {
        let mut limits = most(limits);
        limits["wildcards"] = json!(true);
        let nats = json!({"type": "account", "version": 2, "limits": limits});
        format!("{}: {}", account.public(), operator.signs(account, &nats))
    };
    // JetStream itself works in an account of its own, which may store nothing.
    let resolved =
        [claim(&account, &[&connections[..], &stored].concat()), claim(&system, &connections)];
    let config = format!(
        "operator: {}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{ {} }}",
        operator.signs(&operator, &json!({"type": "operator", "version": 2})),
        system.public(),
        resolved.join(", "),
    );
    let mut claims = most(&["subs", "data", "payload"]);
    claims["type"] = json!("user");
    claims["version"] = json!(2);
    let credentials = |signer: &Key| {
        format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
            signer.signs(&user, &claims),
            user.secret()
        )
    };
    (config, credentials(&account), credentials(&stranger))
}
