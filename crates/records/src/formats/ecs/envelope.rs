//! What every record has in common: its time, its kind, its sensor, and the ends of a flow.

use std::net::IpAddr;
use std::sync::Arc;

use model::{AlertId, Direction, Endpoint, Flow, Tunnel, TunnelKind, VlanId};

use super::{ECS_VERSION, words};
use crate::community_id::CommunityId;
use crate::json::{self, Json, Page, Word, fields};
use crate::stamp::Stamp;

/// `ecs`.
pub(super) struct Ecs {
    version: Word,
}

fields!(Ecs: version);

impl Ecs {
    pub(super) const HERE: Ecs = Ecs { version: Word(ECS_VERSION) };
}

/// What events of one kind have in common, as it stands in their records: `event.kind` to
/// `event.module`.
#[derive(Clone, Copy)]
pub(super) struct Class {
    /// These fields of `event`, each with a comma before it.
    pub(super) members: &'static str,
    /// What a record has from the end of its time to these fields, with an unknown id.
    pub(super) begin: &'static str,
}

impl Class {
    #[inline]
    pub(super) fn members(self, out: &mut Page) {
        out.add(self.members.as_bytes());
    }
}

/// A [`Class`]: `kind [category …] [type …] action? dataset`, put together while compiling.
macro_rules! class {
    ($kind:literal [$($category:literal)+] [$($type:literal)+] $($action:literal)?, $dataset:literal) => {
        $crate::formats::ecs::envelope::class!(@behind
            "\",\"ecs\":{\"version\":\"9.4.0\"},\"event\":{\"id\":\"00000000000000000000000000000000\"",
            concat!(
                ",\"kind\":\"", $kind,
                "\",\"category\":", $crate::formats::ecs::envelope::listed!($($category)+),
                ",\"type\":", $crate::formats::ecs::envelope::listed!($($type)+),
                $(",\"action\":\"", $action, "\"",)?
                ",\"dataset\":\"rmmwatch.", $dataset,
                "\",\"module\":\"rmmwatch\"",
            )
        )
    };
    (@behind $head:literal, $members:expr) => {
        $crate::formats::ecs::envelope::Class {
            members: $members,
            begin: concat!($head, $members),
        }
    };
}
pub(super) use class;

/// Words as an array.
macro_rules! listed {
    ($first:literal $($next:literal)*) => {
        concat!("[\"", $first, "\"", $(",\"", $next, "\"",)* "]")
    };
}
pub(super) use listed;

/// `event`. The id comes first: its place in the line is known then.
pub(super) struct Event<'a> {
    pub(super) id: Id,
    pub(super) class: Class,
    pub(super) severity: Option<u8>,
    pub(super) reason: Option<&'a str>,
    pub(super) start: Option<Stamp>,
    pub(super) end: Option<Stamp>,
    /// Nanoseconds.
    pub(super) duration: Option<u64>,
}

fields!(Event<'_>: id, ..class, ?severity, ?reason, ?start, ?end, ?duration);

impl Event<'_> {
    /// An event without more; its id is yet unknown.
    pub(super) const fn new(class: Class) -> Event<'static> {
        Event {
            id: Id::UNKNOWN,
            class,
            severity: None,
            reason: None,
            start: None,
            end: None,
            duration: None,
        }
    }
}

/// `event.id`: 32 hexadecimal digits.
pub(super) struct Id(pub(super) AlertId);

impl Id {
    /// What stands in the id's place while the line is hashed.
    pub(super) const UNKNOWN: Id = Id(AlertId(0));
}

impl Json for Id {
    #[inline]
    fn json(&self, out: &mut Page) {
        match self.0.0 {
            0 => out.put(b"\"00000000000000000000000000000000\""),
            id => {
                out.put(b"\"");
                out.put(&hex(id));
                out.put(b"\"");
            }
        }
    }
}

/// The 32 lower-case hexadecimal digits of `value`.
pub(super) fn hex(value: u128) -> [u8; 32] {
    let mut text = [b'0'; 32];
    for (pair, octet) in text.as_chunks_mut::<2>().0.iter_mut().zip(value.to_be_bytes()) {
        *pair = json::hex(octet);
    }
    text
}

/// `observer`: this sensor, and the tunnel that the frames came in, where there was one.
#[derive(Clone, Copy)]
pub(super) struct Observer<'a> {
    /// The same in every record, so its text is made once.
    sensor: &'a Sensor,
    ingress: Option<&'a Tunnel>,
}

