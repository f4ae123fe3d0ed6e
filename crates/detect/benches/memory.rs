//! What the detector holds when every table is full: 100,000 hosts with four tools each, a million
//! registered names, a full table of everything else; and how long its state takes to write and to
//! read. `make bench-memory`.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use detect::{Detector, Limits, Policy};
use model::{
    DnsAnswer, DnsQuery, DnsQuestion, DnsRecord, DomainName, Endpoint, Fact, Flow, HintSource,
    HostHint, Lure, LureKind, Mac, Match, Meaning, Observation, Opening, Operator, Protocol,
    RecordData, RecordType, Role, Side, SignSource, Specificity, Timestamp, ToolId, Transport,
};

#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

const HOSTS: u32 = 100_000;
const TOOLS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
const NAMES: u32 = 1_000_000;
const MIB_MAX: f32 = 256.0;

fn main() {
    if std::env::args().any(|arg| arg == "--list" || arg == "--test") {
        return;
    }
    let before = MEMORY.current_usage_as_mb();
    let mut wire = Wire::new();
    let mut part = |what: &str, count: u32, act: &mut dyn FnMut(&mut Wire, u32)| {
        let begun = Instant::now();
        (0..count).for_each(|number| act(&mut wire, number));
        let ns = begun.elapsed().as_nanos() / u128::from(count.max(1));
        let held = MEMORY.current_usage_as_mb() - before;
        println!("{what:<52} {count:>9} observations {ns:>6} ns each {held:>7.1} MiB held");
    };
    part("hosts that use tools, each its own operator", HOSTS * 4, &mut Wire::uses);
    part("names asked for", NAMES, &mut Wire::asks);
    part("addresses that they lead to", 300_000, &mut Wire::resolves);
    part("names that lie", 80_000, &mut Wire::lies);
    part("hosts that say who they are", 140_000, &mut Wire::hints);
    part("a flood of strange hosts with a tool", 1_000_000, &mut Wire::floods);
    let held = MEMORY.current_usage_as_mb() - before;
    for (what, count) in wire.detector.memory_counts() {
        println!("  {what:<40} {count:>9}");
    }
    let (taken, state) = timed(|| wire.detector.state());
    let (sealed, octets) = timed(|| state.seal());
    let mut next = Detector::new(Policy::deny_by_default(), &Limits::default());
    let (read, restored) = timed(|| next.restore(&octets));
    println!("state: {:.1} MiB", octets.len() as f64 / f64::from(1 << 20));
    println!("taken in {taken:.0} ms by the analyst, sealed in {sealed:.0} ms beside it");
    println!("read in {read:.0} ms: {restored:?}");
    println!("all memory of the detector: {held:.1} MiB, at most {MIB_MAX} are allowed");
    black_box(&next);
    if held > MIB_MAX {
        std::process::exit(1);
    }
}

/// Milliseconds.
fn timed<T>(act: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let done = act();
    (begun.elapsed().as_secs_f64() * 1000.0, done)
}

/// A detector and what it is told, a second of packet time every thousand observations.
struct Wire {
    detector: Detector,
    told: u64,
    alerts: u64,
    /// A sign of each tool: intelligence shares their texts, too.
    signs: Vec<Match>,
}

impl Wire {
    fn new() -> Wire {
        let signs = TOOLS.iter().filter_map(|id| {
            let (tool, name) = (ToolId::parse(id)?, Arc::from(*id));
            let operator = Operator::Server;
            let meaning = Meaning::Tool { tool, name, role: Role::Relay, operator };
            Some(sign(SignSource::Payload, "87001000", meaning))
        });
        Wire {
            detector: Detector::new(Policy::deny_by_default(), &Limits::default()),
            told: 0,
            alerts: 0,
            signs: signs.collect(),
        }
    }

