//! Bodies for fuzzing: they take any octets and assert what must hold for all of them.

use model::{
    Carrier, DnsQuery, DnsQuestion, DomainName, Endpoint, Fact, Flow, HttpRequest, Ja4, Match,
    Observation, Opening, Protocol, RecordType, RemoteProtocol, Side, Timestamp, TlsHello,
    TlsVersion, Transport,
};

use crate::glob::Glob;
use crate::limits::{COMPLAINTS_PER_FILE_MAX, MATCHES_MAX};
use crate::{Book, BookBuilder};

/// A catalogue file of any octets gives a book whose rows are all live, and bounded complaints.
pub fn catalogue(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let mut builder = BookBuilder::new();
    builder.catalogue("tool.toml", &text);
    let (book, complaints) = builder.build();
    assert!(complaints.len() <= COMPLAINTS_PER_FILE_MAX + 1 + book.tools().len());
    for complaint in &complaints {
        assert!(complaint.line >= 1 && complaint.column >= 1, "{complaint}");
    }
    for tool in book.tools() {
        for row in &tool.rows {
            assert!(!row.source.is_empty() && !row.checked.is_empty(), "{row:?}");
        }
    }
    assert_eq!(book.self_test(), Vec::<String>::new());
    ask(&book, octets);
}

/// A feed of any octets gives as many indicators as it says, and bounded complaints.
pub fn feed(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    for file in ["feed.txt", "feed.toml"] {
        let mut builder = BookBuilder::new();
        builder.feed(file, &text);
        let (book, complaints) = builder.build();
        // Of its lines, and a few of the feed itself.
        assert!(complaints.len() <= COMPLAINTS_PER_FILE_MAX + 8);
        let counted: usize = book.feeds().iter().map(|feed| feed.count).sum();
        assert_eq!(counted, book.indicators.len());
        ask(&book, octets);
    }
}

/// A small text of each feed format, by the format's name.
#[must_use]
pub fn feed_samples() -> Vec<(&'static str, &'static str)> {
    crate::formats::FORMATS.iter().map(|format| (format.name, format.sample)).collect()
}

/// A gate, labels and resolvers of any octets make no row disappear.
pub fn gate(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let mut builder = BookBuilder::new();
    builder.gate("gate.toml", &text);
    builder.labels("labels.toml", &text);
    builder.resolvers("resolvers.toml", &text);
    builder.feed("list.txt", "evil.example\n198.51.100.7\n");
    let (book, _) = builder.build();
    assert_eq!(book.feeds().first().map(|feed| feed.count), Some(2));
    ask(&book, octets);
}

/// Plain TOML is read as the crate `toml` reads it.
pub fn toml(octets: &[u8]) {
    crate::sheet::hold_to_toml(&String::from_utf8_lossy(octets));
}

/// A glob fits itself, and fits no text twice differently.
pub fn glob(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let (pattern, subject) = text.split_once('\n').unwrap_or((&text, &text));
    let glob = Glob::new(pattern);
    assert!(glob.fits(pattern), "{pattern:?}");
    assert_eq!(glob.fits(subject), glob.fits(&subject.to_ascii_uppercase()));
    assert!(Glob::new(&format!("*{pattern}*")).fits(&format!("x{pattern}y")));
}

/// Looking up any name or octets ends, within bounds; explaining it agrees.
pub fn ask(book: &Book, octets: &[u8]) {
    let mut out = Vec::new();
    for line in octets.split(|octet| *octet == b'\n').take(8) {
        let Ok(name) = DomainName::from_text(line) else { continue };
        let question = DnsQuestion { name: Some(name.clone()), kind: RecordType::A };
        let query = DnsQuery { protocol: Protocol::Dns, id: 1, question };
        let found = look_up(book, Fact::DnsQuery(Box::new(query)), Transport::Udp, &mut out);
        let told = book.explain(name.as_str());
        assert!(!told.steps.is_empty());
        if told.asked == crate::Asked::Name(name) {
            assert_eq!(told.matches, found);
        }
    }
    content(book, octets, &mut out);
}

