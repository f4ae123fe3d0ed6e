//! What else is known of a tool's use, beside the signs of it: points on its severity, one table,
//! the same as in docs/detection.md.

use std::time::Duration;

use model::{FlowClose, Severity, Timestamp};

use crate::chain::{octets, spell};
use crate::memory::{Known, ToolKnown};
use crate::rules::Finding;

/// Something that is known of a use besides its signs.
#[derive(Debug)]
pub(crate) struct Standing {
    /// For people; stands in docs/detection.md.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds the document to it"))]
    pub(crate) what: &'static str,
    pub(crate) points: u8,
    /// A clause of the reason; empty where the sentence says it in other words.
    clause: &'static str,
}

const fn standing(what: &'static str, points: u8, clause: &'static str) -> Standing {
    Standing { what, points, clause }
}

pub(crate) static NEW_HERE: Standing =
    standing("nobody here used the tool before", 8, "nobody here used it before");
pub(crate) static NEW_ON_HOST: Standing = standing(
    "the host did not use the tool before, others here did",
    3,
    "the host did not use it before",
);
pub(crate) static NEW_OPERATOR: Standing = standing(
    "nobody here had to do with the operator before",
    5,
    "nobody here had to do with its operator before",
);
pub(crate) static FOREIGN: Standing = standing("their tool, not their tenant", 5, "");
pub(crate) static LONG: Standing = standing("a session that lasted and carried much", 5, "");

/// All of them, in the order of the table.
pub(crate) static STANDINGS: [&Standing; 5] =
    [&NEW_HERE, &NEW_ON_HOST, &NEW_OPERATOR, &FOREIGN, &LONG];

/// A flow is a session when it lasts so long and carries so many octets, …
pub(crate) const SESSION_SHORT: (Duration, u64) = (Duration::from_secs(60), 256 << 10);
/// … or longer and fewer, as when a person only watches.
pub(crate) const SESSION_LONG: (Duration, u64) = (Duration::from_secs(600), 64 << 10);

/// Whether a flow lasted and carried as someone's session does.
pub(crate) fn is_session(lasted: Duration, carried: u64) -> bool {
    [SESSION_SHORT, SESSION_LONG].iter().any(|&(least, bytes)| lasted >= least && carried >= bytes)
}

/// What is known of one story's use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Use {
    new_here: bool,
    new_on_host: bool,
    new_operator: bool,
    /// An allowed tool under an operator that is not.
    pub(crate) foreign: bool,
    /// Flows that were sessions, the longest of them, and what they carried from and to the host.
    sessions: u32,
    longest: Duration,
    sent: u64,
    received: u64,
}

impl Use {
    /// Take over what the memory of first sightings knew when the use, which began at `start`, was
    /// met.
    pub(crate) fn learn(&mut self, known: &ToolKnown, start: Timestamp) {
        // What is remembered is remembered by the second.
        let new = |known: Known| known.learnt && known.first.secs() >= start.secs();
        self.new_here |= new(known.network);
        self.new_on_host |= new(known.host) && !self.new_here;
        self.new_operator |= known.operator.is_some_and(new);
    }

    /// A flow of it ended.
    pub(crate) fn count(&mut self, close: &FlowClose, host_is_client: bool) {
        let lasted = close.last.since(close.opened);
        let (client, server) = (close.from_client.bytes, close.from_server.bytes);
        if !is_session(lasted, client.saturating_add(server)) {
            return;
        }
        let (sent, received) = if host_is_client { (client, server) } else { (server, client) };
        self.sessions = self.sessions.saturating_add(1);
        self.longest = self.longest.max(lasted);
        self.sent = self.sent.saturating_add(sent);
        self.received = self.received.saturating_add(received);
    }

