//! What a rule must be able to do: look at one sign and say what it amounts to.

use model::{
    Direction, Match, Meaning, Operator, Role, Severity, SignSource, Specificity, Timestamp,
};

use crate::weights::Weight;

/// One entry of the list of rules.
pub(crate) struct Rule {
    /// Its file's name.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests tell rules apart by it"))]
    pub(crate) name: &'static str,
    /// What a sign amounts to; nothing when the rule has no word on it.
    pub(crate) weigh: fn(&Sight<'_>) -> Option<Finding>,
}

/// A sign as rules see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight<'a> {
    pub(crate) sign: &'a Match,
    pub(crate) direction: Direction,
    /// Packet time: entries of lists expire.
    pub(crate) at: Timestamp,
}

/// What a sign amounts to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finding {
    pub(crate) weight: &'static Weight,
    pub(crate) severity: Severity,
    /// ATT&CK.
    pub(crate) techniques: &'static [&'static str],
    pub(crate) words: &'static Words,
}

/// How a finding is told. `{host}`, `{peer}`, `{tool}`, `{target}`, `{list}`, and of a name that
/// lies `{brand}` and `{method}`, are filled in.
#[derive(Debug)]
pub(crate) struct Words {
    /// The rule's name. The same for all findings of its detection; no host or domain in it.
    pub(crate) title: &'static str,
    /// Who did what, when a name was only asked for.
    pub(crate) asked: &'static str,
    /// Who did what, when a server was reached.
    pub(crate) reached: &'static str,
    /// What to do next.
    pub(crate) advice: &'static str,
}

impl Sight<'_> {
    /// The role and operator of a tool's sign.
    pub(crate) fn tool(&self) -> Option<(Role, &Operator)> {
        match &self.sign.meaning {
            Meaning::Tool { role, operator, .. } => Some((*role, operator)),
            Meaning::Indicator { .. } | Meaning::Lure(_) => None,
        }
    }

    /// Whether the sign may tell a story of its own.
    pub(crate) fn stands_alone(&self) -> bool {
        self.sign.specificity != Specificity::Generic
    }

    /// Whether nothing but the tool shows the sign.
    pub(crate) fn is_specific(&self) -> bool {
        self.sign.specificity == Specificity::Specific
    }

    /// Whether it is a question from outside. Who asks one of our name servers does not reach a
    /// host of ours with a tool.
    pub(crate) fn asked_from_outside(&self) -> bool {
        self.sign.source == SignSource::DnsQuestion && self.direction == Direction::Inbound
    }

    /// A finding of that weight, capped for a shared sign.
    pub(crate) fn finding(
        &self,
        weight: &'static Weight,
        techniques: &'static [&'static str],
        words: &'static Words,
    ) -> Finding {
        let severity = weight.severity(self.sign.specificity);
        Finding { weight, severity, techniques, words }
    }
}
