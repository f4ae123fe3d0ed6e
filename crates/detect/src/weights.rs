//! How bad each kind of evidence is and how sure it makes us: one table, the same as in
//! docs/detection.md.

use model::{Detection, Match, Role, Severity, SignSource, Specificity};

/// What a kind of evidence amounts to.
#[derive(Debug)]
pub(crate) struct Weight {
    /// The evidence, for people; stands in docs/detection.md, and in the steps of a name that lies.
    pub(crate) evidence: &'static str,
    pub(crate) detection: Detection,
    pub(crate) severity: u8,
}

const fn weight(evidence: &'static str, detection: Detection, severity: u8) -> Weight {
    Weight { evidence, detection, severity }
}

pub(crate) static INDICATOR_HIGH: Weight =
    weight("indicator, its list at least 85 % sure", Detection::Indicator, 80);
pub(crate) static INDICATOR_MEDIUM: Weight =
    weight("indicator, its list at least 50 % sure", Detection::Indicator, 60);
pub(crate) static INDICATOR_LOW: Weight =
    weight("indicator, its list less sure", Detection::Indicator, 30);
pub(crate) static INBOUND: Weight =
    weight("octets or presented name, from outside", Detection::Inbound, 75);
pub(crate) static PORT: Weight =
    weight("port, from outside, where the policy asks for it", Detection::Inbound, 40);
pub(crate) static OCTETS: Weight = weight("octets", Detection::Protocol, 60);
pub(crate) static RELAY: Weight = weight("name of a relay", Detection::Relay, 50);
pub(crate) static API: Weight = weight("name of a service", Detection::Api, 45);
pub(crate) static FILE: Weight = weight("file or installer's path", Detection::Download, 40);
pub(crate) static OCTETS_INSIDE: Weight =
    weight("octets, between two hosts inside, of a server anyone may run", Detection::Protocol, 30);
pub(crate) static UNKNOWN: Weight = weight("name of unknown role", Detection::Api, 30);
pub(crate) static DOWNLOAD: Weight = weight("name of a download server", Detection::Download, 30);

pub(crate) static IMITATION: Weight =
    weight("name that imitates a brand or a vendor", Detection::Lure, 50);
pub(crate) static HELPDESK: Weight =
    weight("name that speaks like a help desk", Detection::Lure, 30);
pub(crate) static SWEEP_MEDIUM: Weight =
    weight("server seen in a sweep, its list at least 85 % sure", Detection::Indicator, 40);
pub(crate) static SWEEP_LOW: Weight =
    weight("server seen in a sweep, its list less sure", Detection::Indicator, 25);

/// The most that a shared sign amounts to, whatever it shows.
pub(crate) const SHARED_SEVERITY_MAX: u8 = 25;

impl Weight {
    /// The severity of a sign of this kind.
    pub(crate) fn severity(&self, specificity: Specificity) -> Severity {
        Severity::new(match specificity {
            Specificity::Specific => self.severity,
            Specificity::Shared | Specificity::Generic => self.severity.min(SHARED_SEVERITY_MAX),
        })
    }
}

/// Of two detections of equal severity the one that says more; 0 says most.
pub(crate) fn rank(detection: Detection) -> u8 {
    match detection {
        Detection::Campaign => 0,
        Detection::Indicator => 1,
        Detection::Inbound => 2,
        Detection::Protocol => 3,
        Detection::Relay => 4,
        Detection::Api => 5,
        Detection::Download => 6,
        Detection::Lure => 7,
    }
}

/// What a sign shows of the contact. A story is surer with every further kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// The host asked for a name.
    Asked,
    /// The host reached a server under a name.
    Contacted,
    /// What passed is the tool's.
    Octets,
    /// A file's name.
    File,
    /// A port or an address.
    Place,
}

impl Kind {
    /// How many kinds there are.
    pub(crate) const COUNT: usize = 5;

