//! JA3 and JA4 of every hello in the captures at hand, beside those that tshark computes (its own
//! code for JA3, its own for JA4: neither shares a line with ours).

#![allow(clippy::print_stdout)] // It says why it skips.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dissect::{Dissector, Limits, Seed, Shards};
use model::{Carrier, Fact, Flow, Observation, TlsHello};

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
/// - The list of ciphers is empty, so that ciphers are taken for an extension block which is longer
///   than the message. tshark hashes what it read before it noticed (`769,,`); a hello that is not
///   sound has no fingerprint here.
/// - The second hello of a connection, behind a HelloRetryRequest: it asks for the same name with
///   other key shares, and is not told again.
/// - TLS in RDP's own stream of datagrams: tshark leaves out the letter of the carrier.
const WITHOUT: &[(&str, &str)] = &[
    ("tls_cipher_lens.pcap", "12f72b3830028e0151f98b64f504bd9c"),
    ("tls_cipher_lens.pcap", "t10i000000_000000000000_000000000000"),
    ("ja4/pcap/tls-sni.pcapng", "ede6dace7885f222f1c70375231b5c79"),
    ("ja4/pcap/tls-sni.pcapng", "f5ea3694be879083ed0f229a5f778e34"),
    ("ja4/pcap/tls-sni.pcapng", "989457eb4c148cbbe80b7799ac9aef59"),
    ("ja4/pcap/tls-sni.pcapng", "d1981e0797eb2010c834a30e7bce53b2"),
    ("ja4/pcap/tls-sni.pcapng", "d655202faea1b7be40411ef04b5ed649"),
    ("ja4/pcap/tls-sni.pcapng", "t13d1515h2_8daaf6152771_f37e75b10bcc"),
    ("rdp2.pcap", "11d070600_c50f5591e341_950472255fe9"),
];

/// Values of ours that tshark has not, each in place of one of those: TLS in datagrams of RDP.
const INSTEAD: &[(&str, &str)] = &[("rdp2.pcap", "t11d070600_c50f5591e341_950472255fe9")];

/// Hellos that we do not read, and why: end of the capture's path.
///
/// - TLS in OpenVPN's own reliable stream, in RADIUS and EAP: none of them is read here.
const UNREAD: &[&str] = &[
    "OpenVPN.pcap",
    "openvpn.pcap",
    "openvpn_nohmac_tcp.pcapng",
    "RADIUS.pcap",
    "wpa-eap-tls.pcap",
    "wpa3-suiteb-192.pcapng",
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
    /// Fingerprints of ours, and those that tshark has, too.
    told: usize,
    same: usize,
    /// Fingerprints of tshark's, and those that we have, too.
    wanted: usize,
    found: usize,
}

impl Score {
    fn count(&mut self, capture: &str, wanted: &[String], told: &[String]) {
        self.told += told.len();
        self.wanted += wanted.len();
        for one in told {
            if wanted.contains(one) || is_in(INSTEAD, capture, one) {
                self.same += 1;
            } else {
                println!("{capture}: {one} is none of {wanted:?}");
            }
        }
        for one in wanted {
            if told.contains(one) || is_in(WITHOUT, capture, one) {
                self.found += 1;
            } else {
                println!("{capture}: {one} was not told");
            }
        }
    }

    fn is_full(&self) -> bool {
        self.told == self.same && self.wanted == self.found && self.told > 300
    }
}

fn is_in(table: &[(&str, &str)], capture: &str, print: &str) -> bool {
    table.iter().any(|(path, value)| capture.ends_with(path) && *value == print)
}

impl std::fmt::Display for Score {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Score { told, same, wanted, found } = self;
        write!(to, "{same} of {told} told are tshark's, {found} of its {wanted} were told")
    }
}

/// The folder of captures, if there is one.
#[allow(clippy::disallowed_methods)] // A test may read its environment.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("RMMWATCH_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: RMMWATCH_CORPUS is not set, so there are no captures to read");
    }
    Some(folder?.join("captures"))
}

