//! Flows end because time passed or the capture ended: in the order of the flows, some at a time.
//!
//! At the end of a capture all flows that are left close at one moment. Given out some at a time
//! they are weighed while they lie in the cache, and never stand in memory together.

use std::iter::Peekable;
use std::net::IpAddr;
use std::vec;

use model::{CloseReason, Flow, Observation, Timestamp};

use crate::conversations::{Conversations, Due};
use crate::desk::Desk;
use crate::dissector::Dissector;

/// What is told at one moment that belongs to no frame.
pub struct Closing {
    at: Timestamp,
    order: u64,
    reason: CloseReason,
    /// What was told already, in the order of its flows.
    told: Peekable<vec::IntoIter<Observation>>,
    /// Flows that have nothing to tell but that they end, in their order.
    due: vec::IntoIter<Last>,
}

/// A flow that is to be closed.
struct Last {
    /// Sorts as the flow does, as far as it goes.
    lead: u128,
    due: Due,
    shard: u8,
}

impl Dissector {
    /// Begin to close the flows that `which` tells. What flows have yet to say is said now, and
    /// takes its place among what was `told` at that moment.
    #[allow(clippy::type_complexity)] // One use, and a name would say no more.
    pub(crate) fn closing(
        &mut self,
        (at, order): (Timestamp, u64),
        reason: CloseReason,
        mut told: Vec<Observation>,
        which: &mut dyn FnMut(&mut Conversations, &Desk<'_>, &mut dyn FnMut(Due)),
    ) -> Closing {
        let mut out = |seen| told.push(seen);
        let (conversations, mut desk) = self.desk((at, order), &mut out);
        let (mut due, mut speak) = (Vec::new(), Vec::new());
        for (shard, home) in (0u8..).zip(conversations.iter_mut()) {
            let Some(home) = home else { continue };
            which(home, &desk, &mut |one: Due| match one.speaks {
                true => speak.push(one),
                false => due.push(Last { lead: 0, due: one, shard }),
            });
            for one in speak.drain(..) {
                home.close(one.slot, reason, &mut desk);
            }
        }
        let mut flow_of = |last: &Last| flow_of(conversations, last);
        for last in &mut due {
            last.lead = flow_of(last).map_or(0, |flow| lead(&flow));
        }
        due.sort_unstable_by(|one, other| {
            one.lead.cmp(&other.lead).then_with(|| flow_of(one).cmp(&flow_of(other)))
        });
        told.sort_by_key(|seen| seen.flow);
        let (told, due) = (told.into_iter().peekable(), due.into_iter());
        Closing { at, order, reason, told, due }
    }

    /// Close at most `most` flows more. False: there are none left, and all is told.
    pub fn close_some(
        &mut self,
        closing: &mut Closing,
        most: usize,
        out: &mut dyn FnMut(Observation),
    ) -> bool {
        let Closing { at, order, reason, told, due } = closing;
        let (conversations, mut desk) = self.desk((*at, *order), out);
        for last in due.by_ref().take(most) {
            let Some(flow) = flow_of(conversations, &last) else { continue };
            while let Some(seen) = told.next_if(|seen| seen.flow <= flow) {
                (desk.out)(seen);
            }
            if let Some(Some(home)) = conversations.get_mut(usize::from(last.shard)) {
                home.close(last.due.slot, *reason, &mut desk);
            }
        }
        if due.len() > 0 {
            return true;
        }
        told.for_each(out);
        false
    }
}

fn flow_of(conversations: &mut [Option<Box<Conversations>>], last: &Last) -> Option<Flow> {
    conversations.get_mut(usize::from(last.shard))?.as_mut()?.flow(last.due.slot)
}

/// A number that sorts as flows do, as far as it tells them apart: most flows are told apart by it,
/// and numbers are compared in no time. Of IPv6 it is all but the last bit of the client, as the
/// hosts of a network share the first half.
fn lead(flow: &Flow) -> u128 {
    match (flow.client.ip, flow.server.ip) {
        (IpAddr::V4(client), server) => {
            let (server, port) = match server {
                IpAddr::V4(server) => (server.to_bits(), flow.server.port),
                IpAddr::V6(_) => (u32::MAX, u16::MAX),
            };
            let client = u128::from(client.to_bits()) << 16 | u128::from(flow.client.port);
            client << 48 | u128::from(server) << 16 | u128::from(port)
        }
        (IpAddr::V6(client), _) => 1 << 127 | client.to_bits() >> 1,
    }
}

#[cfg(test)]
mod tests {
    use model::{Endpoint, Transport};

    use super::*;

    #[test]
    fn the_lead_sorts_as_flows_do() {
        let ends = ["0.0.0.0", "10.0.0.1", "10.0.0.2", "255.255.255.255", "::", "::1", "ff02::fb"];
        let mut flows = Vec::new();
        for client in ends {
            for server in ends {
                for (from, to) in [(0, 0), (1, 0), (0, 1), (65_535, 65_535)] {
                    let end = |ip: &str, port| Endpoint::new(ip.parse().expect(ip), port);
                    flows.push(Flow {
                        client: end(client, from),
                        server: end(server, to),
                        transport: Transport::Tcp,
                        vlan: None,
                        guessed: false,
                    });
                }
            }
        }
        for one in &flows {
            for other in &flows {
                if one <= other {
                    assert!(lead(one) <= lead(other), "{one:?} {other:?}");
                }
                // Of IPv4 it tells all of them apart.
                let v4 = |flow: &Flow| flow.client.ip.is_ipv4() && flow.server.ip.is_ipv4();
                if v4(one) && v4(other) {
                    assert_eq!(one == other, lead(one) == lead(other), "{one:?} {other:?}");
                }
            }
        }
    }
}
