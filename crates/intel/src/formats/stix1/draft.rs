//! Indicators, observables and objects whose end tag has not come yet.

use std::borrow::Cow;

use crate::day::Day;

use super::graph::{Graph, Indicator, Name, Node, Object, Observable, Relation, Run, What};
use super::leaf::Leaf;
use super::names::Family;
use super::place::Place;
use super::value::{Apply, Condition, Sort, Value};

/// Which part of its object a value is, where that decides whether it counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Side {
    /// The thing itself.
    #[default]
    Itself,
    /// The near end of a connection, which counts where no other is told.
    Source,
    /// Who an HTTP request asks.
    Host,
    /// The name that a DNS question asks for.
    Question,
    /// The name of a DNS record.
    Record,
    /// What a DNS record says.
    Answer,
    /// Not what the object is about.
    Off,
}

impl Side {
    /// What an element among properties says of the values in it.
    pub(super) fn of(kind: &str, local: &str) -> Option<Side> {
        Some(match (kind, local) {
            ("NetworkConnectionObject", "Source_Socket_Address")
            | ("NetworkFlowObject", "Src_Socket_Address" | "Source_Socket_Address")
            | ("NetworkSocketObject", "Local_Address") => Side::Source,
            ("HTTPSessionObject", "Host") => Side::Host,
            // Where the request came from, by way of what, and what came back.
            (
                "HTTPSessionObject",
                "Referer"
                | "From"
                | "Origin"
                | "X_Forwarded_For"
                | "X_Wap_Profile"
                | "Via"
                | "HTTP_Server_Response"
                | "HTTP_Provisional_Server_Response",
            ) => Side::Off,
            ("DNSQueryObject", "QName") => Side::Question,
            ("DNSRecordObject", "Domain_Name") => Side::Record,
            ("DNSRecordObject", "IP_Address") => Side::Answer,
            _ => return None,
        })
    }
}

#[derive(Debug)]
pub(super) struct IndicatorDraft<'a> {
    pub(super) id: Option<Name>,
    pub(super) same: Option<Name>,
    pub(super) title: Cow<'a, str>,
    pub(super) description: Cow<'a, str>,
    pub(super) confidence_pct: Option<u8>,
    /// Times of validity, how many of them end, and the latest end.
    pub(super) windows: u32,
    pub(super) ends: u32,
    pub(super) until: Option<Day>,
    pub(super) parts: Vec<Node>,
    pub(super) negated: bool,
    /// The indicators in it count only together.
    pub(super) together: bool,
    pub(super) place: Place,
}

impl<'a> IndicatorDraft<'a> {
    pub(super) fn new(place: Place) -> Self {
        IndicatorDraft {
            id: None,
            same: None,
            title: Cow::Borrowed(""),
            description: Cow::Borrowed(""),
            confidence_pct: None,
            windows: 0,
            ends: 0,
            until: None,
            parts: Vec::new(),
            negated: false,
            together: false,
            place,
        }
    }

    pub(super) fn close(mut self, claimed: bool, document: u32, graph: &mut Graph<'a>) {
        let node = u32::try_from(graph.indicators.len()).unwrap_or(u32::MAX);
        if let Some(name) = self.id {
            graph.indicator_of.define(document, name, node);
        }
        graph.indicators.push(Indicator {
            title: self.title,
            description: self.description,
            confidence_pct: self.confidence_pct,
            // A time that does not end makes the others' ends meaningless.
            until: self.until.filter(|_| self.ends >= self.windows),
            parts: Run::append(&mut graph.parts, &mut self.parts),
            negated: self.negated,
            claimed,
            place: self.place,
        });
    }
}

#[derive(Debug)]
pub(super) struct ObservableDraft<'a> {
    pub(super) id: Option<Name>,
    pub(super) same: Option<Name>,
    pub(super) note: Cow<'a, str>,
    pub(super) object: Option<Node>,
    pub(super) event: bool,
    /// The operator of its composition: whether it is AND.
    pub(super) operator: Option<bool>,
    pub(super) parts: Vec<Node>,
    pub(super) negated: bool,
    pub(super) place: Place,
}

impl<'a> ObservableDraft<'a> {
    pub(super) fn new(place: Place) -> Self {
        ObservableDraft {
            id: None,
            same: None,
            note: Cow::Borrowed(""),
            object: None,
            event: false,
            operator: None,
            parts: Vec::new(),
            negated: false,
            place,
        }
    }

    /// `owned`: an indicator or a composition holds it.
    pub(super) fn close(
        mut self,
        owned: bool,
        aside: bool,
        document: u32,
        graph: &mut Graph<'a>,
    ) -> Node {
        let what = match (self.same, self.operator, self.object) {
            (Some(name), ..) => What::Same(name),
            (_, Some(true), _) => What::All(Run::append(&mut graph.parts, &mut self.parts)),
            (_, Some(false), _) => What::Any(Run::append(&mut graph.parts, &mut self.parts)),
            (_, _, Some(object)) => What::Object(object),
            _ if self.event => What::Event,
            _ => What::Nothing,
        };
        let node = u32::try_from(graph.observables.len()).unwrap_or(u32::MAX);
        if let Some(name) = self.id {
            graph.observable_of.define(document, name, node);
        }
        graph.observables.push(Observable {
            what,
            note: self.note,
            document,
            free: !owned && !aside,
            aside,
            negated: self.negated,
            claimed: false,
            done: false,
            place: self.place,
        });
        node
    }
}

