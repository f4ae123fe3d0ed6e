//! What every record has in common: its time, its kind, its sensor, and the ends of a flow.

use std::net::IpAddr;

use model::{AlertId, Direction, Endpoint, Flow, Tunnel, TunnelKind, VlanId, Volume};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::{ECS_VERSION, ID_UNKNOWN, words};
use crate::community_id::CommunityId;
use crate::stamp::Stamp;

/// `ecs`.
#[derive(Serialize)]
pub(super) struct Ecs {
    version: &'static str,
}

impl Ecs {
    pub(super) const HERE: Ecs = Ecs { version: ECS_VERSION };
}

/// `event`. The id comes first: its place in the line is known then.
#[derive(Serialize)]
pub(super) struct Event<'a> {
    pub(super) id: Id,
    pub(super) kind: &'static str,
    pub(super) category: &'static [&'static str],
    #[serde(rename = "type")]
    pub(super) types: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<&'static str>,
    pub(super) dataset: &'static str,
    pub(super) module: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) severity: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<Stamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<Stamp>,
    /// Nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration: Option<u64>,
}

impl Event<'_> {
    /// An event without more; its id is yet unknown.
    pub(super) const fn new(
        kind: &'static str,
        dataset: &'static str,
        category: &'static [&'static str],
        types: &'static [&'static str],
    ) -> Event<'static> {
        Event {
            id: Id(AlertId(ID_UNKNOWN)),
            kind,
            category,
            types,
            action: None,
            dataset,
            module: "rmmwatch",
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

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&hex(self.0.0)).unwrap_or_default())
    }
}

/// The 32 lower-case hexadecimal digits of `value`.
pub(super) fn hex(value: u128) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; 32];
    for (pair, octet) in text.chunks_exact_mut(2).zip(value.to_be_bytes()) {
        if let [high, low] = pair {
            *high = DIGITS.get(usize::from(octet >> 4)).copied().unwrap_or(b'0');
            *low = DIGITS.get(usize::from(octet & 15)).copied().unwrap_or(b'0');
        }
    }
    text
}

/// `observer`: this sensor, and the tunnel that the frames came in, where there was one.
#[derive(Clone, Copy)]
pub(super) struct Observer<'a> {
    /// The same in every record, so its text is made once.
    sensor: &'a RawValue,
    ingress: Option<&'a Tunnel>,
}

impl<'a> Observer<'a> {
    pub(super) fn new(sensor: &'a RawValue, ingress: Option<&'a Tunnel>) -> Observer<'a> {
        Observer { sensor, ingress }
    }
}

impl Serialize for Observer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (Some(tunnel), Some(fields)) = (self.ingress, self.sensor.get().strip_suffix('}'))
        else {
            return self.sensor.serialize(serializer);
        };
        // A tunnel's text is of words, digits, dots, colons and blanks: none needs an escape.
        let text = format!("{fields},\"ingress\":{{\"interface\":{{\"alias\":\"{tunnel}\"}}}}}}");
        match RawValue::from_string(text) {
            Ok(whole) => whole.serialize(serializer),
            Err(_) => self.sensor.serialize(serializer),
        }
    }
}

/// `rmm.ingress`: the same tunnel, field by field.
#[derive(Serialize)]
pub(super) struct Ingress {
    kind: &'static str,
    source: IpAddr,
    destination: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
}

impl Ingress {
    pub(super) fn new(tunnel: &Tunnel) -> Ingress {
        let Tunnel { kind, source, destination, id } = *tunnel;
        Ingress { kind: TunnelKind::word(kind), source, destination, id }
    }
}

/// The text of `observer`.
pub(super) fn observer(name: Option<&str>) -> Box<RawValue> {
    #[derive(Serialize)]
    struct Fields<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        vendor: &'static str,
        product: &'static str,
        version: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
    }
    let fields = Fields {
        kind: "ids",
        vendor: "rmmwatch",
        product: "rmmwatch",
        version: env!("CARGO_PKG_VERSION"),
        name,
    };
    // Text in, text out: it cannot fail. Were it to, the record would say `null` here.
    to_raw_value(&fields).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// `source` or `destination`.
#[derive(Serialize)]
pub(super) struct End<'a> {
    ip: IpAddr,
    port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

impl<'a> End<'a> {
    pub(super) fn new(end: Endpoint, domain: Option<&'a str>, sent: Option<Volume>) -> End<'a> {
        End {
            ip: end.ip,
            port: end.port,
            domain,
            packets: sent.map(|sent| sent.packets),
            bytes: sent.map(|sent| sent.bytes),
        }
    }
}

/// `network` of a flow.
#[derive(Serialize)]
pub(super) struct Network<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    transport: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'a str>,
    direction: &'static str,
    community_id: CommunityId<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vlan: Option<Vlan>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

impl<'a> Network<'a> {
    pub(super) fn new(
        flow: &'a Flow,
        direction: Direction,
        protocol: Option<&'a str>,
        both: Option<Volume>,
    ) -> Network<'a> {
        Network {
            kind: if flow.server.ip.is_ipv4() { "ipv4" } else { "ipv6" },
            transport: words::transport(flow.transport),
            protocol,
            direction: words::direction(direction),
            community_id: CommunityId(flow),
            vlan: flow.vlan.map(|id| Vlan { id: VlanText(id) }),
            packets: both.map(|both| both.packets),
            bytes: both.map(|both| both.bytes),
        }
    }
}

/// `network.vlan`.
#[derive(Serialize)]
struct Vlan {
    id: VlanText,
}

/// A VLAN's number as text: ECS has a keyword there.
struct VlanText(VlanId);

impl Serialize for VlanText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.get())
    }
}

/// `rmm.policy`.
#[derive(Serialize)]
pub(super) struct Policy<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<&'a str>,
}

/// Whether a mark is not set, and so left out.
pub(super) fn unset(mark: &bool) -> bool {
    !mark
}
