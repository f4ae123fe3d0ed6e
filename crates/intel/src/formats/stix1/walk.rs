//! From what is listed to what can be found: every observable and object is met once.

use std::borrow::Cow;

use crate::day::Day;
use crate::limits::{CONFIDENCE_FEED_PCT, CONFIDENCE_PART_PCT};
use crate::sheet::Complaints;

use super::super::frame::{Listed, Out};
use super::graph::{Claim, Graph, Node, Relation, What};
use super::head::{cut, one_line};
use super::place::Place;
use super::reading::Reading;
use super::tally::{Reason, Tally};
use super::value::{Made, Sort, Value};

/// Octets of a title or a description that are passed on.
const NOTE_BYTES_MAX: usize = 500;

/// What an indicator says of all that belongs to it.
#[derive(Default)]
struct Say {
    note: String,
    confidence_pct: Option<u8>,
    until: Option<Day>,
    /// Each of it counts only together with others.
    joint: bool,
}

/// What is still to be looked at.
#[derive(Clone, Copy)]
enum Step {
    Observable(Node),
    /// An object, how it belongs to the one before, and the observable that it is of.
    Object {
        node: Node,
        relation: Option<Relation>,
        of: Node,
    },
}

/// Observables that count only together with others, and the indicator that says so.
type Joint = (Node, Option<usize>);

struct Walk<'w, 'g, 'c, 'o> {
    graph: &'w mut Graph<'g>,
    tally: &'w mut Tally,
    unseen: &'w mut u64,
    complaints: &'w mut Complaints<'c>,
    out: Out<'o>,
    joint: Vec<Joint>,
}

/// Give every indicator: first what indicators speak of, then what is merely listed, then what
/// counts only together with something else.
pub(super) fn walk(reading: &mut Reading<'_>, complaints: &mut Complaints<'_>, out: Out<'_>) {
    let Reading { graph, tally, unseen, .. } = reading;
    claim(graph);
    let mut walk = Walk { graph, tally, unseen, complaints, out, joint: Vec::new() };
    if walk.indicators() && walk.listed() {
        walk.joint();
    }
    for observable in &graph.observables {
        let dropped = observable.aside && !observable.done && !observable.claimed;
        if dropped && matches!(observable.what, What::Object(_) | What::Any(_) | What::All(_)) {
            tally.add(Reason::Aside, observable.place);
        }
    }
}

/// What something else speaks of is no indicator by itself.
fn claim(graph: &mut Graph<'_>) {
    for (document, claim) in std::mem::take(&mut graph.claims) {
        match claim {
            Claim::Indicator(name) => {
                let node = graph.indicator_of.find(document, name);
                let found = node.and_then(|node| graph.indicators.get_mut(node as usize));
                found.into_iter().for_each(|found| found.claimed = true);
            }
            Claim::Observable(name) => {
                let node = graph.observable_of.find(document, name);
                let found = node.and_then(|node| graph.observables.get_mut(node as usize));
                found.into_iter().for_each(|found| found.claimed = true);
            }
            Claim::Object(name) => {
                let node = graph.object_of.find(document, name);
                let found = node.and_then(|node| graph.objects.get_mut(node as usize));
                found.into_iter().for_each(|found| found.claimed = true);
            }
        }
    }
}

impl Walk<'_, '_, '_, '_> {
    fn indicators(&mut self) -> bool {
        for number in 0..self.graph.indicators.len() {
            let Some(indicator) = self.graph.indicators.get(number) else { break };
            if indicator.negated {
                self.tally.add(Reason::Negated, indicator.place);
                continue;
            }
            let parts = indicator.parts.of(&self.graph.parts).to_vec();
            if indicator.claimed {
                self.joint.extend(parts.into_iter().map(|part| (part, Some(number))));
                continue;
            }
            let say = self.say(Some(number), false);
            for part in parts {
                if !self.from(part, Some(number), &say) {
                    return false;
                }
            }
        }
        true
    }

    /// What an indicator says; nothing where there is none.
    fn say(&self, indicator: Option<usize>, joint: bool) -> Say {
        let indicator = indicator.and_then(|number| self.graph.indicators.get(number));
        indicator.map_or(Say { joint, ..Say::default() }, |indicator| Say {
            note: said(&indicator.title, &indicator.description),
            confidence_pct: indicator.confidence_pct,
            until: indicator.until,
            joint,
        })
    }

    /// Parts of compositions, which may hold further ones.
    fn joint(&mut self) {
        while let Some((node, indicator)) = self.joint.pop() {
            let say = self.say(indicator, true);
            if !self.from(node, indicator, &say) {
                break;
            }
        }
    }

    fn listed(&mut self) -> bool {
        let say = Say::default();
        for number in 0..self.graph.observables.len() {
            let Some(observable) = self.graph.observables.get(number) else { break };
            let object = match observable.what {
                What::Object(node) => self.graph.objects.get(node as usize),
                _ => None,
            };
            let claimed = observable.claimed || object.is_some_and(|object| object.claimed);
            let node = u32::try_from(number).unwrap_or(u32::MAX);
            if observable.free && !claimed && !self.from(node, None, &say) {
                return false;
            }
        }
        true
    }

