//! Whom a rule means: a tenant's name, a certificate, or nobody that shows.

use model::{Fact, TlsCertificate};

use super::rule::Use;

/// One entry of `operators`. Upper and lower case are alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum OperatorPattern {
    /// `acme.example`, an address, `sha256:…` of a certificate, or `CN=…` of its subject or issuer.
    /// Lower case.
    Exact(Box<str>),
    /// `*.acme.example`, everything below it: without the `*`, with the dot.
    Below(Box<str>),
    /// `unknown`: whose tenant it is does not show.
    Unknown,
}

/// The word for a tenant that does not show.
pub(crate) const UNKNOWN: &str = "unknown";

/// Fingerprints by the count of their hexadecimal digits.
const HASHES: [(usize, &str); 3] = [(40, "sha1"), (64, "sha256"), (96, "sha384")];

impl OperatorPattern {
    /// Read an exact text, `*.suffix`, a certificate's fingerprint or part of its subject, or
    /// `unknown`.
    ///
    /// # Errors
    /// Why it is none of them, and the fix.
    pub(crate) fn parse(text: &str) -> Result<OperatorPattern, (String, String)> {
        let lower = text.to_ascii_lowercase();
        let bad = |why: &str, fix: &str| Err((format!("`{text}` {why}"), fix.to_owned()));
        if lower == "*" {
            return bad("names nobody", "leave `operators` out: then any operator passes");
        }
        if lower.contains(char::is_control) {
            return bad("holds a control character", "write a name, an address, or `*.suffix`");
        }
        if lower == UNKNOWN {
            return Ok(OperatorPattern::Unknown);
        }
        if let Some(print) = fingerprint(&lower) {
            return print.map(|print| OperatorPattern::Exact(print.into())).ok_or_else(|| {
                let why = format!("`{text}` is no fingerprint of a certificate");
                (why, "write `sha256:` and 64 hexadecimal digits (sha1: 40, sha384: 96)".into())
            });
        }
        if lower.contains('=') {
            return Ok(OperatorPattern::Exact(lower.trim().into()));
        }
        let below = lower.strip_prefix("*.");
        let rest = below.unwrap_or(&lower);
        if rest.is_empty() || rest.contains('*') || rest.contains(char::is_whitespace) {
            return bad("is no operator", "write a name, an address, or `*.suffix`");
        }
        Ok(match below {
            Some(rest) => OperatorPattern::Below(format!(".{rest}").into()),
            None => OperatorPattern::Exact(rest.into()),
        })
    }

    /// Whether the pattern fits what a use shows of its operator.
    pub(crate) fn fits_use(&self, made: &Use<'_>) -> bool {
        match self {
            OperatorPattern::Unknown => made.tool.is_some() && !made.tenant_seen,
            _ => made.operators.iter().any(|operator| self.fits(operator)),
        }
    }

    /// Whether the pattern fits one text that an operator is known as.
    pub(crate) fn fits(&self, operator: &str) -> bool {
        let tail = |len: usize| {
            operator.len().checked_sub(len).filter(|at| *at > 0).and_then(|at| operator.get(at..))
        };
        match self {
            OperatorPattern::Exact(text) => operator.eq_ignore_ascii_case(text),
            // A certificate can hold any name; only a server's name is below another.
            OperatorPattern::Below(suffix) => {
                !operator.contains('=')
                    && tail(suffix.len()).is_some_and(|tail| tail.eq_ignore_ascii_case(suffix))
            }
            OperatorPattern::Unknown => false,
        }
    }

    /// Whether all that `other` fits is fitted by this one too.
    pub(crate) fn covers(&self, other: &OperatorPattern) -> bool {
        match (self, other) {
            (OperatorPattern::Below(wide), OperatorPattern::Below(narrow)) => {
                narrow.ends_with(&**wide)
            }
            (_, OperatorPattern::Exact(text)) => self.fits(text),
            (mine, other) => mine == other,
        }
    }

    /// How closely it looks: an exact text most, then the longest suffix.
    pub(crate) fn weight(&self) -> usize {
        match self {
            OperatorPattern::Exact(_) => usize::MAX,
            OperatorPattern::Below(suffix) => suffix.len() + 1,
            OperatorPattern::Unknown => 1,
        }
    }

    /// Whether a certificate must be looked at to tell.
    pub(crate) fn asks_certificate(&self) -> bool {
        match self {
            OperatorPattern::Exact(text) => {
                text.contains('=') || HASHES.iter().any(|(_, hash)| starts(text, hash))
            }
            OperatorPattern::Below(_) | OperatorPattern::Unknown => false,
        }
    }
}

impl std::fmt::Display for OperatorPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OperatorPattern::Exact(text) => f.write_str(text),
            OperatorPattern::Below(suffix) => write!(f, "*{suffix}"),
            OperatorPattern::Unknown => f.write_str(UNKNOWN),
        }
    }
}

/// What the certificate in a fact may be named by in a policy: its fingerprints, those of the
/// certificates behind it, and subject and issuer, whole and by their parts.
pub(crate) fn certificate_words(fact: &Fact) -> Vec<String> {
    let Fact::TlsCertificate(shown) = fact else { return Vec::new() };
    let mut words = fingerprints(shown);
    for name in [&shown.subject, &shown.issuer] {
        words.push(name.to_string());
        words.extend(name.split(", ").map(str::to_owned));
    }
    words
}

