//! `rmm.lure`: what a name pretends, and every step of how that was found.

use model::Lure;
use serde::Serialize;

/// `rmm.lure`.
#[derive(Serialize)]
pub(super) struct Pretence<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand_name: Option<&'a str>,
    method: &'static str,
    distance: u8,
    score: f64,
    registrable: &'a str,
    steps: &'a [String],
}

impl<'a> Pretence<'a> {
    pub(super) fn new(lure: &'a Lure) -> Pretence<'a> {
        Pretence {
            kind: lure.kind.word(),
            brand: lure.brand.as_ref().map(|(id, _)| &**id),
            brand_name: lure.brand.as_ref().map(|(_, name)| &**name),
            method: lure.method,
            distance: lure.distance,
            score: f64::from(lure.score.min(100)) / 100.0,
            registrable: &lure.registrable,
            steps: &lure.steps,
        }
    }
}