    /// Those that hold, in the order of the table.
    fn holding(&self) -> impl Iterator<Item = &'static Standing> {
        let holds =
            [self.new_here, self.new_on_host, self.new_operator, self.foreign, self.sessions > 0];
        STANDINGS.into_iter().zip(holds).filter_map(|(one, holds)| holds.then_some(one))
    }

    /// The severity of a use whose worst sign is that finding: never out of the finding's band,
    /// and nothing more for a sign that other products show too.
    pub(crate) fn severity(&self, finding: &Finding) -> Severity {
        let base = finding.severity;
        if base.get() < finding.weight.severity {
            return base;
        }
        let sum = self.holding().fold(base.get(), |sum, one| sum.saturating_add(one.points));
        Severity::new(sum.min(most(base)))
    }

    /// What of it belongs in the reason, clause by clause.
    pub(crate) fn clauses(&self) -> impl Iterator<Item = String> {
        let plain = self.holding().map(|one| one.clause).filter(|clause| !clause.is_empty());
        plain.map(str::to_owned).chain(self.session())
    }

    fn session(&self) -> Option<String> {
        let (longest, sent) = (spell(self.longest), octets(self.sent));
        let received = octets(self.received);
        match self.sessions {
            0 => None,
            1 => Some(format!("a session went on for {longest}, {sent} out, {received} in")),
            several => Some(format!(
                "{several} sessions went on, the longest for {longest}, {sent} out, {received} in"
            )),
        }
    }
}

/// The highest severity with the same word.
fn most(base: Severity) -> u8 {
    let same = (base.get()..=100).take_while(|value| Severity::new(*value).word() == base.word());
    same.last().unwrap_or(base.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Sight, judge};
    use crate::scenes::{moment, sign};
    use model::{CloseReason, Direction, Volume};

    fn finding(line: &str, direction: Direction) -> Finding {
        judge(&Sight { sign: &sign(line), direction, at: moment(0) }).expect(line)
    }

    fn close(secs: u64, sent: u64, received: u64) -> FlowClose {
        FlowClose {
            reason: CloseReason::Fin,
            opened: moment(0),
            last: moment(secs),
            from_client: Volume { packets: 9, bytes: sent },
            from_server: Volume { packets: 9, bytes: received },
            protocol: None,
        }
    }

    #[test]
    fn points_add_up_within_the_band_of_the_sign() {
        let none = Use::default();
        let all = Use {
            new_here: true,
            new_on_host: false,
            new_operator: true,
            foreign: true,
            sessions: 1,
            ..none
        };
        let table: &[(&str, Use, [u8; 5])] = &[
            // A relay's name, octets, an unknown name, from outside, a shared relay's name.
            ("nothing", none, [50, 60, 30, 75, 25]),
            ("new on the host", Use { new_on_host: true, ..none }, [53, 63, 33, 78, 25]),
            ("new here", Use { new_here: true, ..none }, [58, 68, 38, 83, 25]),
            ("a new operator", Use { new_operator: true, ..none }, [55, 65, 35, 80, 25]),
            ("not their tenant", Use { foreign: true, ..none }, [55, 65, 35, 80, 25]),
            ("a session", Use { sessions: 1, ..none }, [55, 65, 35, 80, 25]),
            ("all", all, [69, 69, 39, 89, 25]),
        ];
        let findings = [
            finding("TlsSni Relay Vendor", Direction::Outbound),
            finding("Payload Relay Server", Direction::Outbound),
            finding("DnsQuestion Unknown Vendor", Direction::Outbound),
            finding("Payload Relay Server", Direction::Inbound),
            finding("TlsSni Relay Vendor shared", Direction::Outbound),
        ];
        for (what, made, want) in table {
            let got = findings.map(|finding| made.severity(&finding).get());
            assert_eq!(got, *want, "{what}");
        }
    }

    #[test]
    fn a_session_lasts_and_carries() {
        let mib = 1 << 20;
        let table: &[(&[FlowClose], &str)] = &[
            (&[close(3600, 1000, 1000)], ""),
            (&[close(10, 0, 99 * mib)], ""),
            (
                &[close(60, 200 << 10, 56 << 10)],
                "a session went on for 60 seconds, 200 KiB out, 56 KiB in",
            ),
            (
                &[close(42 * 60, 12 * mib, mib)],
                "a session went on for 42 minutes, 12 MiB out, 1024 KiB in",
            ),
            (
                &[close(600, 60 << 10, 5 << 10), close(5, 1, 1), close(3 * 3600, mib, 0)],
                "2 sessions went on, the longest for 3 hours, 1084 KiB out, 5120 octets in",
            ),
        ];
        for (flows, want) in table {
            let mut made = Use::default();
            flows.iter().for_each(|close| made.count(close, true));
            assert_eq!(made.session().unwrap_or_default(), *want);
        }
    }

    #[test]
    fn the_host_may_be_the_server() {
        let mut made = Use::default();
        made.count(&close(60, 0, 1 << 20), false);
        assert_eq!((made.sent, made.received), (1 << 20, 0));
    }
}
