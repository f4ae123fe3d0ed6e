//! What an HTTP server answered, and what that says of the entries that were sent.

use std::time::Duration;

use hyper::header::{HeaderMap, LOCATION, RETRY_AFTER};
use hyper::{Response, StatusCode};

use crate::limits::{ERROR_BYTES_MAX, WAIT_ASKED_MAX};
use crate::sinks::said::said;
use crate::sinks::{Refused, Setback};

/// An answer.
#[derive(Debug)]
pub(in crate::sinks) struct Answer {
    /// The server, as the user named it.
    pub(in crate::sinks) place: String,
    pub(in crate::sinks) status: StatusCode,
    /// How long the server asks to be left alone.
    pub(in crate::sinks) wait: Option<Duration>,
    /// Where it would have us go, cut to a line.
    location: Option<String>,
    /// Its body, as far as it was read.
    pub(in crate::sinks) body: Vec<u8>,
    /// Whether that is all of it.
    pub(in crate::sinks) whole: bool,
    /// What must not be told again, whatever the server repeats.
    pub(super) secrets: Vec<String>,
}

/// What came of one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::sinks) enum Verdict {
    /// Every entry is through, but for those that never will be.
    Taken(Vec<Refused>),
    /// More at once than the server takes.
    TooMuch(String),
    /// One of the entries at least is of no use to the server.
    Unfit(String),
}

impl Answer {
    /// An answer's head; its body comes later.
    pub(super) fn new<B>(place: String, response: &Response<B>) -> Answer {
        let location = response.headers().get(LOCATION);
        Answer {
            place,
            status: response.status(),
            wait: wait_of(response.headers()),
            location: location.map(|to| said(&String::from_utf8_lossy(to.as_bytes()))),
            body: Vec::new(),
            whole: false,
            secrets: Vec::new(),
        }
    }

    /// What the server said, for a person: the beginning of the body as one line, without what we
    /// told it in confidence.
    pub(in crate::sinks) fn said(&self) -> String {
        let head = self.body.get(..ERROR_BYTES_MAX).unwrap_or(&self.body);
        let mut text = String::from_utf8_lossy(head).into_owned();
        for secret in &self.secrets {
            text = text.replace(secret.as_str(), "…");
        }
        said(&text)
    }

    /// The server, its status and what it said.
    pub(in crate::sinks) fn told(&self) -> String {
        match self.said() {
            said if said.is_empty() => format!("{} answered {}", self.place, self.status),
            said => format!("{} answered {}: {said}", self.place, self.status),
        }
    }

    /// A setback that says `why` of this server, with its wish to be left alone.
    pub(in crate::sinks) fn setback(&self, why: &str) -> Setback {
        Setback { wait: self.wait, ..Setback::new(format!("{}: {why}", self.told())) }
    }
}

/// What a status says, where the protocol above HTTP has nothing to add.
///
/// 400 and 422 speak of what was sent, 413 of how much. Everything else, wrong credentials and
/// wrong paths too, speaks of the server or of how it was set up: nothing is given up for that.
///
/// # Errors
/// Any other status but 2xx.
pub(in crate::sinks) fn judge(answer: &Answer) -> Result<Verdict, Setback> {
    let status = answer.status;
    if status.is_success() {
        return Ok(Verdict::Taken(Vec::new()));
    }
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            Ok(Verdict::Unfit(answer.told()))
        }
        StatusCode::PAYLOAD_TOO_LARGE => Ok(Verdict::TooMuch(answer.told())),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(answer.setback("our credentials do not do there"))
        }
        _ if status.is_redirection() => {
            let to = answer.location.as_deref().unwrap_or("another place");
            let why = format!("it sends us to {to}; redirects are not followed, name that place");
            Err(answer.setback(&why))
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            Err(answer.setback("is the path right?"))
        }
        _ => Err(Setback { wait: answer.wait, ..Setback::new(answer.told()) }),
    }
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3), up to [`WAIT_ASKED_MAX`]. A date is not read: our
/// own pauses do then.
fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(WAIT_ASKED_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let response = Response::builder().status(status).header("Retry-After", "7");
        let response = response.header("Location", "/else\u{7f}").body(());
        let response = response.unwrap_or_else(|_| {
            let plain = Response::builder().status(status).header("Retry-After", "7");
            plain.body(()).expect("a response")
        });
        let mut answer = Answer::new("siem.example:443".to_owned(), &response);
        answer.body = body.as_bytes().to_vec();
        answer.secrets = vec!["hunter22".to_owned()];
        answer
    }

    #[test]
    fn statuses_speak_of_entries_or_of_the_server() {
        for (status, expected) in [
            (200, "taken"),
            (204, "taken"),
            (299, "taken"),
            (400, "unfit"),
            (422, "unfit"),
            (413, "too much"),
            (301, "setback"),
            (308, "setback"),
            (401, "setback"),
            (403, "setback"),
            (404, "setback"),
            (405, "setback"),
            (408, "setback"),
            (415, "setback"),
            (418, "setback"),
            (429, "setback"),
            (500, "setback"),
            (503, "setback"),
        ] {
            let found = match judge(&answer(status, "it says so")) {
                Ok(Verdict::Taken(_)) => "taken",
                Ok(Verdict::Unfit(_)) => "unfit",
                Ok(Verdict::TooMuch(_)) => "too much",
                Err(setback) => {
                    assert_eq!(setback.wait, Some(Duration::from_secs(7)), "{status}");
                    assert!(setback.why.starts_with("siem.example:443 answered"), "{setback:?}");
                    "setback"
                }
            };
            assert_eq!(found, expected, "{status}");
        }
    }

    #[test]
    fn what_a_server_said_is_one_short_line_without_secrets() {
        let said = |body: &str| answer(500, body).said();
        assert_eq!(said(""), "");
        assert_eq!(said("no\r\n\tspace\u{1b}[2J  left"), "no space [2J left");
        assert_eq!(said("you sent hunter22 to me"), "you sent … to me");
        assert_eq!(said(&"ä".repeat(10_000)).chars().count(), 301);
    }

    #[test]
    fn waits_are_read_and_bounded() {
        for (text, seconds) in [
            ("0", Some(0)),
            (" 12 ", Some(12)),
            ("99999999", Some(WAIT_ASKED_MAX.as_secs())),
            ("-1", None),
            ("Fri, 31 Dec 1999 23:59:59 GMT", None),
            ("99999999999999999999999", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().expect("a value"));
            assert_eq!(wait_of(&headers), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
