//! Text in, an index out; observations in, matches out.
//!
//! Catalogue, feeds, labels and gate are texts that the program reads from files. A
//! [`BookBuilder`] compiles them into a [`Book`], which says of an observation what it points to
//! and of a name why. It knows no packet, host or time, and not whether a thing is allowed here.

mod book;
mod builder;
mod catalogue;
mod day;
mod explain;
mod formats;
#[doc(hidden)]
pub mod fuzz;
mod gate;
mod glob;
mod index;
mod labels;
pub mod limits;
mod look_up;
mod lookalikes;
mod names;
mod naming;
mod networks;
mod pattern;
mod resolvers;
mod rows;
mod self_test;
mod sheet;
mod signature;
mod weigh;

pub use book::Book;
pub use builder::BookBuilder;
pub use explain::{Asked, Explanation, Tier};
pub use rows::{FeedInfo, FeedOptions, Hosting, Row, RowKind, Tool, specificity_word};
