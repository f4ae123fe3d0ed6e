//! `rmm.lure`: what a name pretends, and every step of how that was found.

use crate::json::{Word, fields};
use model::Lure;

/// `rmm.lure`.
pub(super) struct Pretence<'a> {
    kind: Word,
    brand: Option<&'a str>,
    brand_name: Option<&'a str>,
    method: Word,
    distance: u8,
    score: f64,
    registrable: &'a str,
    steps: &'a [String],
}

fields!(Pretence<'_>: kind, ?brand, ?brand_name, method, distance, score, registrable, steps);

impl<'a> Pretence<'a> {
    pub(super) fn new(lure: &'a Lure) -> Pretence<'a> {
        Pretence {
            kind: Word(lure.kind.word()),
            brand: lure.brand.as_ref().map(|(id, _)| &**id),
            brand_name: lure.brand.as_ref().map(|(_, name)| &**name),
            method: Word(lure.method),
            distance: lure.distance,
            score: f64::from(lure.score.min(100)) / 100.0,
            registrable: &lure.registrable,
            steps: &lure.steps,
        }
    }
}
