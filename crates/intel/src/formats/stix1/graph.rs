//! What was read, before anything refers to anything: indicators, observables and objects, each
//! with the names it refers to. Definitions may come after their uses.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::day::Day;
use crate::limits::{STIX1_NAMES_MAX, STIX1_NODES_MAX};

use super::place::Place;
use super::value::Value;

/// The number of an `id`.
pub(super) type Name = u32;

/// A number of something in one of the lists below.
pub(super) type Node = u32;

/// An `indicator:Indicator`.
#[derive(Debug)]
pub(super) struct Indicator<'a> {
    pub(super) title: Cow<'a, str>,
    pub(super) description: Cow<'a, str>,
    pub(super) confidence_pct: Option<u8>,
    pub(super) until: Option<Day>,
    /// Its observables.
    pub(super) parts: Run,
    /// It is about what is not there.
    pub(super) negated: bool,
    /// It counts only together with others.
    pub(super) claimed: bool,
    pub(super) place: Place,
}

/// A `cybox:Observable`.
#[derive(Debug)]
pub(super) struct Observable<'a> {
    pub(super) what: What,
    pub(super) note: Cow<'a, str>,
    /// Its document: an `idref` means the definition of its own document first.
    pub(super) document: u32,
    /// It stands where observables are listed, not inside something that says what it means.
    pub(super) free: bool,
    /// It stands among sightings, victims or measures.
    pub(super) aside: bool,
    pub(super) negated: bool,
    pub(super) claimed: bool,
    pub(super) done: bool,
    pub(super) place: Place,
}

/// What an observable holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    Nothing,
    /// Something that happened, e.g. a process that was started.
    Event,
    Object(Node),
    /// It is defined elsewhere.
    Same(Name),
    /// A composition: any of its parts, or all of them together.
    Any(Run),
    All(Run),
}

/// A `cybox:Object` or `cybox:Related_Object`.
#[derive(Debug)]
pub(super) struct Object<'a> {
    /// It is defined elsewhere.
    pub(super) same: Option<Name>,
    pub(super) values: Run,
    pub(super) related: Run,
    pub(super) note: Cow<'a, str>,
    /// How the object that it stands in is related to it.
    pub(super) relation: Relation,
    pub(super) document: u32,
    /// It is a port and nothing more.
    pub(super) is_port: bool,
    pub(super) claimed: bool,
    pub(super) done: bool,
    pub(super) place: Place,
}

/// How an object is related to another (CybOX's `ObjectRelationshipVocab`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Relation {
    #[default]
    Related,
    ResolvedTo,
    ConnectedTo,
    DownloadedFrom,
    /// The related object is the parent domain, which says nothing of itself.
    SubDomainOf,
}

impl Relation {
    pub(super) fn of(word: &str) -> Relation {
        match word.trim() {
            "Resolved_To" => Relation::ResolvedTo,
            "Connected_To" => Relation::ConnectedTo,
            "Downloaded_From" => Relation::DownloadedFrom,
            "Sub-domain_Of" => Relation::SubDomainOf,
            _ => Relation::Related,
        }
    }

    /// The end of a description.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Relation::Related | Relation::SubDomainOf => "related to it",
            Relation::ResolvedTo => "it resolved to this",
            Relation::ConnectedTo => "it connected to this",
            Relation::DownloadedFrom => "it was downloaded from this",
        }
    }
}

/// A run of entries in one of the lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Run {
    first: u32,
    count: u32,
}

impl Run {
    /// Append entries to a list.
    pub(super) fn append<T>(list: &mut Vec<T>, entries: &mut Vec<T>) -> Run {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let run = Run { first: number(list.len()), count: number(entries.len()) };
        list.append(entries);
        run
    }

    pub(super) fn of<T>(self, list: &[T]) -> &[T] {
        let first = self.first as usize;
        list.get(first..first.saturating_add(self.count as usize)).unwrap_or_default()
    }

    pub(super) const fn is_empty(self) -> bool {
        self.count == 0
    }
}

/// Which node defines a name.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    /// By document and name; by `u32::MAX` and name for the first of all documents.
    nodes: HashMap<(u32, Name), Node>,
}

impl Definitions {
    const ANYWHERE: u32 = u32::MAX;

    /// The first definition counts; a further one stands for itself.
    pub(super) fn define(&mut self, document: u32, name: Name, node: Node) {
        self.nodes.entry((document, name)).or_insert(node);
        self.nodes.entry((Definitions::ANYWHERE, name)).or_insert(node);
    }

    /// The definition that a name means in a document.
    pub(super) fn find(&self, document: u32, name: Name) -> Option<Node> {
        let here = self.nodes.get(&(document, name));
        here.or_else(|| self.nodes.get(&(Definitions::ANYWHERE, name))).copied()
    }
}

/// Everything that was read.
#[derive(Debug, Default)]
pub(super) struct Graph<'a> {
    names: HashMap<Cow<'a, str>, Name>,
    /// Indicators, observables, objects and values so far, also those of tags that are open.
    pub(super) kept: usize,
    pub(super) indicators: Vec<Indicator<'a>>,
    pub(super) observables: Vec<Observable<'a>>,
    pub(super) objects: Vec<Object<'a>>,
    pub(super) values: Vec<Value<'a>>,
    /// Observables of indicators and compositions, in runs.
    pub(super) parts: Vec<Node>,
    /// Related objects, in runs.
    pub(super) related: Vec<Node>,
    pub(super) indicator_of: Definitions,
    pub(super) observable_of: Definitions,
    pub(super) object_of: Definitions,
    /// References that make what they mean no indicator by itself.
    pub(super) claims: Vec<(u32, Claim)>,
}

/// A reference by which something is no indicator by itself, but as what refers to it says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Claim {
    Indicator(Name),
    Observable(Name),
    Object(Name),
}

impl<'a> Graph<'a> {
    /// The number of an `id`.
    pub(super) fn name(&mut self, id: Cow<'a, str>) -> Name {
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        *self.names.entry(id).or_insert(next)
    }

    /// Whether a bound is reached, so that nothing more is remembered.
    pub(super) fn is_full(&self) -> bool {
        self.kept >= STIX1_NODES_MAX || self.names.len() >= STIX1_NAMES_MAX
    }

    /// Whether an observable is nothing but a port, by itself or by reference.
    pub(super) fn is_port(&self, node: Node) -> bool {
        let Some(observable) = self.observables.get(node as usize) else { return false };
        let what = match observable.what {
            What::Same(name) => self
                .observable_of
                .find(observable.document, name)
                .and_then(|node| self.observables.get(node as usize))
                .map_or(What::Nothing, |other| other.what),
            what => what,
        };
        let What::Object(object) = what else { return false };
        let Some(object) = self.objects.get(object as usize) else { return false };
        let same = object.same.and_then(|name| self.object_of.find(object.document, name));
        let same = same.and_then(|node| self.objects.get(node as usize));
        object.is_port || same.is_some_and(|object| object.is_port)
    }
}
