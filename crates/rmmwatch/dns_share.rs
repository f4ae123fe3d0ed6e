//! How names are asked for, counted by flows: in clear, or where the sensor cannot read.

use std::collections::{BTreeMap, HashMap};

use model::{DnsShare, DnsTransport, Fact, Flow, Observation, Protocol};

use crate::limits::DNS_FLOWS_MAX;

/// Counts flows, each once. A flow in clear counts when it ends, whether it was answered or not;
/// one that cannot be read when it is first recognised.
#[derive(Default)]
pub(crate) struct DnsCount {
    share: DnsShare,
    /// Flows that counted and did not end yet, and when each did: a client may say hello twice,
    /// and asks often on one connection.
    open: HashMap<Flow, u64>,
    order: BTreeMap<u64, Flow>,
    serial: u64,
}

impl DnsCount {
    /// The counts so far.
    pub(crate) const fn share(&self) -> DnsShare {
        self.share
    }

    /// See every fact, those too that are not told one by one.
    pub(crate) fn see(&mut self, seen: &Observation) {
        let Fact::FlowClose(close) = &seen.fact else { return };
        self.share.clear += u64::from(close.protocol == Some(Protocol::Dns));
        if !self.open.is_empty()
            && let Some(serial) = self.open.remove(&seen.flow)
        {
            self.order.remove(&serial);
        }
    }

    /// The flow carries DNS that cannot be read.
    pub(crate) fn recognised(&mut self, flow: &Flow, transport: DnsTransport) {
        if self.open.contains_key(flow) {
            return;
        }
        if self.open.len() >= DNS_FLOWS_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.open.remove(&oldest);
        }
        self.serial += 1;
        self.open.insert(*flow, self.serial);
        self.order.insert(self.serial, *flow);
        match transport {
            DnsTransport::Tls => self.share.over_tls += 1,
            DnsTransport::Https => self.share.over_https += 1,
            DnsTransport::Quic => self.share.over_quic += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{CloseReason, Endpoint, FlowClose, Timestamp, Transport, Volume};

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
        Observation { at: Timestamp::ZERO, order: 1, flow, ingress: None, fact }
    }

    #[test]
    fn each_flow_counts_once() {
        let mut count = DnsCount::default();
        count.recognised(&flow(1), DnsTransport::Https);
        count.recognised(&flow(1), DnsTransport::Https);
        count.recognised(&flow(2), DnsTransport::Tls);
        count.recognised(&flow(3), DnsTransport::Quic);
        count.see(&close(flow(1), Some(Protocol::Tls)));
        count.recognised(&flow(1), DnsTransport::Https);
        for protocol in [Protocol::Dns, Protocol::Dns, Protocol::Mdns, Protocol::Llmnr] {
            count.see(&close(flow(9), Some(protocol)));
        }
        let want = DnsShare { clear: 2, over_tls: 1, over_https: 2, over_quic: 1 };
        assert_eq!(count.share(), want);
        assert!((count.share().encrypted_pct() - 400.0 / 6.0).abs() < 1e-9);
    }

    #[test]
    fn the_bound_holds() {
        let mut count = DnsCount::default();
        for number in 0..DNS_FLOWS_MAX * 2 {
            count.recognised(&flow(number), DnsTransport::Https);
            assert!(count.open.len() <= DNS_FLOWS_MAX && count.order.len() == count.open.len());
        }
        assert_eq!(count.share().over_https, 2 * DNS_FLOWS_MAX as u64);
        count.recognised(&flow(DNS_FLOWS_MAX * 2 - 1), DnsTransport::Https);
        assert_eq!(count.share().over_https, 2 * DNS_FLOWS_MAX as u64, "the newest is known");
    }
}
