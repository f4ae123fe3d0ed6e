//! Settings of a sink that can be read and would not do what was meant: a password that is sent to
//! nobody, TLS files for a connection in clear, a header that no request can bear.

use std::ops::RangeInclusive;

use super::table::{NatsWord, SinkTable, Tls, Url, What};

/// What is wrong with a sink, for a person, after "the sink `name`: ".
pub(super) fn mistake(sink: &SinkTable) -> Option<String> {
    rotation(&sink.what).or_else(|| encryption(sink)).or_else(|| identity(sink)).or_else(|| {
        match &sink.what {
            What::Nats { stream, subject, .. } => subjects(stream, subject),
            _ => requests(&sink.what),
        }
    })
}

fn rotation(what: &What) -> Option<String> {
    let What::File { rotate_mib, rotate_hours, keep, .. } = what else { return None };
    let within = |key: &str, value: Option<u64>, range: RangeInclusive<u64>| {
        let wrong = value.is_some_and(|value| !range.contains(&value));
        wrong.then(|| format!("`{key}` goes from {} to {}", range.start(), range.end()))
    };
    within("rotate_mib", *rotate_mib, 1..=1 << 20)
        .or_else(|| within("rotate_hours", rotate_hours.map(u64::from), 1..=10_000))
        .or_else(|| within("keep", keep.map(|keep| keep as u64), 1..=1_000_000))
}

fn encryption(sink: &SinkTable) -> Option<String> {
    if sink.tls == Tls::default() {
        return None;
    }
    if !sink.what.places().iter().any(|place| place.tls) {
        return Some("`tls` is set, and `to` asks for none; write tls:// or https://".to_owned());
    }
    (sink.tls.cert.is_some() != sink.tls.key.is_some())
        .then(|| "`cert` and `key` of `tls` come together or not".to_owned())
}

fn identity(sink: &SinkTable) -> Option<String> {
    let (user, secret) = (sink.user.is_some(), sink.secret.is_some());
    let kind_has_none =
        matches!(sink.what, What::File { .. } | What::Unix { .. } | What::Syslog { .. });
    let why = match (&sink.what, user, secret) {
        (_, false, false) if !needs_secret(&sink.what) => return None,
        _ if kind_has_none => "this kind knows no `user` and no `secret`",
        (What::Kafka { .. }, false, true) => "its `secret` needs a `user`",
        (What::Nats { auth, .. }, true, true) if *auth != NatsWord::Token => {
            "with this `auth`, a `user` says nothing"
        }
        (_, _, true) => return None,
        _ => "who we are needs a `secret`, and there is none",
    };
    Some(why.to_owned())
}

fn needs_secret(what: &What) -> bool {
    matches!(what, What::Nats { auth: NatsWord::Nkey | NatsWord::Credentials, .. })
}

/// What no HTTP request can bear. Values are not told: some are secret.
fn requests(what: &What) -> Option<String> {
    let path = match what {
        What::Elastic { url, .. }
        | What::Hec { url, .. }
        | What::Loki { url, .. }
        | What::Webhook { url, .. }
        | What::Alertmanager { url }
        | What::EveBox { url } => url,
        _ => return None,
    };
    let Url { path, .. } = path;
    if !path.bytes().all(|octet| octet.is_ascii_graphic()) || path.contains('#') {
        return Some("the path of `to` has an octet that no URL has; write it as %XX".to_owned());
    }
    let bears = |value: &str| value.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic());
    let odd = match what {
        What::Loki { tenant: Some(tenant), .. } if !bears(tenant) => "tenant".to_owned(),
        What::Webhook { content_type, .. } if !bears(content_type) => "content_type".to_owned(),
        What::Webhook { headers, .. } => {
            let odd = headers.iter().find(|(name, value)| !is_field(name) || !bears(value));
            format!("headers.{:?}", odd?.0)
        }
        _ => return None,
    };
    Some(format!("`{odd}` is no header field that a request can bear, or that may be set here"))
}

/// A field's name (RFC 9110 §5.6.2) that is not the request's own matter.
fn is_field(name: &str) -> bool {
    const OURS: [&str; 6] =
        ["connection", "content-length", "content-type", "host", "te", "transfer-encoding"];
    let token = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    !name.is_empty()
        && name.bytes().all(token)
        && !OURS.contains(&name.to_ascii_lowercase().as_str())
}

