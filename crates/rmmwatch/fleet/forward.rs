//! The sensor's side: every fact to the partition of the host inside that it is about.
//!
//! A partition's facts are gathered into one message, which is sealed with a *mark*: at each second
//! of packet time, or at each beat where there are beats. A mark is a message for all partitions; it
//! says which message of each is the last before it, so that an analyst knows when it has all of the
//! timeline up to there, those included of which nothing was told.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use model::{Direction, Fact, Observation, Protocol, Setting, Timestamp};
use wire::limits::{NAME_LEN_MAX, PARTITIONS_MAX};
use wire::{Head, Lane, Packer, Role};

/// A fact this much older than the last one tells of a clock that was set back, or of one that had
/// been ahead. Facts of one sensor are out of order by less.
const CLOCK_SET_BACK: Duration = Duration::from_secs(60);

/// Who forwards, and to how many.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ForwardPlan {
    /// The sensor's name.
    pub(crate) sensor: String,
    /// The site's.
    pub(crate) site: String,
    /// When the process was started, in milliseconds since 1970.
    pub(crate) epoch: u64,
    /// Partitions; the same on every sensor of a stream.
    pub(crate) partitions: u16,
}

/// Deals facts to partitions and seals messages.
#[derive(Debug)]
pub(crate) struct Forwarder {
    plan: ForwardPlan,
    lanes: Vec<Part>,
    all: Part,
    /// The place of the next fact.
    place: u64,
    tick: Timestamp,
    /// Whether marks come with beats, and not with the seconds of facts.
    beaten: bool,
    lost: u64,
    sealed: VecDeque<Vec<u8>>,
}

/// One partition's message in the making.
#[derive(Clone, Debug, Default)]
struct Part {
    packer: Packer,
    /// Messages sealed so far.
    seq: u64,
}

impl Forwarder {
    /// A forwarder that has sent nothing yet.
    pub(crate) fn new(mut plan: ForwardPlan) -> Forwarder {
        plan.partitions = plan.partitions.clamp(1, PARTITIONS_MAX);
        for name in [&mut plan.sensor, &mut plan.site] {
            *name = sound(name);
        }
        Forwarder {
            lanes: vec![Part::default(); usize::from(plan.partitions)],
            all: Part::default(),
            place: 0,
            tick: Timestamp::ZERO,
            beaten: false,
            lost: 0,
            sealed: VecDeque::new(),
            plan,
        }
    }

    /// Take a fact, in the order of the timeline, with what the policy says of its place.
    pub(crate) fn push(&mut self, seen: &Observation, setting: &Setting) {
        if self.is_over(seen.at) {
            self.mark(false);
        }
        self.pass(seen.at);
        self.place += 1;
        if let Fact::HostHint(_) = seen.fact {
            // A host may be known by another address elsewhere.
            self.pack(Lane::All, Role::Weighed, seen);
            return;
        }
        let home = partition(setting.host, self.plan.partitions);
        self.pack(Lane::Part(home), Role::Weighed, seen);
        if let Fact::DnsQuery(query) = &seen.fact
            && query.protocol == Protocol::Dns
            && setting.direction == Direction::Internal
        {
            // A resolver inside that passes a question on is not taken for the one who asked.
            let resolver = partition(seen.flow.server.ip, self.plan.partitions);
            if resolver != home {
                self.pack(Lane::Part(resolver), Role::Context, seen);
            }
        }
    }

    /// Packet time has come that far; all facts until then were pushed. To be called about once a
    /// second, or never.
    pub(crate) fn beat(&mut self, at: Timestamp) {
        self.beaten = true;
        self.pass(at);
        self.mark(false);
    }

    /// No fact will follow.
    pub(crate) fn finish(&mut self) {
        self.mark(true);
    }

    /// Messages that are sealed, in the order in which they must be sent.
    pub(crate) fn take(&mut self) -> Vec<Vec<u8>> {
        self.sealed.drain(..).collect()
    }

    /// Whether what came before a fact of that time is a second that is over.
    fn is_over(&self, at: Timestamp) -> bool {
        let next = at.secs() > self.tick.secs() || self.is_back(at);
        !self.beaten && self.place > 0 && next
    }

    fn is_back(&self, at: Timestamp) -> bool {
        self.tick.since(at) >= CLOCK_SET_BACK
    }

    fn pass(&mut self, at: Timestamp) {
        self.tick = if self.is_back(at) { at } else { self.tick.max(at) };
    }

    fn pack(&mut self, lane: Lane, role: Role, seen: &Observation) {
        let place = self.place;
        if !self.part(lane).is_some_and(|part| part.packer.push(place, role, seen)) {
            // Full, unless it does not fit alone.
            self.seal(lane, false);
            if !self.part(lane).is_some_and(|part| part.packer.push(place, role, seen)) {
                self.lost += 1;
                return;
            }
        }
        if self.part(lane).is_some_and(|part| part.packer.is_enough()) {
            self.seal(lane, false);
        }
    }

