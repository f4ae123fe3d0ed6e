//! What there is to tell of a story, what of it was told, and whether more is worth a record.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use model::{
    AlertId, Direction, DomainName, Evidence, Flow, ListKind, Lure, LureKind, Match, Meaning,
    Occasion, PolicyVerdict, Protocol, Severity, SignSource, Timestamp, ToolId, Tunnel,
};

use crate::caps::NEVER_HELD;
use crate::circumstances::Circumstances;
use crate::limits::Limits;
use crate::rules::{Finding, strength};
use crate::standing;
use crate::weights::{Kind, PORT, confidence, confidence_of_tool, rank};

/// The unauthorised part of a story.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) id: AlertId,
    /// The tool, and its name for people; `None` for an indicator.
    pub(crate) tool: Option<(ToolId, Arc<str>)>,
    /// The list of an indicator, and what it says of it.
    pub(crate) list: Option<(Arc<str>, Arc<str>)>,
    /// The worst of the names that lie.
    pub(crate) lure: Option<Arc<Lure>>,
    /// What speaks for and against the name, where the story is about one that lies.
    pub(crate) circumstances: Option<Circumstances>,
    /// What else is known of the use, where the story is about a tool.
    pub(crate) made: standing::Use,
    pub(crate) host: IpAddr,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) count: u64,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) techniques: Vec<&'static str>,
    /// The worst finding so far, and where it was made.
    pub(crate) finding: Finding,
    pub(crate) spot: Spot,
    /// The best figure of each kind of sign; 0 for a kind not seen.
    best: [u8; Kind::COUNT],
    told: Option<Told>,
    growths: u8,
    /// Whether its first telling was held back, and stands in a summary.
    held: bool,
}

/// Where a finding was made, and what the policy says of it there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Spot {
    pub(crate) flow: Flow,
    /// The outermost tunnel that it came in.
    pub(crate) ingress: Option<Arc<Tunnel>>,
    pub(crate) protocol: Option<Protocol>,
    /// The name of the flow's server.
    pub(crate) server_name: Option<DomainName>,
    /// What was asked for, or reached, for people.
    pub(crate) target: Arc<str>,
    pub(crate) direction: Direction,
    /// Whether a server was reached, and not only a name asked for.
    pub(crate) reached: bool,
    pub(crate) policy: PolicyVerdict,
    /// Whether the policy allows the tool there, under another operator.
    pub(crate) foreign: bool,
    /// Why the policy does not allow it, a clause for people; empty where it has no say.
    pub(crate) why: Arc<str>,
}

/// What the last telling said.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    strength: (u8, Reverse<u8>),
    kinds: [bool; Kind::COUNT],
    operator: Option<Arc<str>>,
    count: u64,
    end: Timestamp,
}

impl Case {
    pub(crate) fn new(
        id: AlertId,
        host: IpAddr,
        sign: &Match,
        finding: Finding,
        spot: Spot,
        at: Timestamp,
    ) -> Case {
        let (tool, list) = match &sign.meaning {
            Meaning::Tool { tool, name, .. } => (Some((tool.clone(), Arc::clone(name))), None),
            Meaning::Indicator { description, .. } => {
                (None, Some((Arc::clone(&sign.list), Arc::clone(description))))
            }
            Meaning::Lure(_) => (None, None),
        };
        let lies = matches!(sign.meaning, Meaning::Lure(_));
        Case {
            id,
            tool,
            list,
            lure: None,
            circumstances: lies.then(Circumstances::default),
            made: standing::Use::default(),
            host,
            start: at,
            end: at,
            count: 0,
            evidence: Vec::new(),
            techniques: Vec::new(),
            finding,
            spot,
            best: [0; Kind::COUNT],
            told: None,
            growths: 0,
            held: false,
        }
    }

    /// A sign joins; true when there was no room to list it.
    pub(crate) fn add(&mut self, sign: &Match, at: Timestamp, limits: &Limits) -> bool {
        self.count = self.count.saturating_add(1);
        self.end = self.end.max(at);
        let figure = self.figure(sign, at);
        if let Some(best) = self.best.get_mut(Kind::of(sign.source) as usize) {
            *best = figure.max(*best);
        }
        if let Meaning::Lure(lure) = &sign.meaning {
            self.take_lure(lure);
        }
        let (role, kind) = match &sign.meaning {
            Meaning::Tool { role, .. } => (Some(*role), None),
            Meaning::Indicator { kind, .. } => (None, Some(*kind)),
            Meaning::Lure(_) => (None, None),
        };
        let evidence = Evidence {
            source: sign.source,
            value: Arc::clone(&sign.value),
            pattern: Arc::clone(&sign.pattern),
            list: Arc::clone(&sign.list),
            list_version: Arc::clone(&sign.list_version),
            role,
            kind,
            expired: sign.meaning.is_expired(at),
        };
        if self.evidence.contains(&evidence) {
            return false;
        }
        let room = self.evidence.len() < limits.evidence_max.max(1);
        if room {
            // Most stories have one sign, and a list that doubles begins with room for four.
            self.evidence.reserve_exact(1);
            self.evidence.push(evidence);
        }
        !room
    }