#[derive(Debug)]
pub(super) struct ObjectDraft<'a> {
    pub(super) id: Option<Name>,
    pub(super) same: Option<Name>,
    pub(super) family: Option<Family>,
    pub(super) has_properties: bool,
    pub(super) values: Vec<(Side, Value<'a>)>,
    pub(super) related: Vec<Node>,
    pub(super) is_related: bool,
    pub(super) note: Cow<'a, str>,
    pub(super) relation: Relation,
    pub(super) unseen: u64,
    pub(super) hashes: u32,
    pub(super) ports: u32,
    pub(super) requested: Option<Cow<'a, str>>,
    pub(super) place: Place,
}

impl<'a> ObjectDraft<'a> {
    pub(super) fn new(place: Place) -> Self {
        ObjectDraft {
            id: None,
            same: None,
            family: None,
            has_properties: false,
            values: Vec::new(),
            related: Vec::new(),
            is_related: false,
            note: Cow::Borrowed(""),
            relation: Relation::default(),
            unseen: 0,
            hashes: 0,
            ports: 0,
            requested: None,
            place,
        }
    }

    /// A text that is no value by itself.
    pub(super) fn gathered(&mut self, leaf: Leaf, text: Cow<'a, str>, side: Side, place: Place) {
        let is_certificate = self.family == Some(Family::Certificate);
        match leaf {
            Leaf::Hash | Leaf::Fingerprint if is_certificate => {
                self.values.push((side, plain(text, Sort::Certificate, place)));
            }
            Leaf::Hash => {
                self.hashes = self.hashes.saturating_add(1);
                self.unseen = self.unseen.saturating_add(1);
            }
            Leaf::Port => self.ports = self.ports.saturating_add(1),
            Leaf::Requested => self.requested = Some(text),
            Leaf::Unseen => self.unseen = self.unseen.saturating_add(1),
            _ => {}
        }
    }

    /// A request is whole: who is asked and what for make a page.
    pub(super) fn close_request(&mut self) {
        let Some(requested) = self.requested.take() else { return };
        if requested.contains("://") {
            let place = self.place;
            self.values.push((Side::Host, plain(requested, Sort::Uri, place)));
            return;
        }
        let host = self.values.iter_mut().rev().find(|(side, _)| *side == Side::Host);
        // A path without a host is nobody's.
        let Some((_, host)) = host else {
            self.unseen = self.unseen.saturating_add(1);
            return;
        };
        let is_page = requested.starts_with('/') && requested.len() > 1;
        if is_page && host.condition == Condition::Equals && is_bare(&host.text) {
            host.text = Cow::Owned(format!("{}{requested}", host.text));
            host.sort = Sort::Uri;
        }
    }

    /// Its node, and how many of its values no wire shows.
    pub(super) fn close(mut self, document: u32, graph: &mut Graph<'a>) -> (Node, u64) {
        self.close_request();
        let is_port = self.ports > 0 && self.values.is_empty() && self.unseen == 0;
        let found = if self.family == Some(Family::Other) { 0 } else { self.values.len() };
        // Of keys, mutexes, mails, or a port or certificate without anything that passes.
        if self.has_properties && found == 0 && self.same.is_none() {
            self.unseen = self.unseen.max(1);
        }
        let mut values = if found == 0 { Vec::new() } else { counting(self.values) };
        if self.hashes > 0 {
            for value in &mut values {
                if let Sort::File { hashed } = &mut value.sort {
                    *hashed = true;
                }
            }
        }
        let node = u32::try_from(graph.objects.len()).unwrap_or(u32::MAX);
        if let Some(name) = self.id {
            graph.object_of.define(document, name, node);
        }
        graph.objects.push(Object {
            same: self.same,
            values: Run::append(&mut graph.values, &mut values),
            related: Run::append(&mut graph.related, &mut self.related),
            note: self.note,
            relation: self.relation,
            document,
            is_port,
            claimed: false,
            done: false,
            place: self.place,
        });
        (node, self.unseen)
    }
}

/// The values that say what the object is about.
fn counting(values: Vec<(Side, Value<'_>)>) -> Vec<Value<'_>> {
    let has = |wanted: &[Side]| values.iter().any(|(side, _)| wanted.contains(side));
    let question = has(&[Side::Question]);
    let record = question || has(&[Side::Record]);
    let other = has(&[Side::Itself, Side::Host, Side::Question, Side::Record]);
    let counts = |side: Side| match side {
        Side::Off => false,
        Side::Source => !other,
        Side::Record => !question,
        Side::Answer => !record,
        Side::Itself | Side::Host | Side::Question => true,
    };
    values.into_iter().filter(|(side, _)| counts(*side)).map(|(_, value)| value).collect()
}

fn plain(text: Cow<'_, str>, sort: Sort, place: Place) -> Value<'_> {
    let (condition, apply) = (Condition::default(), Apply::default());
    Value { text, sort, condition, apply, delimiter: None, place }
}

fn is_bare(host: &str) -> bool {
    !host.contains(['/', '#']) && host.len() <= 1024
}
