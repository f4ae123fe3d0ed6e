//! What is remembered of the past, within bounds.

mod firsts;
mod flows;
mod identities;
mod lures;
mod memo;
mod names;
mod pairs;
mod pieces;
mod prints;
mod questions;
mod recent;
mod recognised;
mod sightings;

pub(crate) use firsts::{Firsts, Known, ToolKnown};
pub(crate) use flows::{Carried, Claim, Flows, Rank};
pub use identities::KnownHost;
pub(crate) use identities::{Host, Identities, Interface};
pub(crate) use lures::{Familiarity, Lures};
pub(crate) use memo::Owners;
pub(crate) use names::{Lent, Names};
pub(crate) use pairs::Pairs;
pub(crate) use prints::Prints;
pub(crate) use questions::Questions;
pub(crate) use recent::Recent;
pub(crate) use recognised::Recognised;
pub(crate) use sightings::{Seen, Sightings};
