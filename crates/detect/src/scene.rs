//! One observation and its setting, as stories need them.

use std::net::IpAddr;
use std::sync::Arc;

use model::{
    Direction, DomainName, Fact, Match, Meaning, Observation, Operator, Protocol, Setting,
    SignSource,
};

use crate::memory::{Claim, Rank};

/// An observation that may show a sign.
pub(crate) struct Scene<'a> {
    pub(crate) seen: &'a Observation,
    pub(crate) setting: &'a Setting,
    /// What the fact shows the flow's content to be.
    pub(crate) protocol: Option<Protocol>,
    /// Whether the flow's server is the thing itself, and not one that was asked for its name.
    pub(crate) reached: bool,
    /// The name that the client called the server by in this fact.
    presented: Option<&'a DomainName>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(seen: &'a Observation, setting: &'a Setting) -> Scene<'a> {
        let (protocol, presented, reached) = match &seen.fact {
            Fact::DnsQuery(query) => (Some(query.protocol), None, false),
            Fact::DnsAnswer(answer) => (Some(answer.protocol), None, false),
            Fact::TlsHello(hello) => {
                // The outer name of an encrypted hello says nothing of the server behind it.
                let inner = !hello.ech || setting.server_name.is_none();
                (Some(hello.carrier.protocol()), hello.server_name.as_ref().filter(|_| inner), true)
            }
            Fact::TlsCertificate(_) => (Some(Protocol::Tls), None, true),
            Fact::HttpRequest(request) => (Some(Protocol::Http), request.host.as_ref(), true),
            Fact::FileDownload(file) => (Some(Protocol::Http), file.host.as_ref(), true),
            Fact::Remote(remote) => (Some(remote.protocol), None, true),
            Fact::HostHint(_) => (None, None, false),
            Fact::FlowOpen | Fact::Opening(_) => (None, None, true),
            Fact::FlowClose(close) => (close.protocol, None, true),
        };
        // Some clients put an address where a name belongs.
        let presented = presented.filter(|name| !is_address(name.as_str()));
        Scene { seen, setting, protocol, reached, presented }
    }

    pub(crate) fn inbound(&self) -> bool {
        self.setting.direction == Direction::Inbound
    }

    /// The address of the thing itself, where it was reached.
    pub(crate) fn server(&self) -> Option<IpAddr> {
        self.reached.then(|| self.seen.flow.server.ip.to_canonical())
    }

    /// The other end, as seen from the host that the record is about.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        let flow = &self.seen.flow;
        let server = flow.server.ip;
        let peer = if self.setting.host == server { flow.client.ip } else { server };
        self.reached.then_some(peer)
    }

    /// The name of the server: what the client called it, else what it resolved it from, unless
    /// that is a guess.
    pub(crate) fn server_name(&self) -> Option<&'a DomainName> {
        let lent = self.setting.server_name.as_ref().filter(|_| !self.setting.name_shared);
        self.presented.or(lent).filter(|_| self.reached)
    }

    /// The name that the observation is about; see [`name_of`].
    pub(crate) fn name(&self) -> Option<&'a DomainName> {
        match &self.seen.fact {
            Fact::DnsQuery(query) if query.protocol == Protocol::Dns => {
                query.question.name.as_ref()
            }
            Fact::TlsHello(_) | Fact::HttpRequest(_) | Fact::FileDownload(_) => self.server_name(),
            _ => None,
        }
    }

    /// What the server may be called: a lent name where names of others lead there too.
    pub(crate) fn guess(&self) -> Option<&'a DomainName> {
        let lent = self.setting.server_name.as_ref().filter(|_| self.setting.name_shared);
        lent.filter(|_| self.reached && self.presented.is_none())
    }

    /// Whether a sign is of a lent name that is a guess: it tells nothing alone.
    pub(crate) fn is_guessed(&self, sign: &Match) -> bool {
        self.setting.name_shared && sign.source == SignSource::DnsAnswer
    }

    /// All names under which the signs and the flow know the thing; no name twice.
    pub(crate) fn names<'n>(&self, signs: &[&'n Match]) -> Vec<&'n str>
    where
        'a: 'n,
    {
        let known = |sign: &&&Match| is_name(sign.source) && !self.is_guessed(sign);
        let signs = signs.iter().filter(known).map(|sign| &*sign.value);
        let mut names: Vec<&str> = Vec::new();
        for name in signs.chain(self.server_name().map(DomainName::as_str)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whom a tool's sign takes to be the operator; a port, a guess or what everyone
    /// shows tells nothing.
    pub(crate) fn claim(&self, sign: &Match, operator: &Operator) -> Option<Claim> {
        // From outside the server is ours, however little its port says of it.
        let port = sign.source == SignSource::Port && !self.inbound();
        if port || self.is_guessed(sign) {
            return None;
        }
        let server = self.seen.flow.server.ip;
        let address = || Claim {
            rank: Rank::Address,
            operator: Some(server.to_canonical().to_string().into()),
        };
        Some(match operator {
            Operator::Named(name) => Claim { rank: Rank::Named, operator: Some(Arc::clone(name)) },
            // From outside the server is ours: whatever strangers call it, it is one server.
            _ if self.inbound() => address(),
            Operator::Vendor => Claim { rank: Rank::Vendor, operator: None },
            Operator::Server if is_name(sign.source) => {
                Claim { rank: Rank::Name, operator: Some(Arc::clone(&sign.value)) }
            }
            Operator::Server => match self.server_name() {
                Some(name) => Claim { rank: Rank::Name, operator: Some(name.as_str().into()) },
                None => address(),
            },
        })
    }

    /// What a sign was seen of, for people: `relay.example (203.0.113.5:443)`.
    pub(crate) fn target(&self, sign: &Match) -> Arc<str> {
        if let Meaning::Lure(_) = sign.meaning {
            let server = self.seen.flow.server;
            return match self.reached {
                true => format!("{} ({server})", sign.value).into(),
                false => Arc::clone(&sign.value),
            };
        }
        let name = match self.server_name() {
            Some(name) => Some(name.as_str()),
            None => is_name(sign.source).then_some(&*sign.value),
        };
        let server = self.seen.flow.server;
        match (name, self.reached) {
            (Some(name), true) => format!("{name} ({server})").into(),
            (None, true) => server.to_string().into(),
            (_, false) => Arc::clone(&sign.value),
        }
    }
}

/// The name that an observation is about: asked for, presented, or lent to a file's server.
#[must_use]
pub fn name_of<'a>(seen: &'a Observation, setting: &'a Setting) -> Option<&'a DomainName> {
    if !names_a_thing(&seen.fact) {
        return None;
    }
    Scene::new(seen, setting).name()
}

/// Whether a fact may be about a name, see [`name_of`]; all others matter by what lists know of them,
/// or not at all.
pub(crate) const fn names_a_thing(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::DnsQuery(_) | Fact::TlsHello(_) | Fact::HttpRequest(_) | Fact::FileDownload(_)
    )
}

/// Whether a name is an address in text.
fn is_address(name: &str) -> bool {
    // Nearly all names are neither of the kind: IPv4 ends in a digit, and IPv6 has a colon.
    let like_one = name.as_bytes().last().is_some_and(u8::is_ascii_digit) || name.contains(':');
    like_one && name.parse::<IpAddr>().is_ok()
}

/// Whether a sign's value is a server's name.
fn is_name(source: SignSource) -> bool {
    matches!(
        source,
        SignSource::DnsQuestion
            | SignSource::DnsAnswer
            | SignSource::TlsSni
            | SignSource::QuicSni
            | SignSource::HttpHost
    )
}
