//! JA3 and JA4 of every hello in the captures at hand, beside those that tshark computes (its own
//! code for JA3, its own for JA4: neither shares a line with ours).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Carrier, Fact, Transport};

mod captures;
mod script;

/// Which hello: name, client, server, port; that of QUIC or of TLS.
type Key = (bool, String, String, String, u16);

#[derive(Default)]
struct Wanted {
    ja3: Vec<String>,
    ja4: Vec<String>,
}

/// Values of tshark's of which we have none, and why: end of the capture's path, tshark's value.
///
/// The lengths in these hellos lie: the list of ciphers reaches to the end of the message, or is
/// empty, so that ciphers are taken for an extension block which is longer than the message. tshark
/// hashes what it read before it noticed; a hello that is not sound has no fingerprint here.
const OF_UNSOUND_HELLOS: &[(&str, &str)] = &[
    ("tls_cipher_lens.pcap", "8eae3e18d36ce24c4ac6b9eeb84ac762"),
    ("tls_cipher_lens.pcap", "12f72b3830028e0151f98b64f504bd9c"),
];

/// The strings of a list in a line of JSON.
fn strings(json: &str, key: &str) -> Vec<String> {
    let Some((_, list)) = json.split_once(&format!("\"{key}\": [")) else { return Vec::new() };
    let list = list.split(']').next().unwrap_or_default();
    list.split(", ").map(|word| word.trim_matches('"').to_owned()).collect()
}

/// The rows of hellos with a fingerprint, by capture.
#[allow(clippy::disallowed_methods)] // A test may read files.
fn truth(path: &Path) -> BTreeMap<String, BTreeMap<Key, Wanted>> {
    let mut truth: BTreeMap<String, BTreeMap<Key, Wanted>> = BTreeMap::new();
    for row in std::fs::read_to_string(path).expect("the truth").lines() {
        let fields: Vec<_> = row.split('\t').collect();
        let [capture, kind, name, client, server, port, .., extra] = fields[..] else { continue };
        let quic = match kind {
            "tls" | "tls_nosni" => false,
            "quic" | "quic_nosni" => true,
            _ => continue,
        };
        let wanted = Wanted { ja3: strings(extra, "ja3"), ja4: strings(extra, "ja4") };
        if wanted.ja3.is_empty() {
            continue;
        }
        let port = port.parse().unwrap_or_default();
        let key = (quic, name.to_owned(), client.to_owned(), server.to_owned(), port);
        truth.entry(capture.to_owned()).or_default().insert(key, wanted);
    }
    truth
}

#[derive(Default)]
struct Score {
    seen: usize,
    same: usize,
}

impl Score {
    fn count(&mut self, capture: &str, wanted: &[String], got: &str) {
        self.seen += 1;
        if wanted.iter().any(|one| one == got) {
            self.same += 1;
        } else {
            println!("{capture}: {got} is none of {wanted:?}");
        }
    }
}

#[test]
#[allow(clippy::disallowed_methods)] // A test may read its environment.
fn fingerprints_are_those_of_tshark() {
    let Ok(corpus) = std::env::var("RMMWATCH_CORPUS") else {
        println!("skipped: RMMWATCH_CORPUS is not set, so there are no captures to read");
        return;
    };
    let corpus = Path::new(&corpus).join("captures");
    let (mut ja3, mut ja4, mut rows, mut silent) =
        (Score::default(), Score::default(), 0, Vec::new());
    for (name, wanted) in truth(&corpus.join("truth.tsv")) {
        let Some(capture) = captures::Capture::read(&corpus.join("files").join(&name)) else {
            continue;
        };
        let mut dissector = Dissector::new(
            &Limits { flows_max: 1 << 14, ..Limits::default() },
            Seed([1, 2]),
            Shards::all(),
        );
        let (facts, _) = script::run(&capture.frames(), 64, &mut dissector);
        let mut found = BTreeSet::new();
        for seen in &facts {
            let Fact::TlsHello(hello) = &seen.fact else { continue };
            if hello.carrier == Carrier::Dtls {
                continue;
            }
            let key = (
                seen.flow.transport == Transport::Udp,
                hello.server_name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
                seen.flow.client.ip.to_string(),
                seen.flow.server.ip.to_string(),
                seen.flow.server.port,
            );
            let (Some(wanted), Some(got3), Some(got4)) = (wanted.get(&key), &hello.ja3, &hello.ja4)
            else {
                continue;
            };
            found.insert(key);
            ja3.count(&name, &wanted.ja3, got3);
            ja4.count(&name, &wanted.ja4, got4);
        }
        rows += wanted.len();
        silent.extend(
            wanted
                .keys()
                .filter(|key| !found.contains(*key))
                .cloned()
                .map(|key| (name.clone(), key)),
        );
    }
    for (capture, key) in &silent {
        println!("no fingerprint to compare: {capture} {key:?}");
    }
    println!(
        "rows {rows}, without a hello of ours {}; JA3 {} of {}, JA4 {} of {}",
        silent.len(),
        ja3.same,
        ja3.seen,
        ja4.same,
        ja4.seen
    );
    assert_eq!((ja3.same, ja4.same), (ja3.seen, ja4.seen));
    assert!(ja3.seen > 300, "{}", ja3.seen);
}
