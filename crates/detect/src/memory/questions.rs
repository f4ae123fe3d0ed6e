//! What hosts inside asked each resolver inside, so that a resolver that passes a question on is
//! not taken for the one who asked.

use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::quality::RandomState;
use model::{DnsAnswer, DomainName, Fact, Observation, Protocol, Timestamp};

use super::names::chain;
use super::recent::{Hashed, Recent, bits};
use crate::caps::apart;
use crate::limits::{HEARD_AGAIN, Limits, NAME_KEPT_MIN, PARENTS_MAX};

/// Questions by resolver. Without this, one client's question would be two stories, its own and
/// its resolver's, and the resolver's would be told even where the client's is authorised.
#[derive(Debug)]
pub(crate) struct Questions {
    /// When a resolver was last asked for a name, by the hash of both: nothing else is needed of
    /// them, and 64 bits under a key of this process do not meet by chance, nor by the design of
    /// someone who never sees one of them.
    asked: Recent<Hashed, Timestamp>,
    keys: RandomState,
}

impl Questions {
    pub(crate) fn new(limits: &Limits) -> Questions {
        Questions { asked: Recent::new(limits.questions_max), keys: RandomState::default() }
    }

    /// Questions held, and questions that went since there was no room.
    pub(crate) fn counts(&self) -> (usize, u64) {
        (self.asked.len(), self.asked.evicted())
    }

    /// Take a question or an answer in. `inside`: both ends are; a stranger who asks our resolver
    /// excuses nothing.
    pub(crate) fn learn(&mut self, seen: &Observation, inside: bool) {
        match &seen.fact {
            Fact::DnsQuery(query) if inside && query.protocol == Protocol::Dns => {
                if let Some(name) = &query.question.name {
                    self.hear(seen.flow.server.ip, name, seen.at);
                }
            }
            Fact::DnsAnswer(answer) => self.follow(seen, answer),
            _ => {}
        }
    }

    /// Whether the client of a question or an answer is a resolver that was itself asked for that
    /// name, or for one below it: resolvers that tell each server only what it must know ask for
    /// the names above first (RFC 9156).
    pub(crate) fn passed_on(&self, seen: &Observation) -> bool {
        let name = match &seen.fact {
            Fact::DnsQuery(query) if query.protocol == Protocol::Dns => &query.question.name,
            Fact::DnsAnswer(answer) if answer.protocol == Protocol::Dns => match &answer.question {
                Some(question) => &question.name,
                None => return false,
            },
            _ => return false,
        };
        let name = name.as_ref().map(DomainName::as_str);
        name.is_some_and(|name| self.was_asked(seen.flow.client.ip, name, seen.at))
    }

    /// A resolver goes on to ask for the aliases that it finds.
    fn follow(&mut self, seen: &Observation, answer: &DnsAnswer) {
        let name = answer.question.as_ref().and_then(|question| question.name.as_ref());
        let Some(name) = name else { return };
        // Most names have no alias.
        let chain = chain(name, answer);
        if chain.aliases().is_empty() || !self.passed_on(seen) {
            return;
        }
        for alias in chain.aliases() {
            self.hear(seen.flow.client.ip, alias, seen.at);
        }
    }

    /// Note the name, and the names above it but for the last label.
    fn hear(&mut self, resolver: IpAddr, name: &DomainName, at: Timestamp) {
        let mut name = name.as_str();
        let mut key = self.key(resolver, name);
        // A and AAAA are asked for together, and what many use all the time. The names above were
        // noted after the name: as long as it is held, so are they.
        let before = self.asked.peek(&key);
        if before.is_some_and(|before| apart(*before, at) < HEARD_AGAIN) {
            return;
        }
        // Of a deep name not all above it are noted: a question for one that is must count anew.
        let deep = name.bytes().filter(|octet| *octet == b'.').count() > PARENTS_MAX + 1;
        let mut noted = at;
        for _ in 0..=PARENTS_MAX {
            self.asked.insert(key, noted);
            match name.split_once('.') {
                Some((_, above)) if above.contains('.') => name = above,
                _ => break,
            }
            key = self.key(resolver, name);
            noted = if deep { earlier(at, HEARD_AGAIN) } else { at };
        }
    }

