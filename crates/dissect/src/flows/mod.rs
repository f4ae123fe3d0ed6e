//! The flow table: who is talking to whom, in memory that is bounded.

mod hash;
mod row;
mod rows;
mod table;
mod wheel;

pub(crate) use hash::HashKey;
pub(crate) use row::{Meta, Row};
pub(crate) use table::{Entry, Place, Slot, Table};
pub(crate) use wheel::Wheel;
