//! The flow table: who is talking to whom, in memory that is taken once.

mod key;
mod row;
mod table;
mod wheel;

pub(crate) use key::{HashKey, Key};
pub(crate) use row::{Each, Meta, Row, Way};
pub(crate) use table::{Entry, Place, Slot, Table};
pub(crate) use wheel::Wheel;
