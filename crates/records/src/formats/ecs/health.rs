//! The health and summary records: what the sensor saw, what it lost, where it is blind.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::json::{self, Json, Page, Word, fields};
use model::{
    DeliveryHealth, DnsShare, FeedLoaded, Health, InterfaceHealth, KernelCounts, Refused,
    ReliefCounts, RuleUse, SinkHealth,
};

use super::SCHEMA_VERSION;
use super::envelope::{Ecs, Event, Observer, class};
use crate::limits::{FEEDS_NAMED_MAX, FILES_NAMED_MAX, RULES_NAMED_MAX};
use crate::stamp::Stamp;
use crate::summary::{self, Files};

struct Line<'a> {
    at: Stamp,
    ecs: Ecs,
    event: Event<'a>,
    observer: Observer<'a>,
    network: Network,
    rmm: Rmm<'a>,
}

fields!(Line<'_>: at as "@timestamp", ecs, event, observer, network, rmm);

/// `network` of all frames together.
struct Network {
    packets: u64,
    bytes: u64,
}

fields!(Network: packets, bytes);

struct Rmm<'a> {
    schema: u32,
    health: Counts<'a>,
    summary: Option<Summary<'a>>,
}

fields!(Rmm<'_>: schema, health, ?summary);

/// `rmm.health`. Sets that are open to new members are arrays of pairs and not objects, so that no
/// store grows a field a member.
struct Counts<'a> {
    frames: Frames<'a>,
    fragments: Fragments,
    kernel: Option<Kernel>,
    interfaces: Vec<Interface<'a>>,
    loss_pct: f64,
    flows: Flows,
    streams: Streams,
    observations: Observations,
    alerts: Alerts<'a>,
    authorised: Authorised<'a>,
    rules: Rules<'a>,
    tls: TlsShares,
    dns: DnsShares,
    anomalies: Named<'a>,
    memory: Named<'a>,
    feeds: Feeds<'a>,
    panics: u64,
    delivery: Option<Delivery<'a>>,
}

fields!(Counts<'_>:
    frames, fragments, ?kernel, ?interfaces, loss_pct, flows, streams, observations, alerts,
    authorised, rules, tls, dns, anomalies, memory, feeds, panics, ?delivery
);

struct Frames<'a> {
    seen: u64,
    bytes: u64,
    tcp: u64,
    udp: u64,
    refused: RefusedCounts<'a>,
    refused_total: u64,
    /// Whether `seen` is `tcp`, `udp` and `refused_total` together.
    sum_closes: bool,
    links_refused: Vec<LinkRefused>,
}

fields!(Frames<'_>: seen, bytes, tcp, udp, refused, refused_total, sum_closes, links_refused);

/// Every reason, those that never were as well: the set is closed.
struct RefusedCounts<'a>(&'a BTreeMap<Refused, u64>);

impl Json for RefusedCounts<'_> {
    fn json(&self, out: &mut Page) {
        json::map(
            out,
            Refused::ALL.iter().map(|why| (why.word(), self.0.get(why).copied().unwrap_or(0))),
        );
    }
}

/// Datagrams that came in fragments.
struct Fragments {
    reassembled: u64,
    unassembled: u64,
}

fields!(Fragments: reassembled, unassembled);

struct LinkRefused {
    link_type: u16,
    frames: u64,
}

fields!(LinkRefused: link_type, frames);

struct Kernel {
    received: u64,
    dropped: u64,
    interface_dropped: u64,
}

fields!(Kernel: received, dropped, interface_dropped);

impl Kernel {
    fn new(counts: &KernelCounts) -> Kernel {
        let KernelCounts { received, dropped, interface_dropped } = *counts;
        Kernel { received, dropped, interface_dropped }
    }
}

/// One interface that is watched.
struct Interface<'a> {
    name: &'a str,
    state: &'static str,
    outages: u64,
    mtu: u32,
    lanes: Vec<Kernel>,
    relief: Option<Relief>,
}