impl<'a> Observer<'a> {
    pub(super) fn new(sensor: &'a Sensor, ingress: Option<&'a Tunnel>) -> Observer<'a> {
        Observer { sensor, ingress }
    }
}

impl Json for Observer<'_> {
    fn json(&self, out: &mut Page) {
        self.sensor.observer(self.ingress, out);
    }
}

/// `rmm.ingress`: the same tunnel, field by field.
pub(super) struct Ingress {
    kind: Word,
    source: IpAddr,
    destination: IpAddr,
    id: Option<u32>,
}

fields!(Ingress: kind, source, destination, ?id);

impl Ingress {
    pub(super) fn new(tunnel: &Tunnel) -> Ingress {
        let Tunnel { kind, source, destination, id } = *tunnel;
        Ingress { kind: Word(TunnelKind::word(kind)), source, destination, id }
    }
}

/// What records say of the sensor: the text of `observer`, without the brace at its end.
#[derive(Clone, Debug)]
pub struct Sensor(Arc<[u8]>);

impl Sensor {
    /// The sensor of that name (`observer.name`), where it has one. An empty one is none.
    #[must_use]
    pub fn new(name: Option<&str>) -> Sensor {
        struct Fields<'a> {
            kind: Word,
            vendor: Word,
            product: Word,
            version: Word,
            name: Option<&'a str>,
        }
        fields!(Fields<'_>: kind as "type", vendor, product, version, ?name);
        let fields = Fields {
            kind: Word("ids"),
            vendor: Word("rmmwatch"),
            product: Word("rmmwatch"),
            version: Word(env!("CARGO_PKG_VERSION")),
            name: name.filter(|name| !name.is_empty()),
        };
        let mut page = Page::default();
        fields.json(&mut page);
        let text = page.octets();
        Sensor(text.strip_suffix(b"}").unwrap_or(text).into())
    }

    /// Add `observer` of what came in that tunnel.
    #[inline]
    pub(super) fn observer(&self, ingress: Option<&Tunnel>, out: &mut Page) {
        out.add(&self.0);
        if let Some(tunnel) = ingress {
            out.put(b",\"ingress\":{\"interface\":{\"alias\":");
            json::shown(out, tunnel);
            out.put(b"}}");
        }
        out.put(b"}");
    }
}

/// `source` or `destination`.
pub(super) struct End<'a> {
    ip: IpAddr,
    port: u16,
    domain: Option<&'a str>,
}

fields!(End<'_>: ip, port, ?domain);

impl<'a> End<'a> {
    pub(super) fn new(end: Endpoint, domain: Option<&'a str>) -> End<'a> {
        End { ip: end.ip, port: end.port, domain }
    }
}

/// `network` of a flow.
pub(super) struct Network<'a> {
    kind: Word,
    transport: Word,
    protocol: Option<&'a str>,
    direction: Word,
    community_id: CommunityId,
    vlan: Option<Vlan>,
}

fields!(Network<'_>: kind as "type", transport, ?protocol, direction, community_id, ?vlan);

impl<'a> Network<'a> {
    pub(super) fn new(
        flow: &Flow,
        community_id: CommunityId,
        direction: Direction,
        protocol: Option<&'a str>,
    ) -> Network<'a> {
        Network {
            kind: Word(if flow.server.ip.is_ipv4() { "ipv4" } else { "ipv6" }),
            transport: words::transport(flow.transport),
            protocol,
            direction: Word(words::direction(direction)),
            community_id,
            vlan: flow.vlan.map(|id| Vlan { id: VlanText(id) }),
        }
    }
}

/// `network.vlan`.
struct Vlan {
    id: VlanText,
}

fields!(Vlan: id);

/// A VLAN's number as text: ECS has a keyword there.
struct VlanText(VlanId);

impl Json for VlanText {
    fn json(&self, out: &mut Page) {
        out.put(b"\"");
        json::digits(out, u64::from(self.0.get()));
        out.put(b"\"");
    }
}

/// `rmm.policy`.
pub(super) struct Policy<'a> {
    pub(super) zone: Option<&'a str>,
    pub(super) rule: Option<&'a str>,
}

fields!(Policy<'_>: ?zone, ?rule);