    fn part(&mut self, lane: Lane) -> Option<&mut Part> {
        match lane {
            Lane::Part(number) => self.lanes.get_mut(usize::from(number)),
            Lane::All => Some(&mut self.all),
        }
    }

    /// Seal what waits, and tell all partitions how far the timeline is whole.
    fn mark(&mut self, end: bool) {
        for number in 0..self.plan.partitions {
            if self.lanes.get(usize::from(number)).is_some_and(|part| !part.packer.is_empty()) {
                self.seal(Lane::Part(number), false);
            }
        }
        self.seal(Lane::All, end);
    }

    fn seal(&mut self, lane: Lane, end: bool) {
        if lane == Lane::All && self.lanes.iter().any(|part| !part.packer.is_empty()) {
            // What is sealed for all says that the others are.
            return self.mark(end);
        }
        let sealed = match lane {
            Lane::Part(_) => Vec::new(),
            Lane::All => self.lanes.iter().map(|part| part.seq).collect(),
        };
        let (tick, lost) = (self.tick, self.lost);
        let ForwardPlan { sensor, site, epoch, partitions } = &self.plan;
        let mut head = Head {
            sensor: sensor.as_str().into(),
            site: site.as_str().into(),
            epoch: *epoch,
            partitions: *partitions,
            lane,
            seq: 0,
            tick,
            first: tick,
            last: tick,
            sealed,
            end,
            lost,
            facts: 0,
        };
        let Some(part) = self.part(lane) else { return };
        part.seq += 1;
        head.seq = part.seq;
        match part.packer.seal(head) {
            Ok(octets) => self.sealed.push_back(octets),
            // Names and numbers were checked with the settings.
            Err(why) => tracing::error!("facts cannot be forwarded: {why}"),
        }
    }
}

/// A name as a message may carry it.
fn sound(name: &str) -> String {
    let mut left = NAME_LEN_MAX;
    let fits = |c: &char| {
        left = left.saturating_sub(c.len_utf8());
        left > 0
    };
    let text: String = name.chars().filter(|c| !c.is_control()).take_while(fits).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}