fields!(Interface<'_>: name, state, outages, mtu, lanes, ?relief);

impl<'a> Interface<'a> {
    fn new(one: &'a InterfaceHealth) -> Interface<'a> {
        let InterfaceHealth { name, state, outages, mtu, lanes, relief } = one;
        let lanes = lanes.iter().map(Kernel::new).collect();
        let relief = relief.as_ref().map(Relief::new);
        Interface { name, state: state.word(), outages: *outages, mtu: *mtu, lanes, relief }
    }
}

/// What the kernel counted and dropped of flows of which nothing more was wanted.
struct Relief {
    flows: u64,
    packets: u64,
    bytes: u64,
    copies: u64,
    refused: u64,
}

fields!(Relief: flows, packets, bytes, copies, refused);

impl Relief {
    fn new(counts: &ReliefCounts) -> Relief {
        let ReliefCounts { flows, packets, bytes, copies, refused } = *counts;
        Relief { flows, packets, bytes, copies, refused }
    }
}

struct Flows {
    opened: u64,
    one_way: u64,
    evicted: u64,
}

fields!(Flows: opened, one_way, evicted);

struct Streams {
    over_budget: u64,
    overlaps: u64,
    gaps: u64,
}

fields!(Streams: over_budget, overlaps, gaps);

struct Observations {
    seen: u64,
    dropped: u64,
}

fields!(Observations: seen, dropped);

struct Alerts<'a> {
    total: u64,
    updates: u64,
    by_rule: ByRule<'a>,
}

fields!(Alerts<'_>: total, updates, by_rule);

struct Authorised<'a> {
    total: u64,
    by_rule: ByRule<'a>,
}

fields!(Authorised<'_>: total, by_rule);

/// Every rule of the policy, those that never decided too.
struct Rules<'a>(&'a [RuleUse]);

impl Json for Rules<'_> {
    fn json(&self, out: &mut Page) {
        struct Row<'a> {
            rule: &'a str,
            uses: u64,
            signs: u64,
            last: Option<Stamp>,
        }

        fields!(Row<'_>: rule, uses, signs, ?last);
        json::array(
            out,
            self.0.iter().take(RULES_NAMED_MAX).map(|one| Row {
                rule: &one.rule,
                uses: one.uses,
                signs: one.signs,
                last: one.last.map(Stamp),
            }),
        );
    }
}

struct ByRule<'a>(&'a BTreeMap<Arc<str>, u64>);

impl Json for ByRule<'_> {
    fn json(&self, out: &mut Page) {
        struct Row<'a> {
            rule: &'a str,
            count: u64,
        }

        fields!(Row<'_>: rule, count);
        json::array(out, self.0.iter().map(|(rule, &count)| Row { rule, count }));
    }
}

struct Named<'a>(&'a BTreeMap<&'static str, u64>);

impl Json for Named<'_> {
    fn json(&self, out: &mut Page) {
        struct Row {
            name: Word,
            count: u64,
        }

        fields!(Row: name, count);
        json::array(out, self.0.iter().map(|(&name, &count)| Row { name: Word(name), count }));
    }
}

/// Lists that are looked up; their versions tell how old they are.
struct Feeds<'a>(&'a [FeedLoaded]);

impl Json for Feeds<'_> {
    fn json(&self, out: &mut Page) {
        struct Row<'a> {
            id: &'a str,
            version: &'a str,
            kind: Word,
            indicators: u64,
        }

        fields!(Row<'_>: id, version, kind, indicators);
        json::array(
            out,
            self.0.iter().take(FEEDS_NAMED_MAX).map(|feed| Row {
                id: &feed.id,
                version: &feed.version,
                kind: Word(feed.kind.word()),
                indicators: feed.indicators,
            }),
        );
    }
}

/// `rmm.health.delivery`: how records leave.
struct Delivery<'a> {
    unwritten: u64,
    spool: Spool<'a>,
    sinks: Vec<Sink<'a>>,
}

fields!(Delivery<'_>: unwritten, spool, sinks);

struct Spool<'a> {
    bytes: u64,
    given_up: u64,
    trouble: Option<&'a str>,
}

fields!(Spool<'_>: bytes, given_up, ?trouble);

struct Sink<'a> {
    name: &'a str,
    kind: Word,
    waiting: u64,
    oldest_secs: u64,
    sent: u64,
    formless: u64,
    refused: u64,
    lost: u64,
    setbacks: u64,
    trouble: Option<&'a str>,
}

fields!(Sink<'_>:
    name, kind, waiting, oldest_secs, sent, formless, refused, lost, setbacks, ?trouble
);