    /// A finding joins. A worse one moves the story to its spot; so does one as bad that is the
    /// first to reach a server, since that is the flow to look at.
    pub(crate) fn weigh(&mut self, finding: &Finding, spot: &Spot) {
        for technique in finding.techniques {
            if !self.techniques.contains(technique) {
                self.techniques.push(technique);
                self.techniques.sort_unstable();
            }
        }
        self.made.foreign |= spot.foreign;
        let worse = strength(finding) > strength(&self.finding);
        let as_bad = strength(finding) == strength(&self.finding);
        let now_reached = spot.reached && !self.spot.reached;
        let now_known = spot.flow == self.spot.flow && self.spot.protocol.is_none();
        if worse || as_bad && (now_reached || now_known) {
            self.finding = *finding;
            self.spot = spot.clone();
        }
    }

    /// How sure a sign makes us of what the story is about; what only stands beside it does not.
    fn figure(&self, sign: &Match, at: Timestamp) -> u8 {
        match &sign.meaning {
            // What the port is a hint at is that very thing.
            Meaning::Tool { .. }
                if sign.source == SignSource::Port && std::ptr::eq(self.finding.weight, &PORT) =>
            {
                Kind::Place.confidence_pct()
            }
            Meaning::Tool { .. } => confidence_of_tool(sign),
            Meaning::Indicator { kind: ListKind::Attacker | ListKind::Sweep, .. }
                if self.list.is_some() && !sign.meaning.is_expired(at) =>
            {
                sign.confidence_pct
            }
            Meaning::Lure(lure) if self.circumstances.is_some() && lure.stands_alone => lure.score,
            Meaning::Indicator { .. } | Meaning::Lure(_) => 0,
        }
    }

    fn take_lure(&mut self, lure: &Arc<Lure>) {
        let weight =
            |lure: &Lure| (lure.stands_alone, lure.kind == LureKind::Imitation, lure.score);
        if self.lure.as_ref().is_none_or(|known| weight(lure) > weight(known)) {
            self.lure = Some(Arc::clone(lure));
        }
    }

    /// How bad the story is.
    pub(crate) fn severity(&self) -> Severity {
        match (&self.circumstances, &self.tool) {
            (Some(held), _) => held.severity(self.finding.severity),
            (None, Some(_)) => self.made.severity(&self.finding),
            (None, None) => self.finding.severity,
        }
    }

    fn strength(&self) -> (u8, Reverse<u8>) {
        (self.severity().get(), Reverse(rank(self.finding.weight.detection)))
    }

    pub(crate) fn confidence_pct(&self) -> u8 {
        confidence(&self.best)
    }

    /// Whether a record has told it.
    pub(crate) fn told_severity(&self) -> Option<Severity> {
        let told = self.told.as_ref().filter(|_| self.was_told());
        told.map(|told| Severity::new(told.strength.0))
    }

    pub(crate) fn was_told(&self) -> bool {
        self.told.is_some() && !self.held
    }

    /// Whether what joined since the last telling is worth a record at once.
    pub(crate) fn occasion(
        &mut self,
        operator: Option<&Arc<str>>,
        limits: &Limits,
    ) -> Option<Occasion> {
        let Some(told) = &self.told else { return Some(Occasion::First) };
        if self.held {
            // It stands in a summary, unless it became what none holds back.
            return (self.severity() >= NEVER_HELD).then_some(Occasion::First);
        }
        let strength = self.strength();
        if strength > told.strength {
            return Some(Occasion::Growth);
        }
        let fell = strength.0 < told.strength.0;
        // A port or an address that joins changes nothing that a person would do.
        let place = Kind::Place as usize;
        let kinds = self.kinds();
        let mut both = kinds.iter().zip(&told.kinds).enumerate();
        let new_kind = both.any(|(kind, (now, then))| kind != place && now > then);
        let learnt = operator.is_some() && told.operator.as_ref() != operator;
        ((new_kind || learnt || fell) && self.growths < limits.growths_max).then(|| {
            self.growths += 1;
            Occasion::Growth
        })
    }

    /// Whether anything changed since the last telling. What a summary has stays there.
    pub(crate) fn has_news(&self, operator: Option<&Arc<str>>) -> bool {
        !self.held && self.told.as_ref() != Some(&self.as_told(operator))
    }

    /// It was told as it stands, or held back.
    pub(crate) fn mark_told(&mut self, operator: Option<&Arc<str>>, held: bool) {
        self.told = Some(self.as_told(operator));
        self.held = held;
    }

    fn as_told(&self, operator: Option<&Arc<str>>) -> Told {
        Told {
            strength: self.strength(),
            kinds: self.kinds(),
            operator: operator.cloned(),
            count: self.count,
            end: self.end,
        }
    }

    fn kinds(&self) -> [bool; Kind::COUNT] {
        self.best.map(|figure| figure > 0)
    }
}