/// The same octets as whatever can pass: a sign of either end, in a hello, in a request.
fn content(book: &Book, octets: &[u8], out: &mut Vec<Match>) {
    let first_len = u32::try_from(octets.len()).unwrap_or(u32::MAX);
    let head: Box<[u8]> = octets.get(..octets.len().min(Opening::LEN_MAX)).unwrap_or(octets).into();
    for transport in [Transport::Tcp, Transport::Udp] {
        for side in [Side::Client, Side::Server] {
            let opening = Opening { side, first_len, octets: head.clone() };
            look_up(book, Fact::Opening(Box::new(opening)), transport, out);
        }
    }
    let text: Box<str> = head.escape_ascii().to_string().into();
    let hello = TlsHello {
        carrier: Carrier::Quic(1),
        server_name: None,
        alpn: vec![head],
        version: TlsVersion(0x0303),
        versions: Vec::new(),
        ech: false,
        ja3: None,
        ja4: Some(Ja4::of(text.clone())),
    };
    look_up(book, Fact::TlsHello(Box::new(hello)), Transport::Udp, out);
    let request = HttpRequest {
        method: "GET".into(),
        host: None,
        port: None,
        path: text.clone(),
        user_agent: Some(text.clone()),
    };
    look_up(book, Fact::HttpRequest(Box::new(request)), Transport::Tcp, out);
    for protocol in [Protocol::Rdp, Protocol::Rfb, Protocol::Ssh, Protocol::Dns] {
        let details = vec![("software", text.clone())];
        let side = Side::Client;
        let remote = RemoteProtocol { protocol, side, version: Some(text.clone()), details };
        let found = look_up(book, Fact::Remote(Box::new(remote)), Transport::Tcp, out);
        assert!(protocol != Protocol::Dns || found.is_empty(), "no row can say so");
    }
}

fn look_up(book: &Book, fact: Fact, transport: Transport, out: &mut Vec<Match>) -> Vec<Match> {
    let end = Endpoint::new([192, 0, 2, 1].into(), 6568);
    let flow = Flow { client: end, server: end, transport, vlan: None, guessed: false };
    let seen = Observation { at: Timestamp::ZERO, order: 1, flow, ingress: None, fact };
    book.look_up(&seen, None, out);
    assert!(out.len() <= MATCHES_MAX);
    out.clone()
}

/// Brands, vocabulary and words of any octets; whatever name is judged, the judgement ends and says
/// why, and a name that is its brand's own tells nothing.
pub fn lies(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let (head, names) = text.split_once("\n---\n").unwrap_or((&text, &text));
    let mut builder = BookBuilder::new();
    builder.brands("brand.toml", head);
    builder.brands(
        "own.toml",
        "[[brand]]\nname='Acme Remote'\nkind='coined'\ndomains=['acmeremote.example']\n\
         [[brand]]\nname='Norton'\nkind='dictionary'\nendings=['example']\n",
    );
    builder.vocabulary("lookalikes.toml", head);
    builder.vocabulary("own.toml", LIES);
    builder.words(head);
    let (book, complaints) = builder.build();
    assert!(complaints.len() <= 3 * COMPLAINTS_PER_FILE_MAX + 3);
    assert!(book.brands() >= 2);
    for name in names.split(['\n', ' ']).take(16) {
        let name = name.to_ascii_lowercase();
        let lure = book.look_alike(&name);
        assert_eq!(lure, book.look_alike(&name), "{name:?}");
        if let Some(lure) = lure {
            assert!(lure.score >= 40 && lure.score <= 100 && !lure.steps.is_empty(), "{lure:?}");
        }
        assert_eq!(book.look_alike(&format!("{name}.acmeremote.example")), None);
        assert_eq!(book.look_alike(&format!("{name}.norton.example")), None);
    }
}

/// A vocabulary with every kind of entry.
const LIES: &str = "
[[words]]
class = 'help'
words = ['help', 'care']
source = 'test'
checked = 2026-11-22
[[words]]
class = 'around'
words = ['247']
source = 'test'
checked = 2026-11-22
[[endings]]
class = 'tight'
endings = ['top']
source = 'test'
checked = 2026-11-22
[[carriers]]
names = ['cdn.example']
source = 'test'
checked = 2026-11-22
[[folds]]
pairs = ['0o', '1l', 'il']
source = 'test'
checked = 2026-11-22
[[pairs]]
pairs = ['rn=m', 'vv=w']
source = 'test'
checked = 2026-11-22
[[confusables]]
pairs = ['\u{f8}=o']
source = 'test'
checked = 2026-11-22
";
