//! What each client last resolved an address from, so that a nameless flow can be told.

use std::net::IpAddr;
use std::time::Duration;

use model::{DnsAnswer, DomainName, Protocol, RecordData, RecordType, Timestamp};

use super::memo::Owners;
use super::prints::Prints;
use super::recent::Recent;
use crate::limits::{CNAME_HOPS_MAX, Limits, NAME_KEPT_MAX, OTHER_NAMES_MAX};

/// Passive DNS, by client: two clients may know one address by different names, as on a CDN.
#[derive(Debug)]
pub(crate) struct Names {
    /// By the fingerprint of client and server.
    lent: Recent<u64, Lent>,
    kept_min: Duration,
    prints: Prints,
}

/// What one client knows one address by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Lent {
    /// What it resolved it from last.
    pub(crate) name: DomainName,
    pub(crate) until: Timestamp,
    /// The fingerprint of the registered name.
    pub(crate) registered: u32,
    /// Other registered names that led there, each until when it counts, in seconds.
    pub(crate) others: [(u32, u32); OTHER_NAMES_MAX],
}

/// A name that is lent to a flow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Loan {
    pub(crate) name: DomainName,
    /// Names of someone else lead there too, as far as this client asked: it is a guess.
    pub(crate) shared: bool,
}

impl Names {
    pub(crate) fn new(limits: &Limits) -> Names {
        Names {
            lent: Recent::new(limits.names_max),
            kept_min: limits.name_kept_min,
            prints: Prints::FIXED,
        }
    }

    /// Fingerprints are made by these from now on.
    pub(crate) fn set_prints(&mut self, prints: Prints) {
        self.prints = prints;
    }

    /// Names held, and names that went since there was no room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.lent.len(), self.lent.evicted())
    }

    /// All that is lent, by the fingerprint of client and server.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Lent)> {
        self.lent.iter().map(|(print, lent)| (*print, lent))
    }

    /// Lend these too, as they were written down.
    pub(crate) fn restore(&mut self, mut all: Vec<(u64, Lent)>) {
        all.sort_by_key(|(_, lent)| lent.until);
        for (print, lent) in all {
            self.lent.insert(print, lent);
        }
    }

    /// Remember that `client` asked for a name and got these addresses. The last answer wins.
    ///
    /// What local protocols say is left out: anyone on the link may claim any name there.
    pub(crate) fn learn(
        &mut self,
        client: IpAddr,
        answer: &DnsAnswer,
        at: Timestamp,
        owners: &mut Owners,
    ) {
        let question = answer.question.as_ref().and_then(|question| question.name.as_ref());
        let (Protocol::Dns, 0, Some(name)) = (answer.protocol, answer.rcode, question) else {
            return;
        };
        let chain = chain(name, answer);
        let mut registered = None;
        for record in &answer.records {
            let addresses = match &record.data {
                RecordData::Address(ip) => std::slice::from_ref(ip),
                RecordData::Service { hints, .. } => hints.as_slice(),
                RecordData::Name(_) | RecordData::Other(_) => continue,
            };
            if !record.name.as_ref().is_some_and(|owner| chain.holds(owner)) {
                continue;
            }
            let ttl = Duration::from_secs(u64::from(record.ttl_secs));
            let until = at.after(ttl.clamp(self.kept_min, NAME_KEPT_MAX.max(self.kept_min)));
            for server in addresses.iter().copied().filter(|ip| names_a_server(ip.to_canonical())) {
                // 32 bits of it tell apart what leads to one address.
                let owner = *registered.get_or_insert_with(|| owners.print(name.as_str()) as u32);
                let print = self.prints.pair(client, server);
                match self.lent.get(&print) {
                    Some(lent) => lent.follow(name, owner, until),
                    None => {
                        let others = [(0, 0); OTHER_NAMES_MAX];
                        let name = name.clone();
                        self.lent
                            .insert_new(print, Lent { name, until, registered: owner, others });
                    }
                }
            }
        }
    }

    /// The name that a client last resolved a server from, by the fingerprint of both. Using a name
    /// keeps it.
    pub(crate) fn lend(&mut self, print: u64, at: Timestamp) -> Option<Loan> {
        let lent = self.lent.get(&print)?;
        if lent.until < at {
            self.lent.remove(&print);
            return None;
        }
        lent.until = lent.until.max(at.after(self.kept_min));
        let now = secs(at);
        let shared = lent.others.iter().any(|(_, until)| *until >= now && *until > 0);
        Some(Loan { name: lent.name.clone(), shared })
    }
}

