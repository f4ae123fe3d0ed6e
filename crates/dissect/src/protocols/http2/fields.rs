//! The fields of a message that are of interest (RFC 9113 §8.3).

use model::HttpRequest;

use crate::protocols::http::request::read_authority;
use crate::protocols::http::text::printable;
use crate::protocols::limits::{HTTP_AGENT_MAX, HTTP_METHOD_MAX, HTTP_PATH_MAX};

/// As they came; the first one where there are several.
#[derive(Default, Debug)]
pub(super) struct Fields {
    method: Option<Vec<u8>>,
    authority: Option<Vec<u8>>,
    host: Option<Vec<u8>>,
    path: Option<Vec<u8>>,
    agent: Option<Vec<u8>>,
    /// `:status`.
    pub(super) status: Option<Vec<u8>>,
    /// `content-disposition`.
    pub(super) disposition: Option<Vec<u8>>,
    kind: Option<Vec<u8>>,
    length: Option<Vec<u8>>,
}

impl Fields {
    /// Take a field, if it is one of them.
    pub(super) fn take(&mut self, name: &[u8], value: &[u8]) {
        let place = match name {
            b":method" => &mut self.method,
            b":authority" => &mut self.authority,
            b":path" => &mut self.path,
            b":status" => &mut self.status,
            b"host" => &mut self.host,
            b"user-agent" => &mut self.agent,
            b"content-disposition" => &mut self.disposition,
            b"content-type" => &mut self.kind,
            b"content-length" => &mut self.length,
            _ => return,
        };
        if place.is_none() {
            *place = Some(value.trim_ascii().to_vec());
        }
    }

    /// The request that they make; `None` for a trailer.
    pub(super) fn request(&self) -> Option<HttpRequest> {
        let method = self.method.as_deref()?;
        // RFC 9113 §8.5: what a CONNECT asks for is its authority.
        let path = self
            .path
            .as_deref()
            .or_else(|| if method == b"CONNECT" { self.authority.as_deref() } else { None })?;
        // RFC 9113 §8.3.1: a Host field stands in where there is no authority.
        let authority = self.authority.as_deref().filter(|text| !text.is_empty());
        let authority = authority.or(self.host.as_deref());
        let (host, port) = authority.map_or((None, None), read_authority);
        Some(HttpRequest {
            method: printable(method, HTTP_METHOD_MAX),
            host,
            port,
            path: printable(path, HTTP_PATH_MAX),
            user_agent: self.agent.as_deref().map(|agent| printable(agent, HTTP_AGENT_MAX)),
        })
    }

    /// `:path`.
    pub(super) fn path(&self) -> &[u8] {
        self.path.as_deref().unwrap_or_default()
    }

    /// Whether the body is a DNS message (RFC 8484 §6).
    pub(super) fn is_dns(&self) -> bool {
        self.kind.as_deref().is_some_and(crate::protocols::dns::is_message_type)
    }

    /// The declared length of the body.
    pub(super) fn length(&self) -> Option<u64> {
        std::str::from_utf8(self.length.as_deref()?).ok()?.parse().ok()
    }
}
