//! One value of a list, read as what the list says it is, else as what it looks like.

use std::borrow::Cow;

use crate::naming;
use crate::naming::NotAName;

use super::Subject;
use super::defang::subject_or_page;

/// What a list says its values are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    /// Nothing more than that they are indicators, or a kind that shows by itself.
    Any,
    Ja3,
    Ja4,
    /// A certificate's fingerprint.
    Certificate,
    /// The name of a file.
    File,
    /// What no wire shows: hashes of files, mail addresses, registry keys.
    Unseen,
}

/// Why a value is no indicator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoIndicator {
    /// It is right, but nothing that a wire shows.
    Unseen,
    /// It is wrong: the end of a sentence that begins with it.
    Wrong(&'static str),
}

impl From<NotAName> for NoIndicator {
    fn from(error: NotAName) -> NoIndicator {
        NoIndicator::Wrong(error.why())
    }
}

/// Words of which one in a column's or type's name says that no wire shows it.
const UNSEEN_WORDS: [&str; 28] = [
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "hash",
    "ssdeep",
    "tlsh",
    "authentihash",
    "mail",
    "mutex",
    "regkey",
    "registry",
    "user_agent",
    "useragent",
    "cve",
    "vulnerability",
    "bitcoin",
    "btc",
    "wallet",
    "yara",
    "sigma",
    "pdb",
    "phone",
    "jarm",
    "serial",
    "pipe",
];

impl Told {
    /// What the name of a type or of a column says, in whatever spelling: `x509-fingerprint-sha1`,
    /// `JA3 hash`, `Intel::CERT_HASH`, `filename|md5`.
    pub(crate) fn by_word(word: &str) -> Told {
        let word = column_word(word);
        // Of two in one, the first is meant: `domain|ip`, `filename|md5`.
        let word = word.split('|').next().unwrap_or_default();
        let has = |part: &str| word.contains(part);
        if has("ja3s") || has("ja4s") || has("ja4h") || has("ja4x") {
            return Told::Unseen;
        }
        if has("ja3") {
            return Told::Ja3;
        }
        if has("ja4") {
            return Told::Ja4;
        }
        if has("cert") || has("x509") || has("ssl") || has("tls_fingerprint") {
            let other = has("md5") || has("serial") || has("subject") || has("issuer");
            return if other { Told::Unseen } else { Told::Certificate };
        }
        if UNSEEN_WORDS.iter().any(|part| has(part)) || matches!(word, "asn" | "as" | "port") {
            return Told::Unseen;
        }
        if matches!(word, "file" | "filename" | "file_name") || has("file_name") {
            return Told::File;
        }
        Told::Any
    }
}

/// The name of a column or type in one spelling: lower case, `_` between its words.
pub(super) fn column_word(word: &str) -> String {
    word.trim().to_ascii_lowercase().replace([' ', '-', '.', '/'], "_")
}

/// What the value is about.
pub(crate) fn indicator(text: &str, told: Told) -> Result<Subject<'_>, NoIndicator> {
    let wrong = NoIndicator::Wrong;
    match told {
        Told::Any => any(text),
        Told::Ja3 => match hex(text) {
            Some(digits) if digits.len() == 32 => Ok(Subject::Ja3(digits)),
            _ => Err(wrong("is no JA3: 32 hexadecimal digits")),
        },
        Told::Ja4 => {
            let text = text.trim();
            if is_ja4(text) { Ok(Subject::Ja4(Cow::Borrowed(text))) } else { Err(wrong(NO_JA4)) }
        }
        Told::Certificate => match hex(text) {
            Some(digits) if matches!(digits.len(), 40 | 64) => Ok(Subject::Certificate(digits)),
            // MD5 of a certificate: nobody computes it any more.
            Some(digits) if digits.len() == 32 => Err(NoIndicator::Unseen),
            _ => Err(wrong("is no SHA-1 or SHA-256: 40 or 64 hexadecimal digits")),
        },
        Told::File => {
            let text = text.trim();
            let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
            let sound = !name.is_empty() && name.len() <= 255 && !name.contains(char::is_control);
            if !sound {
                return Err(wrong("is no name of a file"));
            }
            Ok(Subject::File(lower(name)))
        }
        Told::Unseen => Err(NoIndicator::Unseen),
    }
}

const ZONE: &str = "has a zone: such an address is another one on each link";
const NO_ADDRESS: &str = "is no valid address or network";
const NO_JA4: &str = "is no JA4, as in t13d1516h2_8daaf6152771_e5627efa2ab1";

fn any(text: &str) -> Result<Subject<'_>, NoIndicator> {
    if naming::is_normal(text) {
        return Ok(Subject::Name(Cow::Borrowed(text)));
    }
    let error = match subject_or_page(text) {
        Ok(subject) => return Ok(subject),
        Err(error) => error,
    };
    let text = text.trim();
    if is_ja4(text) {
        return Ok(Subject::Ja4(Cow::Borrowed(text)));
    }
    // Of 32 digits nobody can tell whether they are an MD5 or a JA3.
    let hashed = matches!(text.len(), 32 | 40 | 56 | 64 | 96 | 128)
        && text.bytes().all(|octet| octet.is_ascii_hexdigit());
    let path = text.starts_with('/') && text.len() > 1 && !text.contains(char::is_control);
    let unseen = hashed || path || is_mail(text);
    Err(match not_an_address(text) {
        _ if unseen => NoIndicator::Unseen,
        Some(why) => NoIndicator::Wrong(why),
        None => error.into(),
    })
}