impl Lent {
    /// Another answer leads there: what the one before said counts on beside it.
    fn follow(&mut self, name: &DomainName, registered: u32, until: Timestamp) {
        if let Some(own) = self.others.iter_mut().find(|(print, _)| *print == registered) {
            *own = (0, 0);
        }
        if self.registered != registered {
            // Of too many the one that ends first goes.
            let place = self.others.iter_mut().min_by_key(|(_, until)| *until);
            let until = secs(self.until);
            if let Some(place) = place.filter(|place| place.1 < until) {
                *place = (self.registered, until);
            }
        }
        // Most answers say again what one before said.
        if self.name != *name {
            self.name = name.clone();
        }
        (self.registered, self.until) = (registered, until);
    }
}

/// Whole seconds; up to 2106, later moments saturate.
fn secs(at: Timestamp) -> u32 {
    u32::try_from(at.secs()).unwrap_or(u32::MAX)
}

/// The question's name and all that its CNAMEs lead to, in whatever order the records stand.
/// Addresses of other owners are no answer to the question, and may be poison.
pub(super) fn chain<'a>(name: &'a DomainName, answer: &'a DnsAnswer) -> Chain<'a> {
    let mut chain = Chain { first: name, others: Vec::new() };
    for _ in 0..CNAME_HOPS_MAX {
        let last = chain.others.last().copied().unwrap_or(name);
        let next = answer.records.iter().find_map(|record| {
            let target = match &record.data {
                RecordData::Name(Some(target)) if record.kind == RecordType::CNAME => target,
                // RFC 9460 §2.4.2: in alias mode the address stands under the target.
                RecordData::Service { target: Some(target), .. } => target,
                _ => return None,
            };
            (record.name.as_ref() == Some(last) && !chain.holds(target)).then_some(target)
        });
        match next {
            Some(target) => chain.others.push(target),
            None => break,
        }
    }
    chain
}

/// A question's name and its aliases, in their order. Most have none, and then nothing is allocated.
pub(super) struct Chain<'a> {
    first: &'a DomainName,
    others: Vec<&'a DomainName>,
}

impl<'a> Chain<'a> {
    /// All of them, the question's first.
    fn names(&self) -> impl Iterator<Item = &'a DomainName> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// The aliases that it leads to.
    pub(super) fn aliases(&self) -> &[&'a DomainName] {
        &self.others
    }

    fn holds(&self, name: &DomainName) -> bool {
        self.names().any(|known| known == name)
    }
}

