//! The chain: stages of one incident on one host, from the lure to the session.
//!
//! A host's *trail* holds what might become stages; two different ones, one of them strong, make
//! an *incident*, which is told as one alert and tells the stories that are its stages.

mod downloads;
mod incident;
mod joining;
mod notice;
mod step;
mod sum;
mod trail;
mod trails;

pub(crate) use incident::{octets, spell};
pub(crate) use trails::Trails;