    /// What a sign of that source shows.
    pub(crate) fn of(source: SignSource) -> Kind {
        match source {
            SignSource::DnsQuestion => Kind::Asked,
            SignSource::DnsAnswer
            | SignSource::TlsSni
            | SignSource::QuicSni
            | SignSource::HttpHost
            | SignSource::HttpUrl => Kind::Contacted,
            SignSource::TlsAlpn
            | SignSource::TlsCertificate
            | SignSource::TlsJa4
            | SignSource::TlsJa3
            | SignSource::HttpUserAgent
            | SignSource::HttpPath
            | SignSource::Payload => Kind::Octets,
            SignSource::HttpFile => Kind::File,
            SignSource::Port | SignSource::Address => Kind::Place,
        }
    }

    /// How sure a specific sign of this kind makes us that the tool is in use, per cent.
    pub(crate) const fn confidence_pct(self) -> u8 {
        match self {
            Kind::Asked => 60,
            Kind::Contacted => 75,
            Kind::Octets => 90,
            Kind::File => 70,
            Kind::Place => 20,
        }
    }
}

/// A shared sign makes us less sure by this much.
pub(crate) const SHARED_CONFIDENCE_PCT: u8 = 25;
/// Every further kind of sign makes us surer by this much.
pub(crate) const FURTHER_KIND_PCT: u8 = 5;
/// Nothing seen from outside is certain.
pub(crate) const CONFIDENCE_MAX_PCT: u8 = 99;

/// How sure one sign of a tool makes us, per cent: never surer than its list is.
pub(crate) fn confidence_of_tool(sign: &Match) -> u8 {
    let figure = Kind::of(sign.source).confidence_pct();
    let figure = match sign.specificity {
        Specificity::Specific => figure,
        Specificity::Shared => figure.saturating_sub(SHARED_CONFIDENCE_PCT),
        Specificity::Generic => 0,
    };
    figure.min(sign.confidence_pct)
}

/// How sure a story's signs make us, from the best figure of each kind; 0 for a kind not seen.
pub(crate) fn confidence(best: &[u8; Kind::COUNT]) -> u8 {
    let kinds = best.iter().filter(|figure| **figure > 0).count();
    let further = u8::try_from(kinds.saturating_sub(1)).unwrap_or(0);
    let most = best.iter().copied().max().unwrap_or(0);
    most.saturating_add(further * FURTHER_KIND_PCT).min(CONFIDENCE_MAX_PCT)
}