    fn was_asked(&self, resolver: IpAddr, name: &str, at: Timestamp) -> bool {
        // Some ask for a label of their own below the name above (RFC 9156 §3, note on `_`).
        let name = name.strip_prefix("_.").unwrap_or(name);
        let asked = self.asked.peek(&self.key(resolver, name));
        asked.is_some_and(|asked| asked.after(NAME_KEPT_MIN) >= at)
    }

    fn key(&self, resolver: IpAddr, name: &str) -> Hashed {
        Hashed(self.keys.hash_one((bits(resolver), name)))
    }
}

fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
    Timestamp::from_nanos(at.nanos().saturating_sub(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{
        DnsQuery, DnsQuestion, DnsRecord, Endpoint, Flow, RecordData, RecordType, Transport,
    };

    fn name(text: &str) -> DomainName {
        DomainName::from_text(text.as_bytes()).expect(text)
    }

    fn seen(client: &str, server: &str, fact: Fact) -> Observation {
        let end = |ip: &str, port| Endpoint::new(ip.parse().expect(ip), port);
        let flow = Flow {
            client: end(client, 50_000),
            server: end(server, 53),
            transport: Transport::Udp,
            vlan: None,
            guessed: false,
        };
        Observation { at: Timestamp::from_secs(9, 0), order: 1, flow, ingress: None, fact }
    }

    fn query(text: &str) -> Fact {
        let question = DnsQuestion { name: Some(name(text)), kind: RecordType::A };
        Fact::DnsQuery(Box::new(DnsQuery { protocol: Protocol::Dns, id: 1, question }))
    }

    fn alias(text: &str, target: &str) -> Fact {
        Fact::DnsAnswer(Box::new(DnsAnswer {
            protocol: Protocol::Dns,
            id: 1,
            question: Some(DnsQuestion { name: Some(name(text)), kind: RecordType::A }),
            rcode: 0,
            records: vec![DnsRecord {
                name: Some(name(text)),
                kind: RecordType::CNAME,
                ttl_secs: 60,
                data: RecordData::Name(Some(name(target))),
            }],
        }))
    }

    #[test]
    fn aliases_that_a_question_leads_to_are_passed_on_too() {
        let mut questions = Questions::new(&Limits::default());
        let target = seen("10.0.0.53", "192.0.2.2", query("t.alpha.example"));
        questions.learn(&seen("10.0.0.5", "10.0.0.53", query("help.acme.example")), true);
        assert!(!questions.passed_on(&target));
        let answer = alias("help.acme.example", "t.alpha.example");
        questions.learn(&seen("10.0.0.53", "192.0.2.1", answer.clone()), false);
        assert!(questions.passed_on(&target));
        // The client did not pass its own question on, nor what its answer leads to.
        questions.learn(&seen("10.0.0.5", "10.0.0.53", answer.clone()), true);
        assert!(!questions.passed_on(&seen("10.0.0.5", "10.0.0.53", answer)));
    }

    #[test]
    fn a_question_just_after_one_for_a_name_deep_below_it_counts() {
        let mut questions = Questions::new(&Limits::default());
        let passed = |questions: &Questions, text| {
            questions.passed_on(&seen("10.0.0.53", "192.0.2.1", query(text)))
        };
        for (asked, top) in
            [("a.b.c.d.mail.eu.acme.example", false), ("mail.eu.acme.example", true)]
        {
            questions.learn(&seen("10.0.0.5", "10.0.0.53", query(asked)), true);
            assert!(passed(&questions, "mail.eu.acme.example"), "{asked}");
            assert_eq!(passed(&questions, "acme.example"), top, "{asked}");
        }
    }

    #[test]
    fn the_bound_lets_the_oldest_go() {
        let mut questions = Questions::new(&Limits { questions_max: 2, ..Limits::default() });
        for text in ["a.example", "b.example", "c.example"] {
            questions.learn(&seen("10.0.0.5", "10.0.0.53", query(text)), true);
        }
        let passed = |text| questions.passed_on(&seen("10.0.0.53", "192.0.2.1", query(text)));
        assert_eq!([passed("a.example"), passed("c.example")], [false, true]);
        assert_eq!(questions.counts(), (2, 1));
    }
}
