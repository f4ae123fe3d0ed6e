//! How names are asked for, counted by flows: in clear, or where the sensor cannot read.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use model::{DnsShare, DnsTransport, Fact, Flow, Observation, Protocol};

use crate::limits::DNS_FLOWS_MAX;

/// Counts flows, each once. A flow in clear counts when it ends, whether it was answered or not;
/// one inside another protocol when it is first recognised. A request whose HTTP came in clear can
/// be read: it counts as clear.
#[derive(Default)]
pub(crate) struct DnsCount {
    share: DnsShare,
    /// Flows that counted and did not end yet, and when each did: a client may say hello twice,
    /// and asks often on one connection.
    open: HashMap<Key, u64>,
    order: BTreeMap<u64, Flow>,
    serial: u64,
}

/// A flow, hashed in few words and not field by field: each end of a flow asks for it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key(Flow);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let bits = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => ip.to_bits().into(),
            IpAddr::V6(ip) => ip.to_bits(),
        };
        let Key(Flow { client, server, .. }) = self;
        state.write_u128(bits(client.ip));
        state.write_u128(bits(server.ip));
        state.write_u32(u32::from(client.port) << 16 | u32::from(server.port));
    }
}

impl DnsCount {
    /// The counts so far.
    pub(crate) const fn share(&self) -> DnsShare {
        self.share
    }

    /// See every fact, those too that are not told one by one.
    pub(crate) fn see(&mut self, seen: &Observation) {
        let Fact::FlowClose(close) = &seen.fact else { return };
        if close.protocol == Some(Protocol::Dns) {
            self.share.clear += 1;
            return;
        }
        if !self.open.is_empty()
            && let Some(serial) = self.open.remove(&Key(seen.flow))
        {
            self.order.remove(&serial);
        }
    }

    /// The flow of that fact carries DNS inside another protocol.
    pub(crate) fn recognised(&mut self, seen: &Observation, transport: DnsTransport) {
        let flow = seen.flow;
        if self.open.contains_key(&Key(flow)) {
            return;
        }
        if self.open.len() >= DNS_FLOWS_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.open.remove(&Key(oldest));
        }
        self.serial += 1;
        self.open.insert(Key(flow), self.serial);
        self.order.insert(self.serial, flow);
        let count = match transport {
            _ if matches!(seen.fact, Fact::HttpRequest(_)) => &mut self.share.clear,
            DnsTransport::Tls => &mut self.share.over_tls,
            DnsTransport::Https => &mut self.share.over_https,
            DnsTransport::Quic => &mut self.share.over_quic,
        };
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{CloseReason, Endpoint, FlowClose, HttpRequest, Timestamp, Transport, Volume};

    fn flow(port: usize) -> Flow {
        let ip = std::net::Ipv4Addr::from(u32::try_from(port >> 15).expect("few")).into();
        let port = u16::try_from(port & 0x7fff).expect("15 bits");
        Flow {
            client: Endpoint::new(ip, port),
            server: Endpoint::new([192, 0, 2, 53].into(), 443),
            transport: Transport::Tcp,
            vlan: None,
            guessed: false,
        }
    }

    fn close(flow: Flow, protocol: Option<Protocol>) -> Observation {
        let fact = Fact::FlowClose(Box::new(FlowClose {
            reason: CloseReason::End,
            opened: Timestamp::ZERO,
            last: Timestamp::ZERO,
            from_client: Volume { packets: 1, bytes: 60 },
            from_server: Volume::default(),
            protocol,
        }));
        seen(flow, fact)
    }

    fn seen(flow: Flow, fact: Fact) -> Observation {
        Observation { at: Timestamp::ZERO, order: 1, flow, ingress: None, fact }
    }

    /// The least that a flow can show.
    fn open(number: usize) -> Observation {
        seen(flow(number), Fact::FlowOpen)
    }

    fn request(number: usize) -> Observation {
        let (method, path) = ("GET".into(), "/dns-query".into());
        let request = HttpRequest { method, host: None, port: None, path, user_agent: None };
        seen(flow(number), Fact::HttpRequest(Box::new(request)))
    }

    #[test]
    fn each_flow_counts_once() {
        let mut count = DnsCount::default();
        count.recognised(&open(1), DnsTransport::Https);
        count.recognised(&open(1), DnsTransport::Https);
        count.recognised(&open(2), DnsTransport::Tls);
        count.recognised(&open(3), DnsTransport::Quic);
        count.see(&close(flow(1), Some(Protocol::Tls)));
        count.recognised(&open(1), DnsTransport::Https);
        for protocol in [Protocol::Dns, Protocol::Dns, Protocol::Mdns, Protocol::Llmnr] {
            count.see(&close(flow(9), Some(protocol)));
        }
        count.recognised(&request(4), DnsTransport::Https);
        count.recognised(&request(4), DnsTransport::Https);
        count.see(&close(flow(4), Some(Protocol::Http)));
        let want = DnsShare { clear: 3, over_tls: 1, over_https: 2, over_quic: 1 };
        assert_eq!(count.share(), want);
        assert!((count.share().encrypted_pct() - 400.0 / 7.0).abs() < 1e-9);
    }

    #[test]
    fn the_bound_holds() {
        let mut count = DnsCount::default();
        for number in 0..DNS_FLOWS_MAX * 2 {
            count.recognised(&open(number), DnsTransport::Https);
            assert!(count.open.len() <= DNS_FLOWS_MAX && count.order.len() == count.open.len());
        }
        assert_eq!(count.share().over_https, 2 * DNS_FLOWS_MAX as u64);
        count.recognised(&open(DNS_FLOWS_MAX * 2 - 1), DnsTransport::Https);
        assert_eq!(count.share().over_https, 2 * DNS_FLOWS_MAX as u64, "the newest is known");
    }
}
