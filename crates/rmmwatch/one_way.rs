//! Flows that never spoke both ways are counted and not told one by one, unless the whole capture
//! shows one direction only.

use model::{Fact, Observation};

use crate::limits::ONE_WAY_HELD_MAX;

/// Lets observations through, but for the ends of one-way flows in a capture that shows both ways.
#[derive(Default)]
pub(crate) struct OneWay {
    decided: Option<bool>,
    held: Vec<Observation>,
}

impl OneWay {
    /// Whether `seen` may be told now, and not later or never; `out` gets what was held until now
    /// and may be told before it, and `seen` itself where it was held just now.
    pub(crate) fn passes(
        &mut self,
        seen: &Observation,
        out: &mut impl FnMut(&Observation),
    ) -> bool {
        match &seen.fact {
            Fact::FlowOpen => self.both_ways(),
            Fact::FlowClose(close) if !close.one_way() => self.both_ways(),
            Fact::FlowClose(_) => match self.decided {
                Some(one_way) => return one_way,
                None => {
                    self.held.push(seen.clone());
                    if self.held.len() >= ONE_WAY_HELD_MAX {
                        self.finish(out);
                    }
                    return false;
                }
            },
            _ => {}
        }
        true
    }

    /// The capture ended, or is taken to be one-way: tell what was held.
    pub(crate) fn finish(&mut self, out: &mut impl FnMut(&Observation)) {
        if self.decided.is_none() {
            self.decided = Some(true);
        }
        std::mem::take(&mut self.held).iter().for_each(out);
    }

    fn both_ways(&mut self) {
        if self.decided.is_none() {
            self.decided = Some(false);
            self.held = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{CloseReason, Endpoint, Flow, FlowClose, Timestamp, Transport, Volume};

    fn seen(fact: Fact) -> Observation {
        let end = |last, port| Endpoint::new([10, 0, 0, last].into(), port);
        let flow = Flow {
            client: end(1, 40_000),
            server: end(2, 443),
            transport: Transport::Tcp,
            vlan: None,
            guessed: false,
        };
        Observation { at: Timestamp::ZERO, order: 1, flow, ingress: None, fact }
    }

    fn close(answers: u64) -> Observation {
        seen(Fact::FlowClose(Box::new(FlowClose {
            reason: CloseReason::End,
            opened: Timestamp::ZERO,
            last: Timestamp::ZERO,
            from_client: Volume { packets: 1, bytes: 40 },
            from_server: Volume { packets: answers, bytes: 40 * answers },
            protocol: None,
        })))
    }

    fn told(seen: Vec<Observation>) -> usize {
        let (mut gate, mut told) = (OneWay::default(), 0);
        for one in seen {
            let passes = gate.passes(&one, &mut |_| told += 1);
            told += usize::from(passes);
        }
        gate.finish(&mut |_| told += 1);
        told
    }

    #[test]
    fn a_scan_is_silent_and_a_one_way_capture_is_not() {
        let table: [(&str, Vec<Observation>, usize); 4] = [
            ("a scan beside a conversation", vec![close(0), close(0), close(1), close(0)], 1),
            ("an opening decides too", vec![close(0), seen(Fact::FlowOpen), close(0)], 1),
            ("one direction only", vec![close(0), close(0)], 2),
            ("too many to hold", (0..=ONE_WAY_HELD_MAX).map(|_| close(0)).collect(), 4097),
        ];
        for (case, seen, want) in table {
            assert_eq!(told(seen), want, "{case}");
        }
    }
}