/// The partition of a host inside: FNV-1a over the octets of its address (of IPv4 in IPv6 those of
/// the former), stirred as MurmurHash3 ends, since neighbours differ in their last octet only.
/// Sensors of all versions must agree on it.
fn partition(host: IpAddr, partitions: u16) -> u16 {
    let hash = |octets: &[u8]| {
        octets.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let mut hash = match host.to_canonical() {
        IpAddr::V4(ip) => hash(&ip.octets()),
        IpAddr::V6(ip) => hash(&ip.octets()),
    };
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53, 1] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
    }
    u16::try_from(hash % u64::from(partitions.max(1))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{
        DnsQuery, DnsQuestion, Endpoint, Flow, HintSource, HostHint, RecordType, Transport,
    };

    fn forwarder(partitions: u16) -> Forwarder {
        let (sensor, site) = ("s".to_owned(), "\n".to_owned());
        Forwarder::new(ForwardPlan { sensor, site, epoch: 1, partitions })
    }

    fn seen(at: u64, client: u8, fact: Fact) -> Observation {
        let end = |last, port| Endpoint::new([10, 0, 0, last].into(), port);
        let flow = Flow {
            client: end(client, 40_000),
            server: end(53, 53),
            transport: Transport::Udp,
            vlan: None,
            guessed: false,
        };
        Observation { at: Timestamp::from_secs(at, 5), order: 1, flow, ingress: None, fact }
    }

    fn setting(seen: &Observation, direction: Direction) -> Setting {
        Setting {
            host: seen.flow.client.ip,
            direction,
            zone: None,
            server_name: None,
            name_shared: false,
            well_known: false,
        }
    }

    fn query() -> Fact {
        let question = DnsQuestion { name: None, kind: RecordType::A };
        Fact::DnsQuery(Box::new(DnsQuery { protocol: Protocol::Dns, id: 1, question }))
    }

    /// Lane, number, second of the tick, places and roles of the facts of each message.
    fn told(messages: &[Vec<u8>]) -> Vec<String> {
        let shown = |octets: &Vec<u8>| {
            let message = wire::read(octets).expect("a message");
            let facts: Vec<_> = message
                .facts
                .iter()
                .map(|told| {
                    format!("{}{}", told.place, if told.role == Role::Context { "c" } else { "" })
                })
                .collect();
            let head = message.head;
            let lane = if head.lane == Lane::All {
                format!("all{:?}", head.sealed)
            } else {
                let Lane::Part(number) = head.lane else { unreachable!() };
                number.to_string()
            };
            format!("{lane} #{} @{} {}", head.seq, head.tick.secs(), facts.join(","))
        };
        messages.iter().map(shown).collect()
    }

    #[test]
    fn a_second_is_marked_when_the_next_begins() {
        let mut to = forwarder(2);
        let hint =
            HostHint { ip: [10, 0, 0, 1].into(), mac: None, name: None, by: HintSource::Arp };
        for (at, client, fact) in [
            (1, 1, Fact::FlowOpen),
            (1, 2, Fact::FlowOpen),
            (2, 1, Fact::HostHint(Box::new(hint))),
            (2, 1, Fact::FlowOpen),
            // A little late: no second is over.
            (1, 1, Fact::FlowOpen),
            // A clock ahead, and right again.
            (90_000, 1, Fact::FlowOpen),
            (3, 1, Fact::FlowOpen),
        ] {
            let seen = seen(at, client, fact);
            to.push(&seen, &setting(&seen, Direction::Outbound));
        }
        to.finish();
        let (one, two) = (partition([10, 0, 0, 1].into(), 2), partition([10, 0, 0, 2].into(), 2));
        assert_ne!(one, two);
        let all = |one_seq: u64| match one {
            0 => format!("all[{one_seq}, 1]"),
            _ => format!("all[1, {one_seq}]"),
        };
        let mut first = [format!("{one} #1 @1 1"), format!("{two} #1 @1 2")];
        first.sort();
        let want = [
            first[0].clone(),
            first[1].clone(),
            format!("{} #1 @1 ", all(1)),
            format!("{one} #2 @2 4,5"),
            format!("{} #2 @2 3", all(2)),
            format!("{one} #3 @90000 6"),
            format!("{} #3 @90000 ", all(3)),
            format!("{one} #4 @3 7"),
            format!("{} #4 @3 ", all(4)),
        ];
        assert_eq!(told(&to.take()), want);
        assert!(to.take().is_empty() && to.lost == 0);
    }

    #[test]
    fn where_there_are_beats_they_are_the_marks() {
        let mut to = forwarder(1);
        to.beat(Timestamp::from_secs(1, 0));
        for at in [1, 2, 3] {
            let seen = seen(at, 1, Fact::FlowOpen);
            to.push(&seen, &setting(&seen, Direction::Outbound));
        }
        to.beat(Timestamp::from_secs(3, 9));
        assert_eq!(told(&to.take()), ["all[0] #1 @1 ", "0 #1 @3 1,2,3", "all[1] #2 @3 "]);
    }

    #[test]
    fn a_question_inside_is_context_for_the_resolver() {
        let resolver = partition([10, 0, 0, 53].into(), 32);
        let client = (1..50).find(|last| partition([10, 0, 0, *last].into(), 32) != resolver);
        let seen = seen(1, client.expect("another partition"), query());
        for (direction, want) in [(Direction::Internal, 3), (Direction::Outbound, 2)] {
            let mut to = forwarder(32);
            to.push(&seen, &setting(&seen, direction));
            to.finish();
            let messages = to.take();
            assert_eq!(messages.len(), want, "{direction:?}");
            let context = told(&messages).iter().filter(|one| one.ends_with(" 1c")).count();
            assert_eq!(context, want - 2);
        }
    }

    #[test]
    fn a_host_has_the_same_partition_everywhere() {
        let table = [("10.0.0.1", 9), ("::ffff:10.0.0.1", 9), ("2001:db8::1", 15)];
        for (host, want) in table {
            assert_eq!(partition(host.parse().expect("an address"), 32), want, "{host}");
        }
    }

    #[test]
    fn many_facts_are_many_messages_and_hosts_spread() {
        let mut to = forwarder(4);
        for number in 0..20_000u32 {
            let mut seen = seen(1, 1, Fact::FlowOpen);
            seen.flow.client.ip = std::net::Ipv4Addr::from(0x0a00_0000 + number).into();
            to.push(&seen, &setting(&seen, Direction::Outbound));
        }
        to.finish();
        let messages = to.take();
        let mut facts = [0u32; 4];
        let mut octets = 0;
        for message in &messages {
            octets += message.len();
            let head = wire::peek(message).expect("a head");
            if let Lane::Part(number) = head.lane {
                facts[usize::from(number)] += head.facts;
            }
        }
        assert_eq!(facts.iter().sum::<u32>(), 20_000);
        assert!(facts.iter().all(|count| (4500..5500).contains(count)), "{facts:?}");
        assert!(messages.len() > 20 && octets < 20_000 * 60, "{} {octets}", messages.len());
    }
}
