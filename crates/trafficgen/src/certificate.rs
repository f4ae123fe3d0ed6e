//! An X.509 certificate (RFC 5280) with a key and a signature of chance: well formed, never valid.

use serde::Deserialize;
use toml::value::{Date, Datetime};

use crate::der::{
    self, GENERALIZED_TIME, OCTET_STRING, PRINTABLE_STRING, SEQUENCE, SET, UTC_TIME, UTF8_STRING,
    bits, object_id, text, unsigned, value,
};
use crate::octets::Octets;
use crate::random::Random;

/// What a scenario may say of a server's certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certificate {
    pub(crate) subject: DistinguishedName,
    pub(crate) issuer: DistinguishedName,
    /// Subject alternative names; without any the extension is left out.
    #[serde(default)]
    pub(crate) names: Vec<String>,
    pub(crate) not_before: Datetime,
    pub(crate) not_after: Datetime,
    #[serde(default)]
    pub(crate) key: Key,
}

/// What kind of key the certificate claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Key {
    /// 2,048 bits.
    #[default]
    Rsa,
    /// P-256.
    Ec,
}

/// Attributes in the order of encoding, `C=DE, O=Acme\, Inc., CN=Relay`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DistinguishedName(Vec<(Attribute, String)>);

/// An attribute's last arc below 2.5.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Attribute(u32);

impl Attribute {
    const COUNTRY: Attribute = Attribute(6);

    fn named(name: &str) -> Option<Attribute> {
        match name {
            "CN" => Some(Attribute(3)),
            "C" => Some(Attribute::COUNTRY),
            "L" => Some(Attribute(7)),
            "ST" => Some(Attribute(8)),
            "O" => Some(Attribute(10)),
            "OU" => Some(Attribute(11)),
            _ => None,
        }
    }
}

impl TryFrom<String> for DistinguishedName {
    type Error = String;

    fn try_from(written: String) -> Result<DistinguishedName, String> {
        let mut attributes = Vec::new();
        // A comma behind a backslash belongs to the value (RFC 4514 §2.4).
        let held = written.replace("\\,", "\u{0}");
        for part in held.split(',') {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| format!("`{}` is no attribute: write C=DE", part.trim()))?;
            let attribute = Attribute::named(name.trim()).ok_or_else(|| {
                format!("`{}` is no attribute: use CN, C, L, ST, O or OU", name.trim())
            })?;
            attributes.push((attribute, value.trim().replace('\u{0}', ",")));
        }
        Ok(DistinguishedName(attributes))
    }
}

impl DistinguishedName {
    fn write(&self, out: &mut Vec<u8>) {
        value(out, SEQUENCE, |out| {
            for (attribute, written) in &self.0 {
                let tag =
                    if *attribute == Attribute::COUNTRY { PRINTABLE_STRING } else { UTF8_STRING };
                value(out, SET, |out| {
                    value(out, SEQUENCE, |out| {
                        object_id(out, &[2, 5, 4, attribute.0]);
                        text(out, tag, written);
                    });
                });
            }
        });
    }
}

impl Certificate {
    /// That of a server of which no one said anything.
    pub(crate) fn everyday(name: &str) -> Certificate {
        let attribute = |arc, value: &str| (Attribute(arc), value.to_owned());
        let issuer = vec![
            (Attribute::COUNTRY, "US".to_owned()),
            attribute(10, "Example Trust Services"),
            attribute(3, "Example TLS CA 1"),
        ];
        Certificate {
            subject: DistinguishedName(vec![attribute(3, name)]),
            issuer: DistinguishedName(issuer),
            names: vec![name.to_owned()],
            not_before: day(2022, 8, 1),
            not_after: day(2022, 10, 30),
            key: Key::Ec,
        }
    }

    /// The certificate as DER.
    pub(crate) fn encode(&self, random: &mut Random) -> Vec<u8> {
        let mut out = Vec::new();
        value(&mut out, SEQUENCE, |out| {
            value(out, SEQUENCE, |out| self.body(out, random));
            algorithm(out, self.key);
            bits(out, |out| signature(out, self.key, random));
        });
        out
    }

    /// TBSCertificate (RFC 5280 §4.1.2).
    fn body(&self, out: &mut Vec<u8>, random: &mut Random) {
        value(out, der::context(0), |out| unsigned(out, &[2])); // version 3
        unsigned(out, &random.octets(16));
        algorithm(out, self.key);
        self.issuer.write(out);
        value(out, SEQUENCE, |out| {
            time(out, &self.not_before);
            time(out, &self.not_after);
        });
        self.subject.write(out);
        public_key(out, self.key, random);
        value(out, der::context(3), |out| value(out, SEQUENCE, |out| self.extensions(out)));
    }

    fn extensions(&self, out: &mut Vec<u8>) {
        extension(out, 19, |out| value(out, SEQUENCE, |_| {})); // basic constraints: no CA
        if !self.names.is_empty() {
            extension(out, 17, |out| {
                value(out, SEQUENCE, |out| self.names.iter().for_each(|name| text(out, 0x82, name)))
            });
        }
    }
}

