//! The book of all that ships.

use std::sync::OnceLock;

use intel::Book;
use model::{
    DnsQuery, DnsQuestion, DomainName, Endpoint, Fact, Flow, Meaning, Observation, Protocol,
    RecordType, Timestamp, Transport,
};

use crate::ships;

/// Everything in `config/` that a book is made of.
pub(crate) fn book() -> &'static Book {
    static BOOK: OnceLock<Book> = OnceLock::new();
    BOOK.get_or_init(|| {
        let (book, complaints) = ships::builder().build();
        complaints.iter().for_each(|complaint| println!("{complaint}"));
        book
    })
}

/// Whether a list of attackers' names that ships has the name.
pub(crate) fn listed(name: &str) -> bool {
    let Ok(name) = DomainName::from_text(name.as_bytes()) else { return false };
    let question = DnsQuestion { name: Some(name), kind: RecordType::A };
    let query = DnsQuery { protocol: Protocol::Dns, id: 1, question };
    let flow = Flow {
        client: Endpoint::new([192, 168, 0, 9].into(), 50_000),
        server: Endpoint::new([192, 0, 2, 53].into(), 53),
        transport: Transport::Udp,
        vlan: None,
        guessed: false,
    };
    let fact = Fact::DnsQuery(Box::new(query));
    let mut found = Vec::new();
    let seen = Observation { at: Timestamp::ZERO, order: 1, flow, ingress: None, fact };
    book().look_up(&seen, None, &mut found);
    found.iter().any(|one| matches!(one.meaning, Meaning::Indicator { .. }))
}
