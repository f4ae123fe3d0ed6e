//! A name looked up, for its own sake.

use serde::Deserialize;
use toml::Spanned;

use super::Scene;
use super::scene::Carrier;
use crate::cast::Fault;
use crate::dns::{Outcome, QueryType, check_name};

/// `kind = "lookup"`: questions to the resolver, and its answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lookup {
    client: Spanned<String>,
    name: Spanned<String>,
    #[serde(default = "addresses")]
    types: Vec<QueryType>,
    /// Who is asked, where it is not the scenario's resolver: a host or an address.
    ask: Option<Spanned<String>>,
    #[serde(default)]
    over: Carrier,
    /// The resolver says that there is no such name.
    #[serde(default)]
    missing: bool,
}

/// What a client asks who wants to connect.
pub(super) fn addresses() -> Vec<QueryType> {
    vec![QueryType::A, QueryType::Aaaa]
}

impl Lookup {
    pub(super) fn perform(&self, scene: &mut Scene<'_, '_>) -> Result<(), Fault> {
        check_name(self.name.get_ref()).map_err(|why| Fault::new(&self.name, why))?;
        let cast = scene.cast();
        let mut answers = Vec::new();
        for kind in &self.types {
            let (records, outcome) = match self.missing {
                true => (Vec::new(), Outcome::NoSuchName),
                false => cast.records(&self.name, *kind)?,
            };
            answers.push((*kind, records, outcome));
        }
        scene.ask(&self.client, self.ask.as_ref(), self.name.get_ref(), &answers, self.over)
    }
}
