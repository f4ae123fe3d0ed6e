//! One connection to one HTTP server, kept alive between requests.

use std::error::Error;

use base64::Engine as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;

use super::answer::Answer;
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_FIELDS_MAX, ANSWER_HEAD_BYTES_MAX, ERROR_BYTES_MAX};
use crate::sinks::connect::Connector;
use crate::sinks::said::said;
use crate::sinks::{Auth, HttpPlan, Place, Setback};

/// The way to one server.
pub(in crate::sinks) struct Client {
    connector: Connector,
    /// What every request bears, or why there can be none.
    headers: Result<HeaderMap, String>,
    secrets: Vec<String>,
    link: Option<Link>,
}

/// A connection that stands.
struct Link {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Client {
    /// Connects to nothing yet.
    pub(in crate::sinks) fn new(plan: &HttpPlan, content_type: &str) -> Client {
        Client {
            connector: Connector::new(plan.place.clone(), plan.tls.clone()),
            headers: headers(plan, content_type),
            secrets: secrets(plan),
            link: None,
        }
    }

    /// One request, one answer.
    ///
    /// # Errors
    /// When the server cannot be reached, or does not answer in HTTP. A connection that was kept
    /// and turns out to be gone is made anew once: servers close what idles.
    pub(in crate::sinks) async fn post(
        &mut self,
        path: &str,
        further: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, Setback> {
        let mut headers = self.headers.clone().map_err(Setback::new)?;
        for (name, value) in further {
            let value = HeaderValue::from_str(value)
                .map_err(|_| Setback::new(format!("{name}: {value:?} is no header's value")))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let uri: Uri = path
            .parse()
            // Not the path itself: some have a token in it.
            .map_err(|why| Setback::new(format!("the path is none of a URL: {why}")))?;
        let body = Bytes::from(body);
        let request = || {
            let mut request = Request::new(Full::new(body.clone()));
            *request.method_mut() = Method::POST;
            *request.uri_mut() = uri.clone();
            request.headers_mut().clone_from(&headers);
            request
        };
        // Out of `self` while it works: who drops this future leaves no half-used connection.
        if let Some(mut link) = self.link.take()
            && link.sender.ready().await.is_ok()
            && let Ok(response) = link.sender.send_request(request()).await
        {
            return self.answer(link, response).await;
        }
        let mut link = self.connect().await?;
        match link.sender.send_request(request()).await {
            Ok(response) => self.answer(link, response).await,
            Err(error) => Err(self.broken(&error)),
        }
    }

    async fn connect(&mut self) -> Result<Link, Setback> {
        let stream = self.connector.connect().await?;
        let shaken = http1::Builder::new()
            .max_headers(ANSWER_FIELDS_MAX)
            .max_buf_size(ANSWER_HEAD_BYTES_MAX)
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, connection) = shaken.map_err(|error| self.broken(&error))?;
        let driver = tokio::spawn(async move {
            // What goes wrong here is told to whoever waits for an answer.
            connection.await.ok();
        });
        Ok(Link { sender, driver })
    }

    /// Read the answer's body, and keep the connection if it is good for another.
    async fn answer(
        &mut self,
        link: Link,
        response: Response<Incoming>,
    ) -> Result<Answer, Setback> {
        let mut answer = Answer::new(self.connector.place().to_string(), &response);
        answer.secrets.clone_from(&self.secrets);
        let success = answer.status.is_success();
        let octets_max = if success { ANSWER_BYTES_MAX } else { ERROR_BYTES_MAX };
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.broken(&error))?;
            let Ok(data) = frame.into_data() else { continue };
            let room = octets_max - answer.body.len();
            answer.body.extend_from_slice(data.get(..room).unwrap_or(&data));
            if data.len() > room {
                return Ok(answer);
            }
        }
        answer.whole = true;
        self.link = Some(link);
        Ok(answer)
    }

    fn broken(&self, error: &dyn Error) -> Setback {
        let mut why = format!("{}: {error}", self.connector.place());
        let mut cause = error.source();
        // As deep as hyper, rustls and the operating system go.
        for _ in 0..4 {
            let Some(deeper) = cause else { break };
            let deeper_text = deeper.to_string();
            if !why.contains(&deeper_text) {
                why = format!("{why}: {deeper_text}");
            }
            cause = deeper.source();
        }
        Setback::new(said(&why))
    }
}