    /// An observable and all that it leads to.
    fn from(&mut self, observable: Node, indicator: Option<usize>, say: &Say) -> bool {
        let mut steps = vec![Step::Observable(observable)];
        while let Some(step) = steps.pop() {
            let goes_on = match step {
                Step::Observable(node) => {
                    self.observable(node, indicator, &mut steps);
                    true
                }
                Step::Object { node, relation, of } => {
                    self.object(node, relation, of, say, &mut steps)
                }
            };
            if !goes_on {
                return false;
            }
        }
        true
    }

    fn observable(&mut self, node: Node, indicator: Option<usize>, steps: &mut Vec<Step>) {
        let Some(observable) = self.graph.observables.get_mut(node as usize) else { return };
        if std::mem::replace(&mut observable.done, true) {
            return;
        }
        let (what, document, place) = (observable.what, observable.document, observable.place);
        if observable.negated {
            return self.tally.add(Reason::Negated, place);
        }
        match what {
            What::Nothing => {}
            What::Event => self.tally.add(Reason::Event, place),
            What::Object(object) => {
                steps.push(Step::Object { node: object, relation: None, of: node });
            }
            What::Same(name) => match self.graph.observable_of.find(document, name) {
                Some(node) => steps.push(Step::Observable(node)),
                None => self.tally.add(Reason::Missing, place),
            },
            What::Any(run) => {
                let parts = run.of(&self.graph.parts);
                steps.extend(parts.iter().rev().map(|part| Step::Observable(*part)));
            }
            What::All(run) => {
                let parts = run.of(&self.graph.parts);
                // An address and a port are one thing, as in a socket's address.
                let mut rest = parts.iter().filter(|part| !self.graph.is_port(**part));
                match (rest.next(), rest.next()) {
                    (Some(only), None) => steps.push(Step::Observable(*only)),
                    (None, _) => {}
                    _ => self.joint.extend(parts.iter().rev().map(|part| (*part, indicator))),
                }
            }
        }
    }

    fn object(
        &mut self,
        node: Node,
        relation: Option<Relation>,
        of: Node,
        say: &Say,
        steps: &mut Vec<Step>,
    ) -> bool {
        let Some(object) = self.graph.objects.get_mut(node as usize) else { return true };
        if relation == Some(Relation::SubDomainOf) || std::mem::replace(&mut object.done, true) {
            return true;
        }
        let (same, values, related) = (object.same, object.values, object.related);
        let (document, place) = (object.document, object.place);
        if let Some(name) = same {
            match self.graph.object_of.find(document, name) {
                Some(node) => steps.push(Step::Object { node, relation, of }),
                None => self.tally.add(Reason::Missing, place),
            }
        }
        for node in related.of(&self.graph.related).iter().rev() {
            let relation = self.graph.objects.get(*node as usize).map(|object| object.relation);
            steps.push(Step::Object { node: *node, relation, of });
        }
        if values.is_empty() {
            return true;
        }
        let note = self.note(node, relation, of, say);
        for value in values.of(&self.graph.values) {
            if !give(value, &note, say, self.tally, self.unseen, self.complaints, self.out) {
                return false;
            }
        }
        true
    }

    /// What is said of an object: by its indicator, its observable, or itself.
    fn note(&self, node: Node, relation: Option<Relation>, of: Node, say: &Say) -> String {
        let mut note = say.note.clone();
        if note.is_empty() {
            let observable = self.graph.observables.get(of as usize);
            note = one_line(observable.map_or("", |of| cut(&of.note, NOTE_BYTES_MAX)));
        }
        if note.is_empty() {
            let object = self.graph.objects.get(node as usize);
            note = one_line(object.map_or("", |object| cut(&object.note, NOTE_BYTES_MAX)));
        }
        if let (Some(relation), false) = (relation, note.is_empty()) {
            note.push_str(&format!(" ({})", relation.word()));
        }
        note
    }
}

#[allow(clippy::too_many_arguments, reason = "the parts of a walk, while its graph is lent")]
fn give(
    value: &Value<'_>,
    note: &str,
    say: &Say,
    tally: &mut Tally,
    unseen: &mut u64,
    complaints: &mut Complaints<'_>,
    out: Out<'_>,
) -> bool {
    let Place { line, column } = value.place;
    // A name that stands beside a hash is meant for that file alone.
    let joint = say.joint || value.is_joint() || value.sort == Sort::File { hashed: true };
    let confidence_pct = if joint {
        Some(say.confidence_pct.unwrap_or(CONFIDENCE_FEED_PCT).min(CONFIDENCE_PART_PCT))
    } else {
        say.confidence_pct
    };
    value.make(&mut |made| {
        match made {
            Made::Subject(subject) => {
                return out(Listed {
                    subject,
                    exact: false,
                    stage: None,
                    description: Cow::Borrowed(note),
                    confidence_pct,
                    until: say.until,
                    line,
                });
            }
            Made::Unseen => *unseen = unseen.saturating_add(1),
            Made::Negated => tally.add(Reason::Negated, value.place),
            Made::Wrong(why, fix) => complaints.placed(line, column, why, fix),
        }
        true
    })
}

/// Title and description in one, without saying the same twice.
fn said(title: &str, description: &str) -> String {
    let (title, description) = (cut(title, NOTE_BYTES_MAX), cut(description, NOTE_BYTES_MAX));
    if title.is_empty() || description.starts_with(title) {
        return one_line(description);
    }
    if description.is_empty() {
        return one_line(title);
    }
    one_line(cut(&format!("{title}: {description}"), NOTE_BYTES_MAX))
}
