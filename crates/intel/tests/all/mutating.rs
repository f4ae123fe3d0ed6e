//! The fuzz bodies, driven by a seeded mutator over samples: plain `cargo test` stays honest.

use intel::fuzz;

use crate::scene::tool;

/// A small generator of numbers (SplitMix64); the same seed gives the same run.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

/// Change a few octets, or cut, double, swap or insert pieces of it.
fn mutate(sample: &[u8], others: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    const ODD: &[&[u8]] = &[
        b"*",
        b"\n",
        b"=",
        b"'",
        b"\"",
        b"[[",
        b"]]",
        b".",
        b"..",
        b"-",
        b"\\",
        b"^",
        b"$",
        b"?",
        b"{9999}",
        b"(",
        b"0x",
        b"\xff",
        b"\xc3\xa9",
        b"://",
        b"/",
        b"1e999",
        b"-1",
        b"\0",
        b"#",
        b"99999999999999999999",
        b"::",
        b"xn--",
        b"\t",
        b";",
        b",",
        b"2026-11-21",
        b"'''",
    ];
    let mut out = sample.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(out.len() + 1);
        let end = (at + numbers.below(40)).min(out.len());
        match numbers.below(6) {
            0 => out.truncate(at),
            1 => drop(out.drain(at..end)),
            2 => {
                let piece = out[at..end].to_vec();
                out.splice(at..at, piece);
            }
            3 => drop(out.splice(at..at, ODD[numbers.below(ODD.len())].iter().copied())),
            4 if at < out.len() => out[at] = u8::try_from(numbers.below(256)).unwrap(),
            _ => {
                let other = &others[numbers.below(others.len())];
                let from = numbers.below(other.len() + 1);
                let to = (from + numbers.below(60)).min(other.len());
                out.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
    out
}

fn drive(samples: &[String], rounds: usize, body: fn(&[u8])) {
    let samples: Vec<Vec<u8>> = samples.iter().map(|text| text.clone().into_bytes()).collect();
    samples.iter().for_each(|sample| body(sample));
    for seed in 0..rounds {
        let mut numbers = Numbers(u64::try_from(seed).unwrap());
        let sample = &samples[numbers.below(samples.len())];
        let octets = mutate(sample, &samples, &mut numbers);
        // A failure prints its seed; the seed becomes a case.
        let text = format!("seed {seed}: {}", octets.escape_ascii());
        let failed = std::panic::catch_unwind(|| body(&octets)).is_err();
        assert!(!failed, "{text}");
    }
}

#[test]
fn catalogues_of_any_octets() {
    let rows = [
        "names suffix = 'net.desk.example'; role = 'relay'; operator = 'host'; note = 'x'",
        r"names pattern = '^relay-[a-f0-9]{8}\.net\.desk\.example$'; role = 'unknown'",
        r"names pattern = '^(?:[a-z-]+\.)*[a-z0-9]+care\.example$'; role = 'unknown'",
        "ports transport = 'udp'; first = 1; last = 65535; role = 'relay'",
        "networks cidr = '198.51.100.0/24'; role = 'relay'; specificity = 'shared'",
        "alpns prefix = 'desk/'; role = 'relay'",
        r"certificates subject = 'O=Desk'; pattern = 'CN=[a-z]+'; role = 'relay'",
        "user_agents glob = '*Desk*'; role = 'api'",
        "paths glob = '/a*b?c=*'; method = 'GET'; role = 'api'",
        "files names = ['Desk.exe', 'Desk-*.msi']",
        "payloads transport = 'tcp'; side = 'either'; offset = 2; bytes = '87 ?? 10'; role = 'relay'",
        "payloads transport = 'udp'; side = 'server'; also = ['1: 0?', '3: 01&03 6E']; \
            length = '5: u16le >> 2 + 7'; contains = '65 6e'; version = '([a-z])'; role = 'relay'",
        "ja4 fingerprint = 't13d1516h2_8daaf6152771_e5627efa2ab1'; role = 'relay'",
        "protocols protocol = 'ssh'; glob = '* software=Desk*'; role = 'relay'",
        "protocols protocol = 'vnc'; role = 'relay'; specificity = 'generic'",
        r"paths glob = '/desk*'; version = 'v=([0-9.]+)'; operator_in = '[?&]h=([^&]+)'; role = 'api'",
    ];
    let mut samples: Vec<String> = rows.iter().map(|row| tool("tool", "both", &[row])).collect();
    samples.push(tool("tool", "self", &rows));
    drive(&samples, 3000, fuzz::catalogue);
}

#[test]
fn feeds_of_any_octets() {
    let mut samples: Vec<String> =
        fuzz::feed_samples().into_iter().map(|(_, text)| text.to_owned()).collect();
    samples.push("0.0.0.0 evil.example\nhxxp://[2001:db8::1]:80/x\n*.bücher.example\n".into());
    samples.push(
        "id = 'x'\nsource = 's'\n[[indicators]]\npattern = '^a.*\\.evil\\.example$'\n".into(),
    );
    drive(&samples, 4000, fuzz::feed);
}

#[test]
fn feeds_by_line_of_any_octets() {
    use intel::fuzz_feeds_lines as lines;
    let samples = lines::line_samples();
    for body in [
        lines::adblock,
        lines::maltrail,
        lines::plain,
        lines::separated,
        lines::suricata_dataset,
        lines::suricata_rules,
    ] {
        drive(&samples, 4000, body);
    }
}

#[test]
fn feeds_in_json_and_yaml_of_any_octets() {
    use intel::fuzz_feeds_json as json;
    let samples = json::json_samples();
    for body in [json::stix2, json::stix2_pattern, json::misp, json::lolrmm, json::json] {
        drive(&samples, 4000, body);
    }
}

#[test]
fn feeds_in_xml_of_any_octets() {
    use intel::fuzz_feeds_xml as xml;
    drive(&xml::xml_samples(), 4000, xml::stix1);
}

#[test]
fn any_octets_are_judged() {
    let samples = [
        "id = 'x-brand'\nname = 'Xylo Brand'\nkind = 'coined'\nspellings = ['xylobrand']\n\
         domains = ['xylo.example']\nendings = ['com']\ncollisions = ['xylophone']\n\
         bystanders = ['fans']\nsurname = true\n---\nxy1obrand-help.top acmerem0te.com \
         n0rton-help.top\n",
        "[[words]]\nclass = 'access'\nwords = ['login']\nsource = 'a'\nchecked = 2026-11-22\n\
         [[endings]]\nclass = 'cheap'\nendings = ['top']\nsource = 'a'\nchecked = 2026-11-22\n\
         ---\nxhelp.top 247care.top xn--nrton-7qa.com acme-rernote.login.top norton.com.evil.top\n",
        "purchase\nnorth\n---\nacme.remote.top nortonnortonnortonnorton-acmeremote.example\n",
    ]
    .map(str::to_owned);
    drive(&samples, 300, fuzz::lies);
}

#[test]
fn gates_of_any_octets() {
    let provenance = "source = 's'\nchecked = 2026-11-21\n";
    let samples = [
        format!("[[names]]\ngroup = 'g'\nscope = 'below'\nnames = ['evil.example']\n{provenance}"),
        format!("[[networks]]\ngroup = 'g'\ncidrs = ['0.0.0.0/0', '::/0']\n{provenance}"),
        "[[widest]]\nv4 = 33\nv6 = 12\n[[exempt]]\nnames = ['pages.dev']\n".to_owned(),
        "front = ['www']\n[[labels]]\nrole = 'website'\nlabels = ['www']\n".to_owned(),
    ];
    drive(&samples, 2000, fuzz::gate);
}

#[test]
fn globs_of_any_octets() {
    let samples = ["a*b*c\nabc", "**\n", "*.exe\nSETUP.exe", "é*\néa", "aaaa*aaaa\naaaaaa"];
    drive(&samples.map(str::to_owned), 5000, fuzz::glob);
}

#[test]
fn names_of_any_octets() {
    let (book, _) = crate::shipped::shipped();
    let samples = [
        "relay-0123abcd.net.anydesk.com\nwww.screenconnect.com\n".to_owned(),
        format!("{}com\n", "a.".repeat(125)),
        "1.1.1.1\n[::1]:80\nbücher.example\nhxxp://x[.]y\n".to_owned(),
        "\\x00.com\n..\n.\n-.-\n*.example.com\n".to_owned(),
    ];
    let samples: Vec<Vec<u8>> = samples.into_iter().map(String::into_bytes).collect();
    for seed in 0..3000 {
        let mut numbers = Numbers(seed);
        let sample = samples[numbers.below(samples.len())].clone();
        fuzz::ask(&book, &mutate(&sample, &samples, &mut numbers));
    }
}