/// What every request bears.
fn headers(plan: &HttpPlan, content_type: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let value = |name: &str, text: &str| {
        HeaderValue::from_str(text)
            .map_err(|_| format!("the header field {name} cannot have the value it was given"))
    };
    headers.insert(HOST, value("Host", &host(&plan.place))?);
    let agent = concat!("rmmwatch/", env!("CARGO_PKG_VERSION"));
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    headers.insert(CONTENT_TYPE, value("Content-Type", content_type)?);
    if let Some(text) = authorization(&plan.auth) {
        let mut value = value("Authorization", &text)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    for (name, text) in &plan.headers {
        let field = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("{name:?} is no name of a header field"))?;
        if ["content-length", "transfer-encoding", "connection", "te", "upgrade"]
            .contains(&field.as_str())
        {
            return Err(format!("the header field {name} is ours to set"));
        }
        headers.insert(field, value(name, text)?);
    }
    Ok(headers)
}

/// `Host` (RFC 9110 §7.2): without the port where it is the scheme's own.
fn host(place: &Place) -> String {
    let own = if place.tls { 443 } else { 80 };
    let text = place.to_string();
    match text.strip_suffix(&format!(":{own}")) {
        Some(short) if place.port == own => short.to_owned(),
        _ => text,
    }
}

fn authorization(auth: &Auth) -> Option<String> {
    match auth {
        Auth::None => None,
        Auth::Basic(user, password) => Some(format!("Basic {}", basic(user, password.reveal()))),
        Auth::Scheme(scheme, secret) => Some(format!("{scheme} {}", secret.reveal())),
    }
}

fn basic(user: &str, password: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))
}

/// What an answer may repeat and we must not.
fn secrets(plan: &HttpPlan) -> Vec<String> {
    let mut secrets = Vec::new();
    match &plan.auth {
        Auth::None => {}
        Auth::Basic(user, password) => {
            secrets.push(basic(user, password.reveal()));
            secrets.push(password.reveal().to_owned());
        }
        Auth::Scheme(_, secret) => secrets.push(secret.reveal().to_owned()),
    }
    secrets.extend(plan.headers.iter().map(|(_, value)| value.clone()));
    // What is as short as a word would blot out words.
    secrets.retain(|secret| secret.len() >= 6);
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::{Secret, TlsPlan};

    fn plan(auth: Auth, headers: &[(&str, &str)]) -> HttpPlan {
        HttpPlan {
            place: Place { host: "2001:db8::1".to_owned(), port: 9200, tls: true },
            path: "/".to_owned(),
            tls: TlsPlan::default(),
            auth,
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        }
    }

    #[test]
    fn every_request_says_who_we_are() {
        let secret = Secret::new("open sesame");
        for (auth, expected) in [
            (Auth::None, None),
            (Auth::Basic("Aladdin".to_owned(), secret), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
            (Auth::Scheme("ApiKey".to_owned(), Secret::new("abc=")), Some("ApiKey abc=")),
        ] {
            let headers = headers(&plan(auth, &[("X-Own", "1")]), "text/plain").expect("headers");
            let found = headers.get(AUTHORIZATION).map(|value| value.to_str().expect("text"));
            assert_eq!(found, expected);
            assert_eq!(headers["host"], "[2001:db8::1]:9200");
            assert_eq!(headers["x-own"], "1");
        }
    }

    #[test]
    fn headers_that_cannot_be_are_said_without_their_value() {
        for (name, text) in [("X Own", "1"), ("X-Own", "hid\nden"), ("Content-Length", "3")] {
            let why = headers(&plan(Auth::None, &[(name, text)]), "text/plain").expect_err(name);
            assert!(why.contains(name) && !why.contains("hid"), "{why}");
        }
        let auth = Auth::Scheme("Bearer".to_owned(), Secret::new("hid\u{0}den"));
        let why = headers(&plan(auth, &[]), "text/plain").expect_err("a secret");
        assert!(why.contains("Authorization") && !why.contains("hid"), "{why}");
    }

    #[test]
    fn hosts_bear_their_port_unless_everybody_knows_it() {
        for (name, port, tls, expected) in [
            ("siem.example", 443, true, "siem.example"),
            ("siem.example", 80, false, "siem.example"),
            ("siem.example", 443, false, "siem.example:443"),
            ("siem.example", 8080, false, "siem.example:8080"),
            ("::1", 80, false, "[::1]"),
        ] {
            let place = Place { host: name.to_owned(), port, tls };
            assert_eq!(host(&place), expected);
        }
    }
}