/// Names that NATS would not take: each record would be refused for good.
fn subjects(stream: &str, subject: &str) -> Option<String> {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic());
    if !plain(stream) || stream.contains(['.', '*', '>', '/', '\\']) {
        return Some("`stream` is no stream's name; write a few of A-Z, a-z, 0-9, - and _".into());
    }
    let token = |token: &str| plain(token) && !token.contains(['*', '>']);
    let wrong = subject.starts_with('$') || !subject.split('.').all(token);
    wrong.then(|| "`subject` is no subject to publish under; write words between dots".into())
}

#[cfg(test)]
mod tests {
    use super::super::table::SinkTable;

    #[test]
    fn settings_that_would_not_do_what_was_meant_are_refused() {
        let tls = "tls = { ca = 'x' }";
        let secret = "secret = { file = 'x' }";
        let table = [
            ("file", "/a", "rotate_mib = 0", "`rotate_mib` goes from 1 to 1048576"),
            ("file", "/a", "rotate_mib = 99999999999", "`rotate_mib` goes from 1 to 1048576"),
            ("file", "/a", "rotate_hours = 0", "`rotate_hours` goes from 1 to 10000"),
            ("file", "/a", "keep = 0", "`keep` goes from 1 to 1000000"),
            ("file", "/a", tls, "`tls` is set, and `to` asks for none"),
            ("file", "/a", secret, "this kind knows no `user` and no `secret`"),
            ("syslog", "tls://h", "user = 'u'", "this kind knows no `user`"),
            ("syslog", "tcp://127.0.0.1", tls, "`tls` is set, and `to` asks for none"),
            ("loki", "https://h", "tls = { cert = 'x' }", "`cert` and `key`"),
            ("loki", "https://h", "user = 'u'", "who we are needs a `secret`"),
            ("loki", "https://h/a b", "", "the path of `to`"),
            ("loki", "https://h", "tenant = \"a\\r\\nb\"", "`tenant` is no header field"),
            ("webhook", "https://h", "content_type = \"a\\nb\"", "`content_type` is no header"),
            ("webhook", "https://h", "headers = { 'A B' = 'x' }", "`headers.\"A B\"` is no header"),
            ("webhook", "https://h", "headers = { A = \"x\\r\\ny\" }", "`headers.\"A\"` is no"),
            ("webhook", "https://h", "headers = { Host = 'x' }", "`headers.\"Host\"` is no"),
            ("kafka", "tls://h", "topic = 't'\nsecret = { file = 'x' }", "needs a `user`"),
            ("redis", "rediss://h", "user = 'u'", "who we are needs a `secret`"),
            ("nats", "tls://h", "auth = 'nkey'", "who we are needs a `secret`"),
            ("nats", "tls://h", "subject = 'a..b'", "`subject` is no subject"),
            ("nats", "tls://h", "subject = 'a.>'", "`subject` is no subject"),
            ("nats", "tls://h", "subject = 'a b'", "`subject` is no subject"),
            ("nats", "tls://h", "stream = 'a.b'", "`stream` is no stream's name"),
        ];
        for (kind, to, keys, want) in table {
            let text = format!("name = 'a'\nkind = '{kind}'\nto = '{to}'\n{keys}");
            let why = toml::from_str::<SinkTable>(&text).expect_err(&text).message().to_owned();
            assert!(why.starts_with("the sink `a`: ") && why.contains(want), "{keys}: {why}");
        }
    }

    #[test]
    fn settings_that_do_are_taken() {
        let table = [
            ("file", "/a", "rotate_mib = 1\nrotate_hours = 24\nkeep = 1"),
            ("syslog", "tls://h", "tls = { ca = 'x', cert = 'y', key = 'z' }"),
            ("loki", "https://h/a%20b?c=d", "tenant = 'a b'\nsecret = { file = 'x' }"),
            ("webhook", "https://h", "headers = { X-Own = 'a b' }"),
            ("kafka", "tls://h", "topic = 't'\nuser = 'u'\nsecret = { file = 'x' }"),
            ("redis", "rediss://h", "secret = { file = 'x' }"),
            ("nats", "tls://h", "auth = 'nkey'\nsecret = { credential = 'x' }\nsubject = 'a.b_c'"),
        ];
        for (kind, to, keys) in table {
            let text = format!("name = 'a'\nkind = '{kind}'\nto = '{to}'\n{keys}");
            assert!(toml::from_str::<SinkTable>(&text).is_ok(), "{text}");
        }
    }
}
