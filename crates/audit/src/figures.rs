//! The report in a few figures, and the sentence that is read first.

use std::collections::{BTreeMap, HashSet};

use model::Timestamp;
use serde::Serialize;

use crate::moment;
use crate::report::{Alert, Incident};
use crate::uses::Use;

/// From one moment to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Period {
    /// The first moment.
    pub start: Timestamp,
    /// The last moment; not before the first.
    pub end: Timestamp,
}

impl Period {
    /// The shortest period that holds both.
    #[must_use]
    pub fn joined(self, other: Period) -> Period {
        Period { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// What the report counts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Figures {
    /// Hosts that use remote access.
    pub hosts: u64,
    /// Hosts with a use that no rule allows.
    pub hosts_unauthorised: u64,
    /// Tools in use.
    pub tools: u64,
    /// Tools with a use that no rule allows.
    pub tools_unauthorised: u64,
    /// Rows of the table of uses.
    pub uses: u64,
    /// Those that no rule allows.
    pub uses_unauthorised: u64,
    /// Those that a rule allows.
    pub uses_authorised: u64,
    /// Those that began in the period; absent where nothing tells.
    pub uses_new: Option<u64>,
    /// Sessions of all uses.
    pub sessions: u64,
    /// Octets that hosts sent.
    pub bytes_sent: u64,
    /// Octets that hosts received.
    pub bytes_received: u64,
    /// Incidents.
    pub incidents: u64,
    /// Other alerts, by the word of their severity.
    pub alerts: BTreeMap<&'static str, u64>,
    /// Other alerts in all.
    pub alerts_total: u64,
}

impl Figures {
    pub(crate) fn of(uses: &[Use], incidents: &[Incident], alerts: &[Alert]) -> Figures {
        let count =
            |fits: &dyn Fn(&Use) -> bool| uses.iter().filter(|one| fits(one)).count() as u64;
        let hosts = |all: bool| {
            let hosts = uses.iter().filter(|one| all || !one.usage.authorised);
            hosts.map(|one| one.usage.host).collect::<HashSet<_>>().len() as u64
        };
        let tools = |all: bool| {
            let tools = uses.iter().filter(|one| all || !one.usage.authorised);
            tools.map(|one| &one.usage.tool.0).collect::<HashSet<_>>().len() as u64
        };
        let sum = |of: &dyn Fn(&Use) -> u64| {
            uses.iter().fold(0u64, |sum, one| sum.saturating_add(of(one)))
        };
        let mut by_severity = BTreeMap::new();
        for alert in alerts {
            *by_severity.entry(alert.alarm.severity.word()).or_default() += 1;
        }
        let told = uses.iter().any(|one| one.new.is_some());
        Figures {
            hosts: hosts(true),
            hosts_unauthorised: hosts(false),
            tools: tools(true),
            tools_unauthorised: tools(false),
            uses: uses.len() as u64,
            uses_unauthorised: count(&|one| !one.usage.authorised),
            uses_authorised: count(&|one| one.usage.authorised),
            uses_new: told.then(|| count(&|one| one.new == Some(true))),
            sessions: sum(&|one| one.usage.sessions),
            bytes_sent: sum(&|one| one.usage.bytes_sent),
            bytes_received: sum(&|one| one.usage.bytes_received),
            incidents: incidents.len() as u64,
            alerts: by_severity,
            alerts_total: alerts.len() as u64,
        }
    }

    /// What a reader with time for one sentence should know.
    pub(crate) fn sentence(&self) -> String {
        if self.uses == 0 && self.incidents == 0 && self.alerts_total == 0 {
            return "No use of remote-access software was seen, and nothing was alerted."
                .to_owned();
        }
        let mut said = Vec::new();
        said.push(match self.incidents {
            0 => "No incident".to_owned(),
            n => {
                let counted = moment::counted(n, "incident", "incidents");
                let verb = if n == 1 { "needs" } else { "need" };
                format!("{counted} {verb} an answer")
            }
        });
        said.push(match self.uses_unauthorised {
            0 => "every use of remote access that was seen is covered by a rule".to_owned(),
            n => format!(
                "{} of remote access on {} {} unauthorised",
                moment::counted(n, "use", "uses"),
                moment::counted(self.hosts_unauthorised, "host", "hosts"),
                if n == 1 { "is" } else { "are" },
            ),
        });
        if self.uses_unauthorised == 0 && self.uses == 0 {
            said.pop();
            said.push("no use of remote-access software was seen".to_owned());
        }
        if self.uses_authorised > 0 && self.uses_unauthorised > 0 {
            let counted = moment::counted(self.uses_authorised, "use is", "uses are");
            said.push(format!("{counted} covered by a rule"));
        }
        format!("{}.", said.join("; "))
    }
}