/// The hellos of a capture and their flows.
fn hellos(path: &Path) -> Vec<(Flow, TlsHello)> {
    let Some(capture) = captures::Capture::read(path) else { return Vec::new() };
    let limits = Limits { flows_max: 1 << 14, ..Limits::default() };
    let mut dissector = Dissector::new(&limits, Seed([1, 2]), Shards::all());
    let (facts, _) = script::run(&capture.frames(), 64, &mut dissector);
    let hello = |seen: Observation| match seen.fact {
        Fact::TlsHello(hello) => Some((seen.flow, *hello)),
        _ => None,
    };
    facts.into_iter().filter_map(hello).collect()
}

fn name(hello: &TlsHello) -> String {
    hello.server_name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default()
}

#[test]
fn fingerprints_are_those_of_tshark() {
    let Some(corpus) = corpus() else { return };
    let (mut ja3, mut ja4, mut rows, mut silent) = (Score::default(), Score::default(), 0, 0);
    for (capture, wanted) in truth(&corpus.join("truth.tsv")) {
        let mut told: BTreeMap<Key, Wanted> = BTreeMap::new();
        for (flow, hello) in hellos(&corpus.join("files").join(&capture)) {
            let (client, server) = (flow.client.ip.to_string(), flow.server.ip.to_string());
            let quic = matches!(hello.carrier, Carrier::Quic(_));
            let key = (quic, name(&hello), client, server, flow.server.port);
            if hello.carrier == Carrier::Dtls || !wanted.contains_key(&key) {
                continue;
            }
            let prints = told.entry(key).or_default();
            prints.ja3.extend(hello.ja3.map(|ja3| ja3.print()));
            prints.ja4.extend(hello.ja4.map(|ja4| ja4.print()));
        }
        rows += wanted.len();
        for (key, wanted) in &wanted {
            let Some(told) = told.get(key) else {
                if !UNREAD.iter().any(|path| capture.ends_with(path)) {
                    println!("{capture}: no hello {key:?}");
                    silent += 1;
                }
                continue;
            };
            ja3.count(&capture, &wanted.ja3, &told.ja3);
            ja4.count(&capture, &wanted.ja4, &told.ja4);
        }
    }
    println!("{rows} rows, {silent} of them without a hello\nJA3: {ja3}\nJA4: {ja4}");
    assert!(ja3.is_full() && ja4.is_full());
}

/// The truth tells what both ends ask for in a conversation in which both are clients; we tell it
/// of the flow's.
#[test]
#[allow(clippy::disallowed_methods)] // A test may read files.
fn hellos_in_datagrams_are_found() {
    let Some(corpus) = corpus() else { return };
    let truth = std::fs::read_to_string(corpus.join("truth.tsv")).expect("the truth");
    let (mut wanted, mut found) = (0, 0);
    let mut read: (String, Vec<(Flow, TlsHello)>) = Default::default();
    for row in truth.lines() {
        let fields: Vec<_> = row.split('\t').collect();
        let [capture, "dtls" | "dtls_nosni", asked, client, server, ..] = fields[..] else {
            continue;
        };
        if read.0 != capture {
            read = (capture.to_owned(), hellos(&corpus.join("files").join(capture)));
        }
        wanted += 1;
        let is_it = |(flow, hello): &(Flow, TlsHello)| {
            let ends = [flow.client.ip.to_string(), flow.server.ip.to_string()];
            hello.carrier == Carrier::Dtls
                && name(hello) == asked
                && hello.ja4.is_some()
                && ends.iter().all(|end| end == client || end == server)
        };
        if read.1.iter().any(is_it) {
            found += 1;
        } else {
            println!("{capture}: no hello of {client} to {server}");
        }
    }
    println!("{found} of {wanted} hellos in datagrams");
    assert_eq!(found, wanted);
}
