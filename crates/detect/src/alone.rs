//! What a name or an address amounts to by itself, before any host has touched it.

use std::sync::Arc;

use model::{Direction, Match, Meaning, Operator, Severity, Timestamp, ToolId};

use crate::detector::Detector;
use crate::judgement::is_session;
use crate::policy::{Denial, Policy, Ruling, Use};
use crate::rules::{Finding, Sight, judge, strength};
use crate::stories::{rule_id, rule_word_of};

/// Whether the name alone, asked for by some host inside that lies in no zone, would make an
/// alert; see [`Detector::alone`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Alone {
    /// It makes an alert record.
    Alert {
        /// The alert's `rule.id`.
        rule_id: Arc<str>,
        /// The alert's severity.
        severity: Severity,
        /// Why the policy does not allow it; empty where it has no say.
        why: Arc<str>,
    },
    /// It is noted in observations and the report.
    Log {
        /// The rule that allows it or keeps quiet; `None` when it is no use in the first place.
        rule: Option<Arc<str>>,
    },
    /// Nothing is known of it.
    None,
}

impl Detector {
    /// What a name or an address amounts to by itself: `matches` are what intelligence knows of
    /// it. A rule with hours or an end does not count, since at some time it does not allow it.
    /// `at`: when it would be asked for, since entries of lists expire.
    #[must_use]
    pub fn alone(&self, matches: &[Match], at: Timestamp) -> Alone {
        self.policy.alone(matches, at)
    }
}

impl Policy {
    /// See [`Detector::alone`].
    #[must_use]
    pub fn alone(&self, matches: &[Match], at: Timestamp) -> Alone {
        let mut quiet = None;
        let mut worst: Option<(Finding, &Match, Arc<str>)> = None;
        for sign in matches {
            let direction = Direction::Outbound;
            let Some(finding) = judge(&Sight { sign, direction, at }) else { continue };
            match self.rule_on_alone(sign, finding) {
                Ruling::Allowed(rule) | Ruling::Suppressed(rule) => quiet = Some(rule),
                Ruling::Denied(denial) => {
                    let known = worst.as_ref().map(|(known, ..)| strength(known));
                    if known.is_none_or(|known| strength(&finding) > known) {
                        worst = Some((finding, sign, denial.why));
                    }
                }
            }
        }
        match worst {
            Some((finding, sign, why)) => Alone::Alert {
                rule_id: rule_id(finding.weight.detection, &rule_word_of(sign)),
                severity: finding.severity,
                why,
            },
            None if matches.is_empty() => Alone::None,
            None => Alone::Log { rule: quiet },
        }
    }

    fn rule_on_alone(&self, sign: &Match, finding: Finding) -> Ruling {
        let mut operators: Vec<&str> = vec![&sign.value];
        let tool = tool_of(sign);
        let mut vendor = false;
        if let Meaning::Tool { operator, .. } = &sign.meaning {
            vendor = *operator == Operator::Vendor;
            if let Operator::Named(name) = operator {
                operators.push(name);
            }
        }
        if let Meaning::Lure(lure) = &sign.meaning {
            operators.push(&lure.registrable);
        }
        let made = Use {
            tool,
            lure: matches!(sign.meaning, Meaning::Lure(_)),
            operators: &operators,
            common: vendor && !is_session(Some(finding)),
            tenant_seen: !vendor,
            zone: None,
            peer: None,
            at: None,
        };
        match self.rule_on(&made) {
            Ruling::Denied(_) if tool.is_none() => Ruling::Denied(Denial::default()),
            ruling => ruling,
        }
    }
}

fn tool_of(sign: &Match) -> Option<&ToolId> {
    match &sign.meaning {
        Meaning::Tool { tool, .. } => Some(tool),
        Meaning::Indicator { .. } | Meaning::Lure(_) => None,
    }
}
