//! Why the policy says what it says of a use: every rule, what speaks for and against each, and
//! at which step one beat the others.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use model::{Match, Meaning, Operator, Role, Severity, Timestamp, ToolId, VlanId};

use super::reasons::{lack, looks};
use super::rule::{Aspect, Place, Rule, Use};
use super::{Policy, Ruling};
use crate::judgement::is_session;
use crate::rules::{Finding, Sight, judge, strength};
use crate::stories::{rule_id, rule_word_of};

/// Who makes a use, from where and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visit {
    /// The host inside.
    pub host: IpAddr,
    /// The VLAN that it is on.
    pub vlan: Option<VlanId>,
    /// The other end, where it is known.
    pub peer: Option<IpAddr>,
    /// When.
    pub at: Timestamp,
}

/// What a use is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topic {
    /// A tool.
    Tool,
    /// A name or an address that a list reports.
    Indicator,
    /// A name that lies.
    Lure,
}

/// What the policy says of one use, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// What the use is of.
    pub topic: Topic,
    /// The tool.
    pub tool: Option<ToolId>,
    /// What the endpoint does for its tool.
    pub role: Option<Role>,
    /// What the operator is known as; nothing: whose tenant it is does not show.
    pub operators: Vec<Arc<str>>,
    /// It is a server that the vendor runs for all tenants alike and that carries no session.
    pub common: bool,
    /// The zone of the host.
    pub zone: Option<Arc<str>>,
    /// Whether the host is one of ours.
    pub inside: bool,
    /// The alert that it would be if no rule stood against that: `rule.id` and severity. `None`:
    /// it is no use that anything is told of.
    pub alert: Option<(Arc<str>, Severity)>,
    /// What comes of it.
    pub outcome: Outcome,
    /// Every rule: those that fit, the one that decides first, then those that do not, the nearest
    /// first.
    pub rules: Vec<RuleAccount>,
}

/// What comes of a use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// This rule allows it.
    Allowed(Arc<str>),
    /// This rule keeps quiet about it.
    Suppressed(Arc<str>),
    /// It is unauthorised, for this reason.
    Denied(Arc<str>),
}

impl Outcome {
    /// The outcome as a word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Outcome::Allowed(_) => "allowed",
            Outcome::Suppressed(_) => "suppressed",
            Outcome::Denied(_) => "unauthorised",
        }
    }
}

/// One rule, held against a use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleAccount {
    /// `allow[0] acme-remote`.
    pub label: Arc<str>,
    /// Who answers for it.
    pub owner: Option<Arc<str>>,
    /// Why it stands there.
    pub reason: Option<Arc<str>>,
    /// Its file, line and column.
    pub place: (Arc<str>, u32, u32),
    /// What of it the use does not fit: the key, and why. Empty: it fits.
    pub lacks: Vec<(&'static str, String)>,
    /// How closely it looks, in the order in which that is compared: the key, and the words.
    pub looks: Vec<(&'static str, String)>,
    /// Whether it decides.
    pub decides: bool,
    /// Where it fits and does not decide: the key at which the one that does is ahead.
    pub behind_at: Option<&'static str>,
}

/// A use to account for, before it is held against rules.
struct Made<'a> {
    tool: Option<&'a ToolId>,
    role: Option<Role>,
    topic: Topic,
    operators: Vec<&'a str>,
    common: bool,
    tenant_seen: bool,
    alert: Option<(Arc<str>, Severity)>,
}