/// What is wrong with what looks like an address and is none.
fn not_an_address(text: &str) -> Option<&'static str> {
    if let Some((ip, _)) = text.split_once('%')
        && ip.parse::<std::net::Ipv6Addr>().is_ok()
    {
        return Some(ZONE);
    }
    let all = |more: &str| {
        text.bytes().all(|octet| octet.is_ascii_digit() || more.as_bytes().contains(&octet))
    };
    let v4 = text.matches('.').count() == 3 && all("./:");
    let v6 = text.matches(':').count() > 2 && all(":/abcdefABCDEF");
    (v4 || v6).then_some(NO_ADDRESS)
}

fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !local.contains([' ', ':', '/']) && super::subject(host).is_ok()
    })
}

/// The digits of a hash in lower case, without the colons or spaces that may part them.
fn hex(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let text = if text.contains([':', ' ', '-']) {
        Cow::Owned(text.replace([':', ' ', '-'], ""))
    } else {
        Cow::Borrowed(text)
    };
    if text.is_empty() || !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    Some(if text.bytes().any(|octet| octet.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        text
    })
}

fn lower(text: &str) -> Cow<'_, str> {
    let lower = text.to_lowercase();
    if lower == text { Cow::Borrowed(text) } else { Cow::Owned(lower) }
}

/// Whether the text has the shape of a JA4 (FoxIO's technical details, "JA4 Algorithm").
fn is_ja4(text: &str) -> bool {
    let mut parts = text.split('_');
    let (Some(head), Some(ciphers), Some(rest), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let half = |part: &str| {
        part.len() == 12 && part.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'))
    };
    let head_fits = head.len() == 10
        && head.bytes().zip(0usize..).all(|(octet, at)| match at {
            0 => matches!(octet, b't' | b'q' | b'd'),
            3 => matches!(octet, b'd' | b'i'),
            4..=7 => octet.is_ascii_digit(),
            _ => octet.is_ascii_alphanumeric(),
        });
    head_fits && half(ciphers) && half(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_come_in_many_words() {
        let table = [
            ("domain", Told::Any),
            ("FQDN", Told::Any),
            ("ip:port", Told::Any),
            ("ip-dst|port", Told::Any),
            ("Intel::DOMAIN", Told::Any),
            ("url", Told::Any),
            ("ja3_md5", Told::Ja3),
            ("ja3-fingerprint-md5", Told::Ja3),
            ("JA3S", Told::Unseen),
            ("JA4", Told::Ja4),
            ("x509-fingerprint-sha1", Told::Certificate),
            ("x509-fingerprint-md5", Told::Unseen),
            ("Intel::CERT_HASH", Told::Certificate),
            ("Certificate SHA1", Told::Certificate),
            ("FileHash-SHA256", Told::Unseen),
            ("sha256_hash", Told::Unseen),
            ("email-src", Told::Unseen),
            ("filename|md5", Told::File),
            ("File Name", Told::File),
        ];
        for (word, want) in table {
            assert_eq!(Told::by_word(word), want, "{word}");
        }
    }

    #[test]
    fn values_are_read_as_they_are_told() {
        let md5 = "ABCDEF0123456789abcdef0123456789";
        let sha1 = "ab:CD:ef:01:23:".repeat(4);
        let ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
        let table: &[(&str, Told, Result<&str, NoIndicator>)] = &[
            (md5, Told::Any, Err(NoIndicator::Unseen)),
            (md5, Told::Unseen, Err(NoIndicator::Unseen)),
            (md5, Told::Ja3, Ok("Ja3(\"abcdef0123456789abcdef0123456789\")")),
            (md5, Told::Certificate, Err(NoIndicator::Unseen)),
            (ja4, Told::Any, Ok("Ja4(\"t13d1516h2_8daaf6152771_e5627efa2ab1\")")),
            (ja4, Told::Ja4, Ok("Ja4(\"t13d1516h2_8daaf6152771_e5627efa2ab1\")")),
            ("t13d1516h2", Told::Ja4, Err(NoIndicator::Wrong(NO_JA4))),
            ("someone@evil.example", Told::Any, Err(NoIndicator::Unseen)),
            ("/gate.php", Told::Any, Err(NoIndicator::Unseen)),
            ("Setup.EXE", Told::File, Ok("File(\"setup.exe\")")),
            ("C:\\Users\\x\\Setup.exe", Told::File, Ok("File(\"setup.exe\")")),
            ("", Told::File, Err(NoIndicator::Wrong("is no name of a file"))),
            ("Evil[.]example", Told::Any, Ok("Name(\"evil.example\")")),
            ("fe80::1%eth0", Told::Any, Err(NoIndicator::Wrong(ZONE))),
            ("203.0.113.7/33", Told::Any, Err(NoIndicator::Wrong(NO_ADDRESS))),
            ("999.0.113.7", Told::Any, Err(NoIndicator::Wrong(NO_ADDRESS))),
            ("2001:db8:::1", Told::Any, Err(NoIndicator::Wrong(NO_ADDRESS))),
            ("2001:db8::/129", Told::Any, Err(NoIndicator::Wrong(NO_ADDRESS))),
            ("evil", Told::Any, Err(NoIndicator::Wrong("is one word, not a domain name"))),
        ];
        for (text, told, want) in table {
            let got = indicator(text, *told).map(|subject| format!("{subject:?}"));
            assert_eq!(got.as_deref(), want.as_ref().map(|text| &**text), "{text} {told:?}");
        }
        let got = indicator(sha1.trim_end_matches(':'), Told::Certificate);
        assert!(matches!(got, Ok(Subject::Certificate(digits)) if digits.len() == 40), "{sha1}");
    }
}