impl<'a> Delivery<'a> {
    fn new(health: &'a DeliveryHealth) -> Delivery<'a> {
        Delivery {
            unwritten: health.unwritten,
            spool: Spool {
                bytes: health.spool_bytes,
                given_up: health.given_up,
                trouble: health.trouble.as_deref(),
            },
            sinks: health.sinks.iter().map(Sink::new).collect(),
        }
    }
}

impl<'a> Sink<'a> {
    fn new(sink: &'a SinkHealth) -> Sink<'a> {
        Sink {
            name: &sink.name,
            kind: Word(sink.kind),
            waiting: sink.waiting,
            oldest_secs: sink.oldest_secs,
            sent: sink.sent,
            formless: sink.formless,
            refused: sink.refused,
            lost: sink.lost,
            setbacks: sink.setbacks,
            trouble: sink.trouble.as_deref(),
        }
    }
}

struct TlsShares {
    hellos: u64,
    nameless: u64,
    nameless_pct: f64,
    ech: u64,
    ech_pct: f64,
}

fields!(TlsShares: hellos, nameless, nameless_pct, ech, ech_pct);

/// `rmm.health.dns`: flows, by how they asked for names.
struct DnsShares {
    clear: u64,
    over_tls: u64,
    over_https: u64,
    over_quic: u64,
    encrypted_pct: f64,
}

fields!(DnsShares: clear, over_tls, over_https, over_quic, encrypted_pct);

impl DnsShares {
    fn new(share: DnsShare) -> DnsShares {
        DnsShares {
            clear: share.clear,
            over_tls: share.over_tls,
            over_https: share.over_https,
            over_quic: share.over_quic,
            encrypted_pct: rounded(share.encrypted_pct()),
        }
    }
}

/// `rmm.summary`: what only the end of a run knows.
struct Summary<'a> {
    files: FileCounts<'a>,
}

fields!(Summary<'_>: files);

struct FileCounts<'a> {
    read: u64,
    passed_over: Troubled<'a>,
    damaged: Troubled<'a>,
}

fields!(FileCounts<'_>: read, passed_over, damaged);

/// Files that were not read, or not to their end: how many, and the first ones by name.
struct Troubled<'a> {
    count: u64,
    files: Vec<Trouble<'a>>,
}

fields!(Troubled<'_>: count, files);

struct Trouble<'a> {
    path: Cow<'a, str>,
    why: &'a str,
}

fields!(Trouble<'_>: path, why);

impl<'a> FileCounts<'a> {
    fn new(files: &'a Files) -> FileCounts<'a> {
        FileCounts {
            read: files.read,
            passed_over: Troubled::new(&files.passed_over),
            damaged: Troubled::new(&files.damaged),
        }
    }
}

impl<'a> Troubled<'a> {
    fn new(files: &'a [(PathBuf, String)]) -> Troubled<'a> {
        let named = files.iter().take(FILES_NAMED_MAX);
        Troubled {
            count: summary::distinct(files),
            files: named.map(|(path, why)| Trouble { path: path.to_string_lossy(), why }).collect(),
        }
    }
}

pub(super) fn write(
    health: &Health,
    files: Option<&Files>,
    observer: Observer<'_>,
    out: &mut Vec<u8>,
) {
    let class = match files {
        Some(_) => class!("metric"["network"]["info"], "summary"),
        None => class!("metric"["network"]["info"], "health"),
    };
    let nanos = health.at.since(health.since).as_nanos();
    let line = Line {
        at: Stamp(health.at),
        ecs: Ecs::HERE,
        event: Event {
            start: Some(Stamp(health.since)),
            end: Some(Stamp(health.at)),
            duration: Some(u64::try_from(nanos).unwrap_or(u64::MAX)),
            ..Event::new(class)
        },
        observer,
        network: Network { packets: health.frames.frames, bytes: health.frames.bytes },
        rmm: Rmm {
            schema: SCHEMA_VERSION,
            health: Counts::new(health),
            summary: files.map(|files| Summary { files: FileCounts::new(files) }),
        },
    };
    super::line_with_id(&line, out);
}

impl<'a> Counts<'a> {
    fn new(health: &'a Health) -> Counts<'a> {
        let tally = &health.frames;
        let links = tally.links_refused.iter();
        Counts {
            frames: Frames {
                seen: tally.frames,
                bytes: tally.bytes,
                tcp: tally.tcp,
                udp: tally.udp,
                refused: RefusedCounts(&tally.refused),
                refused_total: tally.refused.values().sum(),
                sum_closes: tally.closes(),
                links_refused: links
                    .map(|(link, &frames)| LinkRefused { link_type: link.0, frames })
                    .collect(),
            },
            fragments: Fragments { reassembled: tally.reassembled, unassembled: tally.unassembled },
            kernel: health.kernel.as_ref().map(Kernel::new),
            interfaces: health.interfaces.iter().map(Interface::new).collect(),
            loss_pct: rounded(health.loss_pct()),
            flows: Flows {
                opened: tally.flows,
                one_way: tally.flows_one_way,
                evicted: tally.flows_evicted,
            },
            streams: Streams {
                over_budget: tally.openings_over_budget,
                overlaps: tally.overlaps,
                gaps: tally.gaps,
            },
            observations: Observations {
                seen: health.observations,
                dropped: health.observations_dropped,
            },
            alerts: Alerts {
                total: health.alerts.values().sum(),
                updates: health.updates,
                by_rule: ByRule(&health.alerts),
            },
            authorised: Authorised {
                total: health.authorised.values().sum(),
                by_rule: ByRule(&health.authorised),
            },
            rules: Rules(&health.rules),
            tls: TlsShares {
                hellos: health.tls_hellos,
                nameless: health.tls_nameless,
                nameless_pct: rounded(summary::share_pct(health.tls_nameless, health.tls_hellos)),
                ech: health.tls_ech,
                ech_pct: rounded(summary::share_pct(health.tls_ech, health.tls_hellos)),
            },
            dns: DnsShares::new(health.dns),
            anomalies: Named(&tally.anomalies),
            memory: Named(&health.memory),
            feeds: Feeds(&health.feeds),
            panics: health.panics,
            delivery: health.delivery.as_ref().map(Delivery::new),
        }
    }
}

/// A percentage with four decimals: one frame in a million still shows.
fn rounded(pct: f64) -> f64 {
    ((pct * 10_000.0).round() / 10_000.0).clamp(0.0, 100.0)
}