impl Policy {
    /// What the policy says of what intelligence knows of a name or an address, used on that
    /// visit: an account for each tool and operator, each list and each name that lies.
    #[must_use]
    pub fn accounts(&self, visit: &Visit, matches: &[Match]) -> Vec<Account> {
        let mut all: Vec<(Made<'_>, Option<Finding>)> = Vec::new();
        for sign in matches {
            let sight = Sight { sign, direction: model::Direction::Outbound, at: visit.at };
            let finding = judge(&sight);
            let made = Made::of(sign, finding);
            let same = |(known, _): &&mut (Made<'_>, _)| {
                known.topic == made.topic
                    && known.tool == made.tool
                    && known.tenant_seen == made.tenant_seen
                    && known.operators.iter().eq(&made.operators)
            };
            match all.iter_mut().find(same) {
                Some(known) if known.1.as_ref().map(strength) < finding.as_ref().map(strength) => {
                    *known = (made, finding);
                }
                Some(_) => {}
                None => all.push((made, finding)),
            }
        }
        all.into_iter().map(|(made, _)| self.account_of(visit, made)).collect()
    }

    /// What the policy says of a tool by itself: recognised by what passes, at a server that is
    /// known by `operator`, or by nothing that shows.
    #[must_use]
    pub fn account_of_tool(&self, visit: &Visit, tool: &ToolId, operator: Option<&str>) -> Account {
        let finding_id = rule_id(model::Detection::Protocol, tool.as_str());
        let severity = Severity::new(crate::weights::OCTETS.severity);
        self.account_of(
            visit,
            Made {
                tool: Some(tool),
                role: None,
                topic: Topic::Tool,
                operators: operator.into_iter().collect(),
                common: false,
                tenant_seen: operator.is_some(),
                alert: Some((finding_id, severity)),
            },
        )
    }

    /// The tools whose rules name this operator, in the order of the rules: a server that no list
    /// knows shows its tool by what passes.
    #[must_use]
    pub fn tools_of_operator(&self, operator: &str) -> Vec<ToolId> {
        let mut tools: Vec<ToolId> = Vec::new();
        for rule in &self.rules {
            let named = rule.operators.iter().any(|pattern| pattern.fits(operator));
            if let Some(tool) = rule.tool.as_ref().filter(|tool| named && !tools.contains(tool)) {
                tools.push(tool.clone());
            }
        }
        tools
    }

    fn account_of(&self, visit: &Visit, made: Made<'_>) -> Account {
        let zone = self.zone_of(visit.host, visit.vlan).cloned();
        let asked = Use {
            tool: made.tool,
            lure: made.topic == Topic::Lure,
            operators: &made.operators,
            common: made.common,
            tenant_seen: made.tenant_seen,
            zone: zone.as_deref(),
            peer: visit.peer,
            at: Some(visit.at),
        };
        let (outcome, rules) = self.account(&asked);
        let operators = if made.tenant_seen { made.operators } else { Vec::new() };
        Account {
            topic: made.topic,
            tool: made.tool.cloned(),
            role: made.role,
            operators: operators.into_iter().map(Arc::from).collect(),
            common: made.common,
            inside: self.zones.inside(visit.host),
            zone,
            alert: made.alert,
            outcome,
            rules,
        }
    }

    /// What comes of a use, and every rule held against it.
    pub(crate) fn account(&self, made: &Use<'_>) -> (Outcome, Vec<RuleAccount>) {
        let outcome = match self.rule_on(made) {
            Ruling::Allowed(rule) => Outcome::Allowed(rule),
            Ruling::Suppressed(rule) => Outcome::Suppressed(rule),
            Ruling::Denied(denial) => Outcome::Denied(denial.why),
        };
        let mut held: Vec<(usize, &Rule, Vec<Aspect>)> = self
            .rules
            .iter()
            .enumerate()
            .map(|(place, rule)| (place, rule, rule.misfits(made)))
            .collect();
        held.sort_by_key(|(place, rule, misfits)| {
            let rank = misfits.is_empty().then(|| Reverse(rule.rank(*place, made)));
            (misfits.len(), misfits.first().copied(), rank, *place)
        });
        let best = held.first().filter(|(.., misfits)| misfits.is_empty());
        let best = best.map(|&(place, rule, _)| (place, rule));
        let rows = held.iter().map(|(place, rule, misfits)| {
            let decides = best.is_some_and(|(best, _)| best == *place);
            let looks = looks(rule, *place, made);
            let behind = best.filter(|_| misfits.is_empty() && !decides);
            RuleAccount {
                label: Arc::clone(&rule.label),
                owner: rule.owner.clone(),
                reason: rule.reason.clone(),
                place: told(&rule.place),
                lacks: misfits.iter().map(|one| (one.word(), lack(*one, rule, made))).collect(),
                decides,
                behind_at: behind.and_then(|(at, ahead)| {
                    let mine = rule.rank(*place, made);
                    ahead.rank(at, made).differs_at(&mine)
                }),
                looks,
            }
        });
        let rows = rows.collect();
        (outcome, rows)
    }
}

fn told(place: &Place) -> (Arc<str>, u32, u32) {
    (Arc::clone(&place.file), place.line, place.column)
}

impl<'a> Made<'a> {
    /// What a sign shows by itself.
    fn of(sign: &'a Match, finding: Option<Finding>) -> Made<'a> {
        let mut operators: Vec<&str> = vec![&sign.value];
        let (mut tool, mut role, mut vendor) = (None, None, false);
        let topic = match &sign.meaning {
            Meaning::Tool { tool: id, role: what, operator, .. } => {
                (tool, role) = (Some(id), Some(*what));
                vendor = *operator == Operator::Vendor;
                if let Operator::Named(name) = operator {
                    operators.push(name);
                }
                Topic::Tool
            }
            Meaning::Indicator { .. } => Topic::Indicator,
            Meaning::Lure(lure) => {
                operators.push(&lure.registrable);
                Topic::Lure
            }
        };
        operators.dedup();
        Made {
            tool,
            role,
            topic,
            operators,
            common: vendor && finding.is_some() && !is_session(finding),
            tenant_seen: !vendor,
            alert: finding.map(|finding| {
                (rule_id(finding.weight.detection, &rule_word_of(sign)), finding.severity)
            }),
        }
    }
}