/// Answers that say "nowhere" name no server: filters give them for thousands of names.
fn names_a_server(ip: IpAddr) -> bool {
    !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{DnsQuestion, DnsRecord};

    fn name(text: &str) -> DomainName {
        DomainName::from_text(text.as_bytes()).expect(text)
    }

    /// `question: owner -> target, owner = address ttl, owner ~ hint`
    fn answer(line: &str) -> DnsAnswer {
        let (question, records) = line.split_once(": ").expect(line);
        let record = |text: &str| {
            let words: Vec<&str> = text.split(' ').collect();
            let (kind, data) = match words[1] {
                "->" => (RecordType::CNAME, RecordData::Name(Some(name(words[2])))),
                "=" => (RecordType::A, RecordData::Address(words[2].parse().expect(text))),
                _ => {
                    let hints = vec![words[2].parse().expect(text)];
                    let data = RecordData::Service { target: None, hints, ech: false };
                    (RecordType::HTTPS, data)
                }
            };
            let ttl_secs = words.get(3).map_or(60, |ttl| ttl.parse().expect(text));
            DnsRecord { name: Some(name(words[0])), kind, ttl_secs, data }
        };
        DnsAnswer {
            protocol: Protocol::Dns,
            id: 1,
            question: Some(DnsQuestion { name: Some(name(question)), kind: RecordType::A }),
            rcode: 0,
            records: records.split(", ").map(record).collect(),
        }
    }

    const CLIENT: &str = "10.0.0.5";

    fn lend(names: &mut Names, client: &str, server: &str, secs: u64) -> Option<String> {
        let (client, server) = (client.parse().expect(client), server.parse().expect(server));
        let print = names.prints.pair(client, server);
        let lent = names.lend(print, Timestamp::from_secs(secs, 0));
        lent.map(|loan| format!("{}{}", loan.name, if loan.shared { " ?" } else { "" }))
    }

    fn learn(names: &mut Names, answer: &DnsAnswer, secs: u64) {
        let mut owners = Owners::new(Prints::FIXED);
        let at = Timestamp::from_secs(secs, 0);
        names.learn(CLIENT.parse().expect(CLIENT), answer, at, &mut owners);
    }

    #[test]
    fn an_address_is_called_what_was_asked_for() {
        let table: &[(&str, &str, Option<&str>)] = &[
            ("a.example: a.example = 192.0.2.1", "192.0.2.1", Some("a.example")),
            ("a.example: a.example = 192.0.2.1", "::ffff:192.0.2.1", Some("a.example")),
            ("a.example: a.example = 2001:db8::1", "2001:db8::1", Some("a.example")),
            ("a.example: a.example -> b.cdn, b.cdn = 192.0.2.1", "192.0.2.1", Some("a.example")),
            (
                "a.example: c.cdn = 192.0.2.1, b.cdn -> c.cdn, a.example -> b.cdn",
                "192.0.2.1",
                Some("a.example"),
            ),
            (
                "a.example: a.example -> a.example, a.example = 192.0.2.1",
                "192.0.2.1",
                Some("a.example"),
            ),
            ("a.example: a.example ~ 192.0.2.9", "192.0.2.9", Some("a.example")),
            // Not of the chain: no answer to the question.
            ("a.example: bank.example = 192.0.2.1", "192.0.2.1", None),
            // Filters answer "nowhere" for thousands of names.
            ("a.example: a.example = 0.0.0.0", "0.0.0.0", None),
            ("a.example: a.example = 127.0.0.1", "127.0.0.1", None),
        ];
        for (line, server, want) in table {
            let mut names = Names::new(&Limits::default());
            learn(&mut names, &answer(line), 0);
            assert_eq!(lend(&mut names, CLIENT, server, 1).as_deref(), *want, "{line}");
            assert_eq!(lend(&mut names, "10.0.0.6", server, 1), None, "another client: {line}");
        }
    }

    #[test]
    fn local_protocols_and_failures_lend_nothing() {
        for protocol in [Protocol::Mdns, Protocol::Llmnr, Protocol::Nbns] {
            let mut names = Names::new(&Limits::default());
            let said = DnsAnswer { protocol, ..answer("a.local: a.local = 192.0.2.1") };
            learn(&mut names, &said, 0);
            assert_eq!(names.counts(), (0, 0), "{protocol:?}");
        }
        let mut names = Names::new(&Limits::default());
        learn(&mut names, &DnsAnswer { rcode: 3, ..answer("a.b: a.b = 192.0.2.1") }, 0);
        learn(&mut names, &DnsAnswer { question: None, ..answer("a.b: a.b = 192.0.2.1") }, 0);
        assert_eq!(names.counts(), (0, 0));
    }

    #[test]
    fn names_are_kept_beyond_their_ttl_and_the_last_answer_wins() {
        let mut names = Names::new(&Limits::default());
        learn(&mut names, &answer("a.example: a.example = 192.0.2.1 5"), 0);
        assert_eq!(lend(&mut names, CLIENT, "192.0.2.1", 3600).as_deref(), Some("a.example"));
        // That use keeps it for another hour, and a silent hour ends it.
        assert_eq!(lend(&mut names, CLIENT, "192.0.2.1", 7200).as_deref(), Some("a.example"));
        assert_eq!(lend(&mut names, CLIENT, "192.0.2.1", 10_801), None);
        learn(&mut names, &answer("a.example: a.example = 192.0.2.1 99999999"), 20_000);
        learn(&mut names, &answer("b.example: b.example = 192.0.2.1 7200"), 20_000);
        assert_eq!(lend(&mut names, CLIENT, "192.0.2.1", 27_200).as_deref(), Some("b.example ?"));
        learn(&mut names, &answer("c.example: c.example = 192.0.2.2 99999999"), 0);
        assert_eq!(lend(&mut names, CLIENT, "192.0.2.2", 86_401), None, "a day is the most");
    }

    #[test]
    fn an_address_of_several_owners_is_shared() {
        // Answers, each at its second, and what is lent then: `?` where it is a guess.
        let a = "www.a.example: www.a.example = 192.0.2.1";
        let a2 = "x.a.example: x.a.example = 192.0.2.1";
        let b = "b.example: b.example = 192.0.2.1";
        let c = "c.example: c.example ~ 192.0.2.1";
        let long = "long.example: long.example = 192.0.2.1 86400";
        let tenants = "a.github.io: a.github.io = 192.0.2.1";
        let others = "b.github.io: b.github.io = 192.0.2.1";
        type Row<'a> = (&'a [(u64, &'a str)], u64, Option<&'a str>);
        let table: &[Row<'_>] = &[
            (&[(0, a)], 1, Some("www.a.example")),
            (&[(0, a), (0, a2)], 1, Some("x.a.example")),
            (&[(0, a), (1, b)], 2, Some("b.example ?")),
            (&[(0, b), (1, a)], 2, Some("www.a.example ?")),
            (&[(0, a), (1, c)], 2, Some("c.example ?")),
            // Each name counts for its own time: an hour at least.
            (&[(0, a), (3000, b)], 3601, Some("b.example")),
            (&[(0, a), (3000, b), (3500, a)], 6000, Some("www.a.example ?")),
            (&[(0, a), (3000, b), (3500, a)], 6601, Some("www.a.example")),
            (&[(0, long), (1, a), (2, b), (3, long)], 3602, Some("long.example ?")),
            (&[(0, long), (1, a), (2, b), (3, long)], 3603, Some("long.example")),
            (&[(0, long), (1, a)], 3601, Some("www.a.example ?")),
            // Tenants of one house are strangers to each other.
            (&[(0, tenants), (1, others)], 2, Some("b.github.io ?")),
        ];
        for (answers, then, want) in table {
            let mut names = Names::new(&Limits::default());
            answers.iter().for_each(|(secs, line)| learn(&mut names, &answer(line), *secs));
            let got = lend(&mut names, CLIENT, "192.0.2.1", *then);
            assert_eq!(got.as_deref(), *want, "{answers:?} {then}");
        }
        // More owners than are remembered: those that count longest are.
        let mut names = Names::new(&Limits::default());
        for owner in 0..9 {
            let line = format!("n{owner}.example: n{owner}.example = 192.0.2.1");
            learn(&mut names, &answer(&line), owner);
        }
        assert_eq!(lend(&mut names, CLIENT, "192.0.2.1", 3607).as_deref(), Some("n8.example ?"));
        assert_eq!(lend(&mut names, CLIENT, "192.0.2.1", 3608).as_deref(), Some("n8.example"));
    }

    #[test]
    fn the_bound_lets_the_oldest_go() {
        let mut names = Names::new(&Limits { names_max: 2, ..Limits::default() });
        learn(&mut names, &answer("a.example: a.example = 192.0.2.1"), 0);
        learn(&mut names, &answer("b.example: b.example = 192.0.2.2"), 1);
        assert!(lend(&mut names, CLIENT, "192.0.2.1", 2).is_some(), "used, so that it stays");
        learn(&mut names, &answer("c.example: c.example = 192.0.2.3"), 3);
        assert_eq!(lend(&mut names, CLIENT, "192.0.2.2", 4), None);
        assert!(lend(&mut names, CLIENT, "192.0.2.1", 4).is_some());
        assert_eq!(names.counts(), (2, 1));
    }
}