/// One extension below 2.5.29, not critical.
fn extension(out: &mut Vec<u8>, arc: u32, write: impl FnOnce(&mut Vec<u8>)) {
    value(out, SEQUENCE, |out| {
        object_id(out, &[2, 5, 29, arc]);
        value(out, OCTET_STRING, write);
    });
}

/// The signature's algorithm: SHA-256 with RSA or with ECDSA.
fn algorithm(out: &mut Vec<u8>, key: Key) {
    value(out, SEQUENCE, |out| match key {
        Key::Rsa => {
            object_id(out, &[1, 2, 840, 113_549, 1, 1, 11]);
            out.put(&[5, 0]);
        }
        Key::Ec => object_id(out, &[1, 2, 840, 10_045, 4, 3, 2]),
    });
}

fn public_key(out: &mut Vec<u8>, key: Key, random: &mut Random) {
    value(out, SEQUENCE, |out| match key {
        Key::Rsa => {
            value(out, SEQUENCE, |out| {
                object_id(out, &[1, 2, 840, 113_549, 1, 1, 1]);
                out.put(&[5, 0]);
            });
            bits(out, |out| {
                value(out, SEQUENCE, |out| {
                    let mut modulus = vec![0xC5];
                    random.fill(&mut modulus, 254);
                    modulus.push(0x9B);
                    unsigned(out, &modulus);
                    unsigned(out, &[1, 0, 1]);
                });
            });
        }
        Key::Ec => {
            value(out, SEQUENCE, |out| {
                object_id(out, &[1, 2, 840, 10_045, 2, 1]);
                object_id(out, &[1, 2, 840, 10_045, 3, 1, 7]);
            });
            bits(out, |out| {
                out.put8(4); // an uncompressed point
                random.fill(out, 64);
            });
        }
    });
}

fn signature(out: &mut Vec<u8>, key: Key, random: &mut Random) {
    match key {
        Key::Rsa => random.fill(out, 256),
        Key::Ec => value(out, SEQUENCE, |out| {
            unsigned(out, &random.octets(32));
            unsigned(out, &random.octets(32));
        }),
    }
}

fn day(year: u16, month: u8, day: u8) -> Datetime {
    Datetime { date: Some(Date { year, month, day }), time: None, offset: None }
}

/// UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5).
fn time(out: &mut Vec<u8>, at: &Datetime) {
    let date = at.date.unwrap_or(Date { year: 1970, month: 1, day: 1 });
    let (hour, minute, second) =
        at.time.map_or((0, 0, 0), |time| (time.hour, time.minute, time.second.unwrap_or(0)));
    let rest = format!("{:02}{:02}{hour:02}{minute:02}{second:02}Z", date.month, date.day);
    match date.year {
        1950..=2049 => text(out, UTC_TIME, &format!("{:02}{rest}", date.year % 100)),
        year => text(out, GENERALIZED_TIME, &format!("{year:04}{rest}")),
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::*;

    use super::*;

    fn name(written: &str) -> DistinguishedName {
        DistinguishedName::try_from(written.to_owned()).unwrap()
    }

    #[test]
    fn a_stranger_reads_the_certificate() {
        for key in [Key::Rsa, Key::Ec] {
            let certificate = Certificate {
                subject: name("C=DE, O=Acme\\, Inc., CN=Relay"),
                issuer: name("CN=Root, O=Acme, C=DE"),
                names: vec!["a.example".into(), "b.example".into()],
                not_before: "2018-11-18".parse().unwrap(),
                not_after: "2050-01-02T03:04:05Z".parse().unwrap(),
                key,
            };
            let der = certificate.encode(&mut Random::new(1, 1));
            let (rest, read) = X509Certificate::from_der(&der).unwrap();
            assert!(rest.is_empty());
            assert_eq!(read.subject().to_string(), "C=DE, O=Acme, Inc., CN=Relay");
            assert_eq!(read.issuer().to_string(), "CN=Root, O=Acme, C=DE");
            assert_eq!(read.validity().not_before.timestamp(), 1_542_499_200);
            assert_eq!(read.validity().not_after.timestamp(), 2_524_705_445);
            let names = read.subject_alternative_name().unwrap().unwrap();
            let names: Vec<String> =
                names.value.general_names.iter().map(|name| name.to_string()).collect();
            assert_eq!(names, ["DNSName(a.example)", "DNSName(b.example)"]);
            read.public_key().parsed().unwrap();
        }
    }

    #[test]
    fn a_name_that_is_none_is_told() {
        for (written, why) in [
            ("Relay", "`Relay` is no attribute: write C=DE"),
            ("X=1", "`X` is no attribute: use CN, C, L, ST, O or OU"),
        ] {
            assert_eq!(DistinguishedName::try_from(written.to_owned()).unwrap_err(), why);
        }
    }
}