/// Whether an endpoint of that role shows that the tool is in use here.
pub(crate) fn is_use(role: Role) -> bool {
    match role {
        Role::Relay | Role::Api | Role::Unknown => true,
        Role::Download | Role::Update | Role::Telemetry | Role::Website => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circumstances::{
        CIRCUMSTANCES, NAME_SEVERITY_MAX, NAME_SEVERITY_MIN, PROGRAM_SEVERITY_MAX,
    };
    use crate::limits;

    const DOCUMENT: &str = include_str!("../../../docs/detection.md");

    #[test]
    fn the_document_says_what_the_code_does() {
        let weights = [
            &INDICATOR_HIGH,
            &INDICATOR_MEDIUM,
            &INDICATOR_LOW,
            &INBOUND,
            &PORT,
            &OCTETS,
            &RELAY,
            &API,
            &FILE,
            &OCTETS_INSIDE,
            &UNKNOWN,
            &DOWNLOAD,
            &IMITATION,
            &HELPDESK,
            &SWEEP_MEDIUM,
            &SWEEP_LOW,
        ];
        let mut rows: Vec<String> = Vec::new();
        for Weight { evidence, detection, severity } in weights {
            let detection = detection.word();
            let word = Severity::new(*severity).word();
            rows.push(format!("| {evidence} | `{detection}` | {severity} ({word}) |"));
        }
        let kinds = [
            ("asked", Kind::Asked),
            ("contacted", Kind::Contacted),
            ("octets", Kind::Octets),
            ("file", Kind::File),
            ("place", Kind::Place),
        ];
        for (word, kind) in kinds {
            rows.push(format!("| {word} | {} |", kind.confidence_pct()));
        }
        rows.push(format!("more than {SHARED_SEVERITY_MAX}"));
        rows.push(format!("less {SHARED_CONFIDENCE_PCT}"));
        rows.push(format!("add {FURTHER_KIND_PCT}"));
        rows.push(format!("most {CONFIDENCE_MAX_PCT}"));
        let thousands = |count: usize| match count / 1000 {
            more @ 1000.. => format!("{},{:03},{:03}", more / 1000, more % 1000, count % 1000),
            more => format!("{more},{:03}", count % 1000),
        };
        for (what, count) in [
            ("stories", thousands(limits::STORIES_MAX)),
            ("lent names", thousands(limits::NAMES_MAX)),
            ("names asked of resolvers inside", thousands(limits::QUESTIONS_MAX)),
            ("flows that showed a sign", thousands(limits::FLOWS_MAX)),
            ("flows that showed a tool by what passed", thousands(limits::RECOGNISED_MAX)),
            ("registered names that lie, or might", thousands(limits::LURES_MAX)),
            (
                "registered names that anyone here had to do with",
                thousands(limits::FIRST_NAMES_MAX),
            ),
            ("hosts' uses of tools", thousands(limits::FIRST_HOST_TOOLS_MAX)),
            ("tools", thousands(limits::FIRST_TOOLS_MAX)),
            ("tools' operators", thousands(limits::FIRST_OPERATORS_MAX)),
            ("rules whose tellings are counted", thousands(limits::CAP_RULES_MAX)),
            (
                "tools and operators whose first uses are counted together",
                thousands(limits::SPREADS_MAX),
            ),
            ("hosts listed by one alert", limits::HOSTS_LISTED_MAX.to_string()),
            ("different signs listed by a story", limits::EVIDENCE_MAX.to_string()),
        ] {
            rows.push(format!("| {what} | {count} |"));
        }
        rows.push(format!("after {} minutes of silence", limits::QUIET.as_secs() / 60));
        rows.extend(quiet());
        for circumstance in CIRCUMSTANCES {
            rows.push(format!("| {} | {:+} |", circumstance.what, circumstance.points));
        }
        rows.push(format!("is never more than {NAME_SEVERITY_MAX}"));
        rows.push(format!("{PROGRAM_SEVERITY_MAX} with a program"));
        rows.push(format!("less than {NAME_SEVERITY_MIN}"));
        rows.push(format!("{} hosts", limits::LURE_HOSTS_MAX));
        rows.push(format!("{} days", limits::LURE_COMMON_AFTER.as_secs() / 86_400));
        rows.push(format!("first {} hours", limits::LEARNING.as_secs() / 3600));
        rows.push(format!("last {} hours", limits::LURE_FRESH.as_secs() / 3600));
        for row in rows {
            assert!(DOCUMENT.contains(&row), "docs/detection.md lacks: {row}");
        }
    }

    /// What keeps the sensor quiet, and what else is known of a use.
    fn quiet() -> Vec<String> {
        use crate::{caps, spread, standing};
        let hours = |time: std::time::Duration| time.as_secs() / 3600;
        let standings = standing::STANDINGS.iter();
        let mut rows: Vec<String> =
            standings.map(|one| format!("| {} | +{} |", one.what, one.points)).collect();
        let (short, long) = (standing::SESSION_SHORT, standing::SESSION_LONG);
        rows.extend([
            format!("at least {} seconds and carried", short.0.as_secs()),
            format!("at least {} KiB, or {} minutes and", short.1 >> 10, long.0.as_secs() / 60),
            format!("{} KiB. It counts when it ends", long.1 >> 10),
            format!("sleeps for {} hours", hours(limits::SLEEP)),
            format!("at most once in {} hours", hours(limits::AGAIN)),
            format!("gone on for {} hours", hours(limits::AGAIN)),
            format!("(`rule.id`) {} first tellings", limits::CAP_TELLINGS),
            format!("at least {} hosts begin", limits::SPREAD_HOSTS),
            format!("Severity {} (high)", spread::SEVERITY),
            format!("{} (medium) while the sensor has watched", spread::SEVERITY_WHILE_LEARNING),
            format!("each of the first {}", limits::SPREAD_STEPS_MAX),
            format!("A use counts from {} on", API.severity),
            format!("{} % sure, until octets", Kind::Place.confidence_pct()),
        ]);
        assert_eq!(Severity::new(caps::NEVER_HELD.get()).word(), "high");
        assert_ne!(Severity::new(caps::NEVER_HELD.get() - 1).word(), "high");
        assert_eq!((hours(limits::CAP_SPAN), hours(limits::SPREAD_SPAN)), (1, 1));
        rows
    }
}
