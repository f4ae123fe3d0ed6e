//! Signs of one thing, told as one story: when it is first seen, when it grows, when it ends.

mod case;
mod story;
mod table;
mod telling;

pub(crate) use case::{Case, Spot};
pub(crate) use story::{Key, Story, Subject};
pub(crate) use table::{Due, Stories};
pub(crate) use telling::{alert_id, id_of, rule_id, rule_word_of};