    fn tell(&mut self, host: IpAddr, server: IpAddr, fact: Fact, signs: &[Match]) {
        self.told += 1;
        let at = Timestamp::from_secs(1_795_176_000 + self.told / 1000, 0);
        let flow = Flow {
            client: Endpoint::new(host, 40_000 + (self.told % 20_000) as u16),
            server: Endpoint::new(server, 443),
            transport: Transport::Tcp,
            vlan: None,
            guessed: false,
        };
        let seen = Observation { at, order: self.told * 2 + 1, flow, ingress: None, fact };
        let alerts = &mut self.alerts;
        let mut out = |alert| {
            black_box(alert);
            *alerts += 1;
        };
        self.detector.advance(at, &mut out);
        let setting = self.detector.setting(&seen);
        self.detector.weigh(&seen, &setting, signs, &mut out);
        // As the analyst does.
        if self.detector.usages_wait() {
            black_box(self.detector.take_gone_usages());
        }
    }

    fn uses(&mut self, number: u32) {
        self.use_of(inside(number / 4), number);
    }

    /// One-shot uses from addresses that nobody has.
    fn floods(&mut self, number: u32) {
        self.use_of(Ipv4Addr::from(0x0a40_0000 + number).into(), 0);
    }

    fn use_of(&mut self, host: IpAddr, number: u32) {
        let Some(mut sign) = self.signs.get(number as usize % TOOLS.len()).cloned() else {
            return;
        };
        sign.value = "87001000".into();
        let fact = Fact::Opening(Box::new(Opening {
            side: Side::Client,
            first_len: 4,
            octets: Box::new([0x87, 0, 0x10, 0]),
        }));
        self.tell(host, outside(number), fact, &[sign]);
    }

    fn hints(&mut self, number: u32) {
        let ip = inside(number);
        let [_, b, c, d] = number.to_be_bytes();
        let hint = HostHint {
            ip,
            mac: Some(Mac([2, 0, 0, b, c, d])),
            name: Some(format!("desktop-{number:07}").into()),
            by: HintSource::Dhcp,
        };
        self.tell(ip, resolver(), Fact::HostHint(Box::new(hint)), &[]);
    }

    fn asks(&mut self, number: u32) {
        let question = question(&format!("www.name-{number}.example"));
        let query = DnsQuery { protocol: Protocol::Dns, id: 1, question };
        self.tell(inside(number % HOSTS), resolver(), Fact::DnsQuery(Box::new(query)), &[]);
    }

    fn resolves(&mut self, number: u32) {
        let question = question(&format!("www.name-{number}.example"));
        let records = vec![DnsRecord {
            name: question.name.clone(),
            kind: RecordType::A,
            ttl_secs: 3600,
            data: RecordData::Address(outside(number)),
        }];
        let question = Some(question);
        let answer = DnsAnswer { protocol: Protocol::Dns, id: 1, question, rcode: 0, records };
        self.tell(inside(number % HOSTS), resolver(), Fact::DnsAnswer(Box::new(answer)), &[]);
    }

    fn lies(&mut self, number: u32) {
        let name: Arc<str> = format!("acme-p4y-{number}.example").into();
        let lure = Lure {
            kind: LureKind::Imitation,
            brand: Some(("acme-pay".into(), "Acme Pay".into())),
            method: "homoglyph",
            distance: 1,
            score: 80,
            stands_alone: number.is_multiple_of(4),
            registrable: Arc::clone(&name),
            steps: vec!["how it reads".into()],
        };
        let sign = sign(SignSource::DnsQuestion, &name, Meaning::Lure(Arc::new(lure)));
        let query = DnsQuery { protocol: Protocol::Dns, id: 1, question: question(&name) };
        self.tell(inside(number % HOSTS), resolver(), Fact::DnsQuery(Box::new(query)), &[sign]);
    }
}

fn sign(source: SignSource, value: &str, meaning: Meaning) -> Match {
    Match {
        source,
        value: value.into(),
        pattern: value.into(),
        list: "catalogue".into(),
        list_version: "1".into(),
        specificity: Specificity::Specific,
        confidence_pct: 90,
        version: None,
        meaning,
    }
}

fn question(name: &str) -> DnsQuestion {
    DnsQuestion { name: DomainName::from_text(name.as_bytes()).ok(), kind: RecordType::A }
}

fn inside(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + 1024 + number).into()
}

fn outside(number: u32) -> IpAddr {
    Ipv4Addr::from(0xc612_0000 + number % (1 << 17)).into()
}

fn resolver() -> IpAddr {
    Ipv4Addr::new(10, 0, 0, 53).into()
}
