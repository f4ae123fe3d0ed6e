//! What the policy says of a use, and if it says no, which rule came nearest.

use std::net::IpAddr;
use std::sync::Arc;

use super::rule::{Aspect, Kind, Rule, Use};
use super::{Policy, page};

/// What the policy says of a use.
#[derive(Clone, Debug)]
pub(crate) enum Ruling {
    /// A rule allows it: no alert.
    Allowed(Arc<str>),
    /// No rule allows it, and one keeps quiet about it: no alert.
    Suppressed(Arc<str>),
    /// It is unauthorised.
    Denied(Denial),
}

/// Why no rule allows a use.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Denial {
    /// Whether a rule allows the tool there, under another operator.
    pub(crate) foreign: bool,
    /// A clause for people.
    pub(crate) why: Arc<str>,
}

impl Policy {
    /// What the policy says of a use: of all rules that fit, the one that looks most closely
    /// decides; of equals one that allows, then the one that was written first.
    pub(crate) fn rule_on(&self, made: &Use<'_>) -> Ruling {
        let fitting = self.rules_for(made).filter(|(_, rule)| rule.misfits(made).is_empty());
        let best =
            fitting.max_by_key(|&(place, rule)| rule.rank(place, made)).map(|(_, rule)| rule);
        match best {
            Some(rule) if rule.kind == Kind::Allow => Ruling::Allowed(Arc::clone(&rule.label)),
            Some(rule) => Ruling::Suppressed(Arc::clone(&rule.label)),
            None => Ruling::Denied(self.why_not(made)),
        }
    }

    /// The rules that name the use's tool, and those that name none; of a name that lies all.
    fn rules_for<'a>(&'a self, made: &Use<'_>) -> impl Iterator<Item = (usize, &'a Rule)> {
        let own = made.tool.and_then(|tool| self.by_tool.get(&Some(tool.clone())));
        let any = self.by_tool.get(&None);
        let all = self.by_tool.iter().filter(|(tool, _)| made.lure && tool.is_some());
        let places = own.into_iter().flatten().chain(any.into_iter().flatten());
        let places = places.chain(all.flat_map(|(_, places)| places));
        places.filter_map(|&place| self.rules.get(place).map(|rule| (place, rule)))
    }

    /// Why no rule allows it: the rule that lacks one thing only, else none at all.
    fn why_not(&self, made: &Use<'_>) -> Denial {
        let mut near: Option<(Aspect, &Rule)> = None;
        for (_, rule) in self.rules_for(made).filter(|(_, rule)| rule.kind == Kind::Allow) {
            if let [aspect] = *rule.misfits(made).as_slice()
                && near.is_none_or(|(nearer, _)| aspect < nearer)
            {
                near = Some((aspect, rule));
            }
        }
        let foreign = near.is_some_and(|(near, rule)| {
            near == Aspect::Operator && made.tenant_seen && !is_nameless(made, rule)
        });
        let why = match near {
            Some((aspect, rule)) => miss(aspect, rule, made).into(),
            None => "no rule of the policy allows it".into(),
        };
        Denial { foreign, why }
    }
}

/// Whether a rule knows its operators by name, and the server shows none: its lookup may be what
/// was missed.
fn is_nameless(made: &Use<'_>, rule: &Rule) -> bool {
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    let shown = made.operators.iter().all(|operator| is_address(operator));
    made.tenant_seen && shown && rule.operators.iter().all(|one| !is_address(&one.to_string()))
}

/// What the one thing is that a rule lacks.
fn miss(aspect: Aspect, rule: &Rule, made: &Use<'_>) -> String {
    let owner = rule.owner.as_ref().map(|owner| format!(" of {owner}")).unwrap_or_default();
    let label = format!("{}{owner}", rule.label);
    let join = |words: Vec<String>| words.join(" or ");
    match aspect {
        Aspect::Operator => {
            let operators = join(rule.operators.iter().map(ToString::to_string).collect());
            if is_nameless(made, rule) {
                format!(
                    "{label} allows it for {operators} only, and the server shows no name to know \
                     it by"
                )
            } else if made.tenant_seen {
                format!("{label} allows it for {operators} only: their tool, not their tenant")
            } else {
                format!(
                    "{label} allows it for {operators} only, and whose tenant it is does not show"
                )
            }
        }
        Aspect::Until => {
            let until = rule.until.map(|until| until.to_string()).unwrap_or_default();
            format!("{label} ended with {until}")
        }
        Aspect::Hours => {
            let hours = rule.hours.as_ref().map_or("", |hours| &hours.text);
            format!("{label} allows it at {hours} only")
        }
        Aspect::Peer => {
            let peers = join(rule.peers.iter().map(ToString::to_string).collect());
            format!("{label} allows it with {peers} only")
        }
        Aspect::Zone => {
            let zones: Vec<&str> = rule.zones.iter().map(|zone| &**zone).collect();
            format!("{label} allows it in zone {} only", page::listed(&zones).replace('`', ""))
        }
        // The index gives no rule of another tool.
        Aspect::Tool => "no rule of the policy allows it".to_owned(),
    }
}
