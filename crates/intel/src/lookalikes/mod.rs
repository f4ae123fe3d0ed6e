//! Whether a name imitates a brand, or speaks like a help desk.
//!
//! docs/lookalikes.md tells the way of a name through these files: `view` reads it as ASCII whatever
//! its script, `spans` finds brands in it, `words` takes its label apart, `score` says what that
//! amounts to, `grammar` knows the shapes of help desks, `judge` leads through all of them.

mod brand;
mod build;
mod cost;
mod grammar;
mod judge;
mod name;
mod near;
mod score;
mod spans;
mod variants;
mod view;
mod vocabulary;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use model::{Complaint, Lure, LureKind};

use crate::naming;
use brand::Brand;
pub(crate) use build::Builder;
use judge::Trace;
use spans::Spans;
use view::Folds;
use vocabulary::Vocabulary;
use words::Words;

/// Everything that a name is compared with.
#[derive(Debug, Default)]
pub(crate) struct LookAlikes {
    brands: Vec<Brand>,
    vocabulary: Vocabulary,
    folds: Folds,
    spans: Spans,
    words: Words,
    /// Names that brands own, and which brand does.
    owned: HashMap<Box<str>, u16, RandomState>,
    /// What brands of the user's own cost.
    notes: Vec<Complaint>,
}

impl LookAlikes {
    /// Whether a brand says that this name is its own.
    pub(crate) fn owns(&self, name: &str) -> bool {
        self.owned.contains_key(name)
    }

    /// Whether a name lies, in the wire's spelling: lower case, A-labels, no trailing dot.
    pub(crate) fn judge(&self, name: &str) -> Option<Lure> {
        let found = self.examine(name, None, &mut Trace(None))?;
        let alert = match found.kind {
            LureKind::Imitation => score::ALERT,
            LureKind::Lure => grammar::ALERT,
        };
        let mut steps = Vec::new();
        self.examine(name, Some(&found), &mut Trace(Some(&mut steps)));
        let brand = found.brand.and_then(|number| self.brands.get(usize::from(number)));
        Some(Lure {
            kind: found.kind,
            brand: brand.map(|brand| (brand.id.clone(), brand.name.clone())),
            method: found.method,
            distance: found.distance,
            score: found.score,
            stands_alone: found.score >= alert,
            registrable: naming::registrable(name).unwrap_or(name).into(),
            steps,
        })
    }

    /// Every step of the judgement, for people.
    pub(crate) fn explain(&self, name: &str, steps: &mut Vec<String>) {
        self.examine(name, None, &mut Trace(Some(steps)));
    }

    /// The day on which what judged was checked: the brand's, else the vocabulary's.
    pub(crate) fn version(&self, lure: &Lure) -> Arc<str> {
        let of = |id: &Arc<str>| self.brands.iter().find(|brand| brand.id == *id);
        let brand = lure.brand.as_ref().and_then(|(id, _)| of(id));
        brand.map_or(&self.vocabulary.version, |brand| &brand.version).clone()
    }

    /// Warnings about brands that are short or common: no mistakes, but they cost alerts.
    pub(crate) fn notes(&self) -> &[Complaint] {
        &self.notes
    }

    /// How many brands there are.
    pub(crate) fn brands(&self) -> usize {
        self.brands.len()
    }
}