fn fingerprints(shown: &TlsCertificate) -> Vec<String> {
    let own = [("sha1", shown.sha1()), ("sha256", shown.sha256()), ("sha384", shown.sha384())];
    let own = own.into_iter().filter_map(|(hash, print)| Some(format!("{hash}:{}", print?)));
    own.chain(shown.chain.iter().map(|print| format!("sha256:{print}"))).collect()
}

fn starts(text: &str, hash: &str) -> bool {
    text.strip_prefix(hash).is_some_and(|rest| rest.starts_with(':'))
}

/// A fingerprint as `sha256:0123…`, from `sha256:` and digits, or digits alone, colons between
/// them or not. `None`: it is meant as something else; `Some(None)`: it is meant as one, and wrong.
fn fingerprint(lower: &str) -> Option<Option<String>> {
    let named = HASHES.iter().find(|(_, hash)| starts(lower, hash));
    let rest = named.map_or(lower, |(_, hash)| lower.get(hash.len() + 1..).unwrap_or_default());
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let by_len = HASHES.iter().find(|(len, _)| *len == digits.len()).filter(|_| is_hex);
    match (named, by_len) {
        (Some(named), Some(found)) if named.1 != found.1 => Some(None),
        (_, Some((_, hash))) => Some(Some(format!("{hash}:{digits}"))),
        (Some(_), None) => Some(None),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_exact_or_below_a_dot() {
        let table: &[(&str, &str, bool)] = &[
            ("acme.example", "acme.example", true),
            ("ACME.example", "acme.EXAMPLE", true),
            ("acme.example", "help.acme.example", false),
            ("*.acme.example", "help.acme.example", true),
            ("*.acme.example", "a.b.acme.example", true),
            ("*.acme.example", "acme.example", false),
            ("*.acme.example", ".acme.example", false),
            ("*.acme.example", "notacme.example", false),
            ("203.0.113.5", "203.0.113.5", true),
            ("CN=Acme Root", "cn=acme root", true),
            // Anyone can write any name into a certificate.
            ("*.acme.example", "CN=help.acme.example", false),
            ("acme.example", "CN=acme.example", false),
            ("unknown", "unknown", false),
        ];
        for (pattern, operator, want) in table {
            let pattern = OperatorPattern::parse(pattern).expect(pattern);
            assert_eq!(pattern.fits(operator), *want, "{pattern} {operator}");
        }
        for bad in ["", "*", "*.", "a*b", "*.a.*", "two words", "sha256:12", "sha1:zz", "a=\n"] {
            assert!(OperatorPattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_fingerprint_is_read_in_every_usual_spelling() {
        let digits = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        let table = [
            (digits.clone(), format!("sha256:{digits}")),
            (colons.clone(), format!("sha256:{digits}")),
            (format!("SHA256:{colons}"), format!("sha256:{digits}")),
            ("0F".repeat(20), format!("sha1:{}", "0f".repeat(20))),
            ("1e".repeat(48), format!("sha384:{}", "1e".repeat(48))),
            // An address is none, whatever its colons.
            ("2001:db8::1".into(), "2001:db8::1".into()),
            ("sha256.example".into(), "sha256.example".into()),
        ];
        for (text, want) in table {
            assert_eq!(OperatorPattern::parse(&text).expect(&text).to_string(), want);
        }
        assert!(OperatorPattern::parse(&format!("sha1:{digits}")).is_err());
    }

    #[test]
    fn a_certificate_is_known_by_its_prints_and_by_the_parts_of_its_names() {
        let shown = TlsCertificate {
            side: model::Side::Server,
            subject: "C=DE, CN=Acme Root-a1b2c3".into(),
            issuer: "CN=Acme CA".into(),
            names: Vec::new(),
            der: Box::new(*b"der"),
            chain: vec!["AB".repeat(32).into()],
            not_before: 0,
            not_after: 0,
        };
        let words = certificate_words(&Fact::TlsCertificate(Box::new(shown)));
        let table: &[(&str, bool)] = &[
            ("CN=Acme Root-a1b2c3", true),
            ("cn=acme root-A1B2C3", true),
            ("C=DE, CN=Acme Root-a1b2c3", true),
            ("CN=Acme CA", true),
            ("CN=Acme", false),
            (&"ab".repeat(32), true),
            (&"cd".repeat(32), false),
        ];
        for (text, want) in table {
            let pattern = OperatorPattern::parse(text).expect(text);
            assert!(pattern.asks_certificate() || !want, "{text}");
            assert_eq!(words.iter().any(|word| pattern.fits(word)), *want, "{text} {words:?}");
        }
        for hash in ["sha1:", "sha256:", "sha384:"] {
            assert!(words.iter().any(|word| word.starts_with(hash)), "{hash}");
        }
        assert!(certificate_words(&Fact::FlowOpen).is_empty());
    }

    #[test]
    fn one_pattern_covers_another() {
        let table: &[(&str, &str, bool)] = &[
            ("a.example", "a.example", true),
            ("a.example", "b.example", false),
            ("*.example", "a.example", true),
            ("*.example", "*.a.example", true),
            ("*.a.example", "*.example", false),
            ("a.example", "*.a.example", false),
            ("unknown", "unknown", true),
            ("unknown", "a.example", false),
            ("*.example", "unknown", false),
        ];
        for (wide, narrow, want) in table {
            let read = |text| OperatorPattern::parse(text).expect("a pattern");
            assert_eq!(read(wide).covers(&read(narrow)), *want, "{wide} {narrow}");
        }
    }
}
